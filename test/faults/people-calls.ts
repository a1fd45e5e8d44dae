import { PASSWORD } from '../harness/world.ts';
import { type Calls, input } from './calls.ts';
import { ANOTHER_PASSWORD } from './prepared-people.ts';

/** What people do for themselves, in no organization. */
export const PEOPLE_CALLS: Calls = {
  register: input(() => ({ email: 'newcomer@people.test', name: 'Newcomer', password: PASSWORD }), 'nobody'),
  verifyEmail: input(({ people }) => ({ token: people.verificationToken, password: PASSWORD }), 'nobody'),
  resendVerification: input(({ people }) => ({ email: people.registeredEmail }), 'nobody'),
  requestPasswordReset: input(({ world }) => ({ email: world.email('viewer') }), 'nobody'),
  resetPassword: input(({ people }) => ({ token: people.resetToken, password: ANOTHER_PASSWORD }), 'nobody'),
  changePassword: input(() => ({ currentPassword: PASSWORD, newPassword: ANOTHER_PASSWORD }), 'session'),
  updateProfile: input(() => ({ name: 'Renamed' }), 'session'),
  signIn: input(({ world }) => ({ email: world.email('viewer'), password: PASSWORD }), 'nobody'),
  completeSignIn: input(({ people }) => ({ challengeToken: people.challengeToken, proof: { recoveryCode: people.recoveryCode } }), 'nobody'),
  stepUp: input(({ people }) => ({ proof: { recoveryCode: people.recoveryCode } }), 'guarded'),
  refreshSession: input(({ refreshToken }) => ({ refreshToken }), 'nobody'),
  signOut: { caller: 'session' },
  revokeSession: input(({ people }) => ({ id: people.otherSessionId }), 'session'),
  revokeOtherSessions: { caller: 'session' },
  enrolTotp: { caller: 'session' },
  confirmTotp: input(({ people }) => ({ code: people.firstCode }), 'enrolling'),
  regenerateRecoveryCodes: { caller: 'guarded' },
  disableTotp: { caller: 'guarded' },
};
