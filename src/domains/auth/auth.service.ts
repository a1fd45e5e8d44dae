import { AppError, UnauthenticatedError } from '../../kernel/errors.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Hashing } from '../../platform/crypto/passwords.ts';
import { sha256 } from '../../platform/crypto/tokens.ts';
import type { FoundApiKey, PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { SecondFactorRequiredError } from '../second-factor-required.ts';
import type { AccessChange, ServiceContext } from '../service-context.ts';
import type { PresentedKey } from './access-log.ts';
import {
  checkSession,
  chooseDestination,
  type KeyRecord,
  operatorTenant,
  principalOfKey,
  principalOfSession,
  type SessionRecord,
  tenantOf,
} from './access.rules.ts';
import { completeSignIn, type CompletedSignIn, type ProofDependencies } from './complete-sign-in.ts';
import { createFingerprint, isWellFormedApiKey, looksLikeApiKey } from './key-format.ts';
import { checkUse } from './key-use.rules.ts';
import { createLookups, type LookupDependencies } from './lookups.ts';
import type { CompleteSignInInput, StepUpInput } from './proof.input.ts';
import type { RefreshInput, SignInInput } from './session.input.ts';
import { listSessions, revokeOtherSessions, revokeSession, type SessionSummary } from './session-list.ts';
import { abandon, isAccessToken, type IssuedSession, type NewSession, refresh, type SessionSettings, signOut } from './sessions.ts';
import { signIn } from './sign-in.ts';
import { type SteppedUp, stepUp } from './step-up.ts';
import { type BeforeWork, createVerifier, rememberMatches } from './verify.ts';
import { openChallengeIf, openSessionIf, type PendingSignIn } from './way-in.ts';

/** What somebody wants to know of what is presented. */
export interface KeyWatch {
  /** Asked before a key is verified that was not verified lately, known or not; what it throws is thrown. */
  readonly beforeWork?: BeforeWork;
  /** Told what became of a key that is known. */
  readonly onKey?: (key: PresentedKey) => void;
  /** Told of a session that is kept out of the organization it asks for, as whom it would have worked there, before it is told. */
  readonly onKeptOut?: (principal: Principal, refusal: SecondFactorRequiredError) => Promise<void>;
}

/** Where a request comes from, as far as it is known. */
export interface Whence {
  /** The network address of the sender. */
  readonly address: string | null;
  /** The Origin header. */
  readonly origin: string | null;
}

const NOWHERE: Whence = { address: null, origin: null };

export interface AuthService {
  /** @throws UnauthenticatedError with one text for everything that can be wrong; RateLimitedError after too many attempts. */
  signIn(input: SignInInput, origin?: Origin): Promise<IssuedSession | PendingSignIn>;
  /** @throws UnauthenticatedError with one text for everything that can be wrong; RateLimitedError after too many attempts. */
  completeSignIn(input: CompleteSignInInput, origin?: Origin): Promise<CompletedSignIn>;
  /** Proves that the person of the session is there. @throws UnauthenticatedError, ValidationError, RateLimitedError; ForbiddenError for an API key. */
  stepUp(cx: ServiceContext, input: StepUpInput): Promise<SteppedUp>;
  /** Opens a session for somebody who has proved who it is. Null when `holds` says no, which is asked when it is there. */
  openSessionIf(session: NewSession, holds: (sessionId: string) => Promise<boolean>): Promise<IssuedSession | null>;
  /** The same for somebody who has a second factor to show yet. */
  openChallengeIf(userId: string, holds: (challengeHash: Uint8Array) => Promise<boolean>): Promise<PendingSignIn | null>;
  /** @throws UnauthenticatedError; a refresh token that was used before also ends the session. */
  refresh(input: RefreshInput): Promise<IssuedSession>;
  /** Ends the session of the caller. @throws ValidationError for an API key. */
  signOut(principal: Principal): Promise<void>;
  /** Ends the session that a refresh token belongs to; one of no session ends nothing. */
  abandon(input: RefreshInput): Promise<void>;
  /** The live sessions of the caller, newest first, 100 at most. @throws ForbiddenError for an API key. */
  listSessions(cx: ServiceContext): Promise<SessionSummary[]>;
  /** Ends one session of the caller. @throws NotFoundError for one that is over or another's. */
  revokeSession(cx: ServiceContext, input: { readonly id: string }): Promise<{ sessionId: string }>;
  /** Ends every session of the caller but the one that asks. */
  revokeOtherSessions(cx: ServiceContext): Promise<{ sessionsEnded: number }>;
  /**
   * Who presents this token, and where it works.
   *
   * @param organization the value of X-Organization-Id, a global id or a bare UUID, or null.
   * @param watch is asked and told about the key that is presented.
   * @param from where the request comes from.
   * @throws UnauthenticatedError, ForbiddenError, AppError (API_KEY_EXPIRED, USER_NOT_ACTIVE, ORG_NOT_ACTIVE)
   */
  authenticate(token: string, organization: string | null, watch?: KeyWatch, from?: Whence): Promise<Principal>;
  /** Drops what is remembered about something that changed. */
  forget(change: AccessChange): void;
  /** Drops everything, because changes may have been missed: call it whenever the feed begins to listen. */
  forgetAll(): void;
}

export interface AuthDependencies extends LookupDependencies, Pick<ProofDependencies, 'countAttempt' | 'attemptSubjects' | 'mailer' | 'mails' | 'secondFactors'> {
  readonly preTenant: PreTenantDatabase;
  readonly db: TenantClient;
  /** The installation's secret, which the fingerprints of keys depend on. */
  readonly secretKey: string;
  readonly hashing: Hashing;
  readonly session: SessionSettings;
}

function keyRecord(key: FoundApiKey): KeyRecord {
  const { orgId, membershipId, role, membershipStatus: status, organizationStatus, organizationName, organizationSlug } = key;
  const organization = { organizationStatus, organizationName, organizationSlug, requiresSecondFactor: key.organizationSecondFactor };
  return { ...key, membership: { orgId, membershipId, role, status, ...organization } };
}

export function createAuthService(dependencies: AuthDependencies): AuthService {
  const { clock, session: { stepUpMs } } = dependencies;
  const lookups = createLookups(dependencies);
  const passwords = createVerifier(dependencies.hashing);
  const matchesKey = rememberMatches(passwords);
  const fingerprint = createFingerprint(dependencies.secretKey);
  const sessions = { ...dependencies, passwords, forget: lookups.forget };

  async function authenticateKey(token: string, organization: string | null, { beforeWork, onKey }: KeyWatch, from: Whence): Promise<Principal> {
    if (!isWellFormedApiKey(token)) throw new UnauthenticatedError();
    const print = fingerprint(token);
    const key = await lookups.key(print);
    // An unknown key is verified too, against a hash of nothing, so that it takes as long as a wrong one.
    const presented = { fingerprint: print.toString('base64'), hashed: key?.secretHash ?? null, secret: token, network: networkOf(from.address) };
    const matches = await matchesKey(presented, beforeWork);
    if (key === null || !matches) throw new UnauthenticatedError();
    const { keyId, userId, orgId, membershipId } = key;
    const tell = (refusal: string | null): void => onKey?.({ keyId, userId, orgId, membershipId, refusal });
    const principal = ((): Principal => {
      try {
        return principalOfKey(keyRecord(key), organization, clock.now());
      } catch (error) {
        if (error instanceof AppError) tell(key.keyStatus === 'active' ? error.code : 'API_KEY_REVOKED');
        throw error;
      }
    })();
    const refused = checkUse(key, from);
    tell(refused?.reason ?? null);
    if (refused !== null) throw refused.error;
    return { ...principal, usage: { id: key.usageId, monthlyLimit: key.monthlyLimit } };
  }

  async function authenticateSession(token: string, organization: string | null, { onKeptOut }: KeyWatch): Promise<Principal> {
    if (!isAccessToken(token)) throw new UnauthenticatedError();
    const session = await lookups.session(sha256(token));
    if (session === null) throw new UnauthenticatedError();
    checkSession(session, clock.now());
    try {
      return await principalIn(session, organization);
    } catch (error) {
      if (error instanceof SecondFactorRequiredError) await onKeptOut?.(principalOfSession(session, error.tenant, stepUpMs), error);
      throw error;
    }
  }

  async function principalIn(session: SessionRecord, organization: string | null): Promise<Principal> {
    const destination = chooseDestination(session, organization);
    if ('operatorOf' in destination) {
      const found = await lookups.operatorOrganization(session.userId, destination.operatorOf);
      return principalOfSession(session, operatorTenant(found, session), stepUpMs);
    }
    if (destination.membership === null) return principalOfSession(session, null, stepUpMs, destination.shutOut);
    return principalOfSession(session, tenantOf(destination.membership), stepUpMs);
  }

  return {
    signIn: (input, origin = {}) => signIn(sessions, input, origin),
    completeSignIn: (input, origin = {}) => completeSignIn(sessions, input, origin),
    stepUp: (cx, input) => stepUp(sessions, cx, input),
    openSessionIf: (session, holds) => openSessionIf(sessions, session, holds),
    openChallengeIf: (userId, holds) => openChallengeIf(sessions, userId, holds),
    refresh: (input) => refresh(sessions, input),
    signOut: (principal) => signOut(sessions, principal),
    abandon: (input) => abandon(sessions, input),
    listSessions,
    revokeSession,
    revokeOtherSessions,
    authenticate: (token, organization, watch = {}, from = NOWHERE) =>
      looksLikeApiKey(token) ? authenticateKey(token, organization, watch, from) : authenticateSession(token, organization, watch),
    forget: lookups.forget,
    forgetAll: lookups.clear,
  };
}
