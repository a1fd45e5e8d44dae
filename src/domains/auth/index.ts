export {
  type AccessLog,
  type AccessLogDependencies,
  type Caller,
  createAccessLog,
  type Denial,
  type PresentedKey,
} from './access-log.ts';
export { type AttemptSubjects, createAttemptSubjects } from './attempt-subjects.ts';
export { type Attempt, type AttemptKind, type CountAttempt, takeAttempt } from './attempts.ts';
export { type AuthDependencies, type AuthService, createAuthService, type KeyWatch, type Whence } from './auth.service.ts';
export type { CompletedSignIn } from './complete-sign-in.ts';
export { createFingerprint, type Fingerprint, generateApiKey, isWellFormedApiKey, prefixOf } from './key-format.ts';
export type { AccessFeed } from './lookups.ts';
export type { CompleteSignInInput, StepUpInput } from './proof.input.ts';
export type { RefreshInput, SignInInput } from './session.input.ts';
export type { SessionSummary } from './session-list.ts';
export { isAccessToken, type IssuedSession, type NewSession, overSession, type SessionSettings } from './sessions.ts';
export type { SteppedUp } from './step-up.ts';
export { type MadeToken, makeToken, type TokenPurpose } from './tokens.ts';
export { createVerifier, type Verifier } from './verify.ts';
export type { PendingSignIn } from './way-in.ts';
