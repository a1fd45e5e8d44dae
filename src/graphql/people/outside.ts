/** The mutations on a person's own login identity, and why each is in no organization's log: see sessions/outside.ts. */
export const PEOPLE_OUTSIDE = {
  register: 'Somebody who may never belong to any organization registers; which one it will be nobody knows yet.',
  verifyEmail: 'The address is proved for the person, in no organization.',
  resendVerification: 'A mail is written to an address that belongs to no organization yet.',
  requestPasswordReset: 'A mail is written to the person. To write it into the logs of organizations would tell each of them of the others.',
  resetPassword: 'The password opens the installation, not an organization, and no organization keeps it.',
  changePassword: 'As for resetPassword.',
  updateProfile: 'What a person is called as a login identity is nothing an organization sees: it has a name of its own for each member.',
  revokeSession: 'A session belongs to the person and ends everywhere at once.',
  revokeOtherSessions: 'As for revokeSession.',
} as const;
