/** The mutations about a person's second factor, and why each is in no organization's log. */
export const SECOND_FACTOR_OUTSIDE = {
  completeSignIn: 'It is the second step of signing in, which is in no organization.',
  stepUp: 'It is a proof for the session, which is in no organization; what is then done has its own event.',
  enrolTotp: 'A second factor belongs to the person: whose organizations it opens is nothing that any of them is told.',
  confirmTotp: 'As with the enrolment, it is of the person and of no organization.',
  disableTotp: 'It is of the person and of no organization; one that asks for a second factor has it refused.',
  regenerateRecoveryCodes: 'Recovery codes are of the person and of no organization.',
} as const;
