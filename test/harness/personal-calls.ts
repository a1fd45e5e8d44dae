import type { OUTSIDE_ORGANIZATIONS } from '../../src/graphql/sessions/outside.ts';

const challengeToken = `tc_${'a'.repeat(43)}`;
const token = 'a'.repeat(46);
const password = 'a password that nobody guesses';

/**
 * One call of every mutation that is in no organization, by somebody who has no second factor and sends nothing that is
 * right: what it answers then shows who is let that far. Null for those without arguments.
 */
export const PERSONAL_CALLS: Readonly<Record<keyof typeof OUTSIDE_ORGANIZATIONS, Record<string, unknown> | null>> = {
  signIn: { email: 'nobody@nowhere.test', password },
  refreshSession: { refreshToken: 'none' },
  register: { email: 'somebody@nowhere.test', password },
  verifyEmail: { token, password },
  resendVerification: { email: 'nobody@nowhere.test' },
  requestPasswordReset: { email: 'nobody@nowhere.test' },
  resetPassword: { token, password },
  changePassword: { currentPassword: 'wrong', newPassword: password },
  updateProfile: { name: 'Somebody' },
  revokeSession: { id: 'ses_00000000000000000000000000' },
  revokeOtherSessions: null,
  revokeLeakedKey: { secret: 'none' },
  completeSignIn: { challengeToken, proof: { code: '000000' } },
  stepUp: { proof: { password: 'wrong' } },
  enrolTotp: null,
  confirmTotp: { code: '000000' },
  disableTotp: null,
  regenerateRecoveryCodes: null,
  signOut: null,
};
