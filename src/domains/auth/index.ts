export {
  type AccessLog,
  type AccessLogDependencies,
  type Caller,
  createAccessLog,
  type Denial,
  type PresentedKey,
} from './access-log.ts';
export { type AuthDependencies, type AuthService, createAuthService, type KeyWatch } from './auth.service.ts';
export { createFingerprint, type Fingerprint, generateApiKey, prefixOf } from './key-format.ts';
export type { AccessFeed } from './lookups.ts';
export type { RefreshInput, SignInInput } from './session.input.ts';
export type { CountAttempt, IssuedSession, SessionSettings } from './sessions.ts';
