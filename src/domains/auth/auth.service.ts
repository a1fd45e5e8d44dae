import { AppError, UnauthenticatedError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { HashCost } from '../../platform/crypto/passwords.ts';
import { isToken, sha256 } from '../../platform/crypto/tokens.ts';
import type { FoundApiKey, PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { AccessChange } from '../service-context.ts';
import type { PresentedKey } from './access-log.ts';
import {
  checkSession,
  chooseDestination,
  type KeyRecord,
  operatorTenant,
  principalOfKey,
  principalOfSession,
  tenantOf,
} from './access.rules.ts';
import { createFingerprint, isWellFormedApiKey, looksLikeApiKey } from './key-format.ts';
import { createLookups, type LookupDependencies, type OrganizationName } from './lookups.ts';
import type { RefreshInput, SignInInput } from './session.input.ts';
import { abandon, ACCESS_PREFIX, type CountAttempt, type IssuedSession, refresh, type SessionSettings, signIn, signOut } from './sessions.ts';
import { type BeforeWork, createVerifier, rememberMatches } from './verify.ts';

/** What somebody wants to know of the API keys that are presented. */
export interface KeyWatch {
  /** Asked before a key is verified that was not verified lately, known or not; what it throws is thrown. */
  readonly beforeWork?: BeforeWork;
  /** Told what became of a key that is known. */
  readonly onKey?: (key: PresentedKey) => void;
}

export interface AuthService {
  /** @throws UnauthenticatedError with one text for everything that can be wrong; RateLimitedError after too many attempts. */
  signIn(input: SignInInput): Promise<IssuedSession>;
  /** @throws UnauthenticatedError; a refresh token that was used before also ends the session. */
  refresh(input: RefreshInput): Promise<IssuedSession>;
  /** Ends the session of the caller. @throws ValidationError for an API key. */
  signOut(principal: Principal): Promise<void>;
  /** Ends the session that a refresh token belongs to; one of no session ends nothing. */
  abandon(input: RefreshInput): Promise<void>;
  /**
   * Who presents this token, and where it works.
   *
   * @param organization the value of X-Organization-Id, a global id or a bare UUID, or null.
   * @param watch is asked and told about the key that is presented.
   * @throws UnauthenticatedError, ForbiddenError, AppError (API_KEY_EXPIRED, USER_NOT_ACTIVE, ORG_NOT_ACTIVE)
   */
  authenticate(token: string, organization: string | null, watch?: KeyWatch): Promise<Principal>;
  /** Drops what is remembered about something that changed. */
  forget(change: AccessChange): void;
  /** Drops everything, because changes may have been missed: call it whenever the feed begins to listen. */
  forgetAll(): void;
}

export interface AuthDependencies extends LookupDependencies {
  readonly preTenant: PreTenantDatabase;
  /** The installation's secret, which the fingerprints of keys depend on. */
  readonly secretKey: string;
  readonly hashCost: HashCost;
  readonly session: SessionSettings;
  readonly countAttempt: CountAttempt;
}

function keyRecord(key: FoundApiKey, { name, slug }: OrganizationName): KeyRecord {
  const { orgId, membershipId, role, membershipStatus: status, organizationStatus } = key;
  const organization = { organizationStatus, organizationName: name, organizationSlug: slug };
  return { ...key, membership: { orgId, membershipId, role, status, ...organization } };
}

export function createAuthService(dependencies: AuthDependencies): AuthService {
  const { clock, session: { stepUpMs } } = dependencies;
  const lookups = createLookups(dependencies);
  const passwords = createVerifier(dependencies.hashCost);
  const matchesKey = rememberMatches(passwords);
  const fingerprint = createFingerprint(dependencies.secretKey);
  const sessions = { ...dependencies, passwords, forget: lookups.forget };

  async function authenticateKey(token: string, organization: string | null, { beforeWork, onKey }: KeyWatch): Promise<Principal> {
    if (!isWellFormedApiKey(token)) throw new UnauthenticatedError();
    const print = fingerprint(token);
    const key = await lookups.key(print);
    // An unknown key is verified too, against a hash of nothing, so that it takes as long as a wrong one.
    const matches = await matchesKey(print.toString('base64'), key?.secretHash ?? null, token, beforeWork);
    if (key === null || !matches) throw new UnauthenticatedError();
    const named = await lookups.organizationName(key.orgId);
    if (named === null) throw new UnauthenticatedError();
    const { keyId, userId, orgId, membershipId } = key;
    const tell = (refusal: string | null): void => onKey?.({ keyId, userId, orgId, membershipId, refusal });
    try {
      const principal = principalOfKey(keyRecord(key, named), organization, clock.now());
      tell(null);
      return principal;
    } catch (error) {
      if (error instanceof AppError) tell(key.keyStatus === 'active' ? error.code : 'API_KEY_REVOKED');
      throw error;
    }
  }

  async function authenticateSession(token: string, organization: string | null): Promise<Principal> {
    if (!isToken(ACCESS_PREFIX, token)) throw new UnauthenticatedError();
    const session = await lookups.session(sha256(token));
    if (session === null) throw new UnauthenticatedError();
    checkSession(session, clock.now());
    const destination = chooseDestination(session, organization);
    if ('operatorOf' in destination) {
      const found = await lookups.operatorOrganization(session.userId, destination.operatorOf);
      return principalOfSession(session, operatorTenant(found), stepUpMs);
    }
    return principalOfSession(session, destination.membership && tenantOf(destination.membership), stepUpMs);
  }

  return {
    signIn: (input) => signIn(sessions, input),
    refresh: (input) => refresh(sessions, input),
    signOut: (principal) => signOut(sessions, principal),
    abandon: (input) => abandon(sessions, input),
    authenticate: (token, organization, watch = {}) =>
      looksLikeApiKey(token) ? authenticateKey(token, organization, watch) : authenticateSession(token, organization),
    forget: lookups.forget,
    forgetAll: lookups.clear,
  };
}
