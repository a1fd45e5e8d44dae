import type { OUTSIDE_ORGANIZATIONS } from '../../src/graphql/sessions/outside.ts';
import { PASSWORD } from './world.ts';

const NEWCOMER = 'newcomer@personal.test';
const NEW_PASSWORD = 'seven green bottles on a wall';

/** One call of every mutation that belongs to no organization, which harms nobody; null for one that takes no input. */
export const PERSONAL_CALLS: Readonly<Record<keyof typeof OUTSIDE_ORGANIZATIONS, Record<string, unknown> | null>> = {
  register: { email: NEWCOMER, password: PASSWORD },
  verifyEmail: { token: 'tv_nobody', password: PASSWORD },
  resendVerification: { email: NEWCOMER },
  requestPasswordReset: { email: NEWCOMER },
  resetPassword: { token: 'tp_nobody', password: NEW_PASSWORD },
  signIn: { email: NEWCOMER, password: 'wrong' },
  refreshSession: { refreshToken: 'tr_nobody' },
  updateProfile: { name: 'Somebody' },
  revokeSession: { id: 'ses_01890a5d-ac96-774b-bcce-b302099a8057' },
  revokeOtherSessions: null,
  completeSignIn: { challengeToken: 'tc_nobody', proof: { code: '000000' } },
  stepUp: { proof: { password: PASSWORD } },
  enrolTotp: null,
  confirmTotp: { code: '000000' },
  regenerateRecoveryCodes: null,
  disableTotp: null,
  revokeLeakedKey: { secret: 'tk_nobody' },
  changePassword: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
  // Last: nothing of the session is left after it.
  signOut: null,
};
