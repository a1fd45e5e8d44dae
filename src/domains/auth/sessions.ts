import { RateLimitedError, UnauthenticatedError, ValidationError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Principal } from '../../kernel/principal.ts';
import { isToken, randomToken, sha256 } from '../../platform/crypto/tokens.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { parseInput } from '../parse-input.ts';
import type { AccessChange } from '../service-context.ts';
import { type RefreshInput, refreshInput, type SignInInput, signInEmail, signInInput } from './session.input.ts';
import type { Verifier } from './verify.ts';

export const ACCESS_PREFIX = 'ta_';
export const REFRESH_PREFIX = 'tr_';

/** What a person is given at sign-in. The tokens are known at this moment only. */
export interface IssuedSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAt: Date;
  readonly refreshExpiresAt: Date;
  readonly userId: string;
}

export interface SessionSettings {
  readonly accessMinutes: number;
  readonly refreshDays: number;
  /** How long it is enough to have proved to be there, for what asks for it. */
  readonly stepUpMs: number;
}

export interface SessionDependencies {
  readonly preTenant: Pick<PreTenantDatabase, 'findSignIn' | 'findRefresh'>;
  readonly db: TenantClient;
  readonly clock: Clock;
  readonly session: SessionSettings;
  readonly passwords: Verifier;
  readonly countAttempt: CountAttempt;
  /** Told of each session that ended or changed its tokens. */
  readonly forget: (change: AccessChange) => void;
}

/**
 * Counts an attempt to sign in with an address, whether anybody has it or not.
 *
 * @param address in lower case.
 * @returns null when it may be made, else the milliseconds until another may.
 */
export type CountAttempt = (address: string) => Promise<number | null>;

const wrongSignIn = () => new UnauthenticatedError('The address or the password is wrong, or the account is locked.');

function issue(userId: string, { accessMinutes, refreshDays }: SessionSettings, now: Date): IssuedSession {
  return {
    accessToken: randomToken(ACCESS_PREFIX),
    refreshToken: randomToken(REFRESH_PREFIX),
    accessExpiresAt: new Date(now.getTime() + accessMinutes * 60_000),
    refreshExpiresAt: new Date(now.getTime() + refreshDays * 86_400_000),
    userId,
  };
}

function stored({ accessToken, refreshToken, accessExpiresAt, refreshExpiresAt }: IssuedSession) {
  return { accessHash: sha256(accessToken), refreshHash: sha256(refreshToken), accessExpiresAt, refreshExpiresAt };
}

const asPerson = <Result>(userId: string, work: () => Promise<Result>): Promise<Result> =>
  runInScope(createScope({ orgId: null, userId }), work);

/**
 * Opens a session. Whatever is wrong, the text and the work are the same.
 *
 * @throws RateLimitedError after too many attempts with one address, good ones included.
 */
export async function signIn(dependencies: SessionDependencies, input: SignInInput): Promise<IssuedSession> {
  const { preTenant, db, clock, session: settings, passwords } = dependencies;
  const { email, password, userAgent } = parseInput(signInInput, input);
  const address = signInEmail(email);
  // What no account can have counts as it is written: it must not be told from an address that nobody has.
  const waitMs = await dependencies.countAttempt(address ?? email.trim().toLowerCase());
  if (waitMs !== null) throw new RateLimitedError('Too many attempts to sign in with this address', waitMs);
  const found = address === null ? null : await preTenant.findSignIn(address);
  const matches = await passwords.verify(found?.passwordHash ?? null, password);
  const now = clock.now();
  const locked = found?.lockedUntil != null && found.lockedUntil > now;
  if (found === null || !matches || locked || found.userStatus !== 'active') throw wrongSignIn();
  const { userId } = found;
  const session = issue(userId, settings, now);
  await asPerson(userId, () =>
    db.session.create({ data: { userId, userAgent, ...stored(session) }, select: { id: true } }),
  );
  return session;
}

/** Trades a refresh token for new tokens. One that was used before was copied by somebody: it ends the session. */
export async function refresh(dependencies: SessionDependencies, input: RefreshInput): Promise<IssuedSession> {
  const { preTenant, db, clock, session: settings } = dependencies;
  const { refreshToken } = parseInput(refreshInput, input);
  if (!isToken(REFRESH_PREFIX, refreshToken)) throw new UnauthenticatedError();
  const hash = sha256(refreshToken);
  const found = await preTenant.findRefresh(hash);
  const now = clock.now();
  if (found === null || found.endedAt !== null) throw new UnauthenticatedError();
  const { sessionId: id, userId, refreshExpiresAt } = found;
  if (found.reused) {
    await endSession(dependencies, id, userId);
    throw new UnauthenticatedError();
  }
  if (refreshExpiresAt <= now || found.userStatus !== 'active') throw new UnauthenticatedError();
  const next = later(issue(userId, settings, now), refreshExpiresAt);
  // The hashes cannot be read, so the expiry stands for the version: of two that refresh at once, one finds it changed.
  const { count } = await asPerson(userId, async () =>
    db.session.updateMany({
      where: { id, userId, endedAt: null, refreshExpiresAt },
      data: { ...stored(next), previousRefreshHash: hash },
    }),
  );
  if (count === 0) {
    await endSession(dependencies, id, userId);
    throw new UnauthenticatedError();
  }
  dependencies.forget({ kind: 'session', id });
  return next;
}

/** The session with an expiry after the one it had, also within one millisecond. */
function later(session: IssuedSession, before: Date): IssuedSession {
  return session.refreshExpiresAt > before ? session : { ...session, refreshExpiresAt: new Date(before.getTime() + 1) };
}

export async function signOut(dependencies: SessionDependencies, principal: Principal): Promise<void> {
  if (principal.kind !== 'user')
    throw ValidationError.of('session', 'an API key has no session to sign out of: revoke the key');
  await endSession(dependencies, principal.credentialId, principal.userId);
}

/** Ends the session of a refresh token, whoever presents it: it is the right to go on that is given back. */
export async function abandon(dependencies: SessionDependencies, input: RefreshInput): Promise<void> {
  const { refreshToken } = parseInput(refreshInput, input);
  if (!isToken(REFRESH_PREFIX, refreshToken)) return;
  const found = await dependencies.preTenant.findRefresh(sha256(refreshToken));
  if (found !== null) await endSession(dependencies, found.sessionId, found.userId);
}

async function endSession({ db, clock, forget }: SessionDependencies, id: string, userId: string): Promise<void> {
  await asPerson(userId, async () =>
    db.session.updateMany({ where: { id, userId, endedAt: null }, data: { endedAt: clock.now() } }),
  );
  forget({ kind: 'session', id });
}
