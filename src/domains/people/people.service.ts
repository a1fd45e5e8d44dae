import type { Origin } from '../../kernel/origin.ts';
import type { IssuedSession, PendingSignIn } from '../auth/index.ts';
import type { ServiceContext } from '../service-context.ts';
import { changePassword } from './change-password.ts';
import type { PeopleDependencies, SentTo } from './dependencies.ts';
import type {
  AddressInput,
  ChangePasswordInput,
  RegisterInput,
  ResetPasswordInput,
  UpdateProfileInput,
  VerifyEmailInput,
} from './people.input.ts';
import { findProfile, type Profile, updateProfile } from './profile.ts';
import { register, resendVerification, verifyEmail } from './registration.ts';
import { requestPasswordReset, resetPassword } from './reset.ts';

/** What a person does with the own login identity. All that need not be signed in for is limited by network, and by address what closes no way in. */
export interface PeopleService {
  /**
   * Keeps a registration and writes to its address. One answer and the same work, whether anybody has it or not.
   *
   * @throws ValidationError for an address or a password that cannot be.
   */
  register(input: RegisterInput, origin: Origin): Promise<SentTo>;
  /**
   * Proves the address with what was sent to it and the password that was chosen; opens a session.
   *
   * @throws ValidationError for a token of no use, UnauthenticatedError for another password.
   */
  verifyEmail(input: VerifyEmailInput, origin: Origin): Promise<IssuedSession>;
  /** Writes to the address of a registration that was not completed once more. One answer for every address. */
  resendVerification(input: AddressInput, origin: Origin): Promise<SentTo>;
  /** Writes a link for a new password to whoever has the address. One answer for every address. */
  requestPasswordReset(input: AddressInput, origin: Origin): Promise<SentTo>;
  /** Sets the password, ends every session, unlocks the address and opens a session, or asks for a second factor. @throws ValidationError */
  resetPassword(input: ResetPasswordInput, origin: Origin): Promise<IssuedSession | PendingSignIn>;
  /** Sets another password, and ends every session but the one that asks. @throws ValidationError, ForbiddenError for a key */
  changePassword(cx: ServiceContext, input: ChangePasswordInput): Promise<{ readonly sessionsEnded: number }>;
  /** Changes what the person is called and in which language and time zone. @throws ForbiddenError for a key */
  updateProfile(cx: ServiceContext, input: UpdateProfileInput): Promise<Profile>;
  /** The person who asks; null for somebody who is no more. @throws ForbiddenError for a key */
  profile(cx: ServiceContext): Promise<Profile | null>;
}

export function createPeopleService(dependencies: PeopleDependencies): PeopleService {
  return {
    register: (input, origin) => register(dependencies, input, origin),
    verifyEmail: (input, origin) => verifyEmail(dependencies, input, origin),
    resendVerification: (input, origin) => resendVerification(dependencies, input, origin),
    requestPasswordReset: (input, origin) => requestPasswordReset(dependencies, input, origin),
    resetPassword: (input, origin) => resetPassword(dependencies, input, origin),
    changePassword: (cx, input) => changePassword(dependencies, cx, input),
    updateProfile,
    profile: findProfile,
  };
}
