import { UnauthenticatedError, ValidationError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { Principal } from '../../kernel/principal.ts';
import { isToken, randomToken, sha256 } from '../../platform/crypto/tokens.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { parseInput } from '../parse-input.ts';
import type { AccessChange } from '../service-context.ts';
import { newFamily, readRefreshToken, tokenOfFamily } from './refresh-token.ts';
import { type RefreshInput, refreshInput } from './session.input.ts';

const ACCESS_PREFIX = 'ta_';

/** Whether a text has the form of an access token, of whichever session. */
export const isAccessToken = (text: string): boolean => isToken(ACCESS_PREFIX, text);

/** What a person is given at sign-in. The tokens are known at this moment only. */
export interface IssuedSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAt: Date;
  readonly refreshExpiresAt: Date;
  readonly userId: string;
  readonly sessionId: string;
}

export interface SessionSettings {
  readonly accessMinutes: number;
  readonly refreshDays: number;
  /** How long it is enough to have proved to be there, for what asks for it. */
  readonly stepUpMs: number;
}

export interface SessionDependencies {
  readonly preTenant: PreTenantDatabase;
  readonly db: TenantClient;
  readonly clock: Clock;
  readonly session: SessionSettings;
  /** Told of each session that ended or changed its tokens. */
  readonly forget: (change: AccessChange) => void;
}

type Tokens = Omit<IssuedSession, 'userId' | 'sessionId'>;

function issue({ accessMinutes, refreshDays }: SessionSettings, family: string, now: Date): Tokens {
  return {
    accessToken: randomToken(ACCESS_PREFIX),
    refreshToken: tokenOfFamily(family),
    accessExpiresAt: new Date(now.getTime() + accessMinutes * 60_000),
    refreshExpiresAt: new Date(now.getTime() + refreshDays * 86_400_000),
  };
}

function stored({ accessToken, refreshToken, accessExpiresAt, refreshExpiresAt }: Tokens) {
  return { accessHash: sha256(accessToken), refreshHash: sha256(refreshToken), accessExpiresAt, refreshExpiresAt };
}

const asPerson = <Result>(userId: string, work: () => Promise<Result>): Promise<Result> =>
  runInScope(createScope({ orgId: null, userId }), work);

/** For whom a session is opened, and what the person has proved. */
export interface NewSession {
  readonly userId: string;
  /** Where the person sits: shown in the list of sessions. */
  readonly origin: Origin;
  readonly provedAt: Date;
  /** Null when no second factor was asked for. */
  readonly secondFactorAt: Date | null;
}

const USER_AGENT_MAX = 500;
const IP_MAX = 45;

/** Opens a session for somebody who has proved who it is: nothing is asked here. */
export async function openSession(
  { db, clock, session: settings }: Pick<SessionDependencies, 'db' | 'clock' | 'session'>,
  { userId, origin, provedAt, secondFactorAt }: NewSession,
): Promise<IssuedSession> {
  const [family, now] = [newFamily(), clock.now()];
  const tokens = issue(settings, family, now);
  const userAgent = origin.userAgent?.slice(0, USER_AGENT_MAX) ?? null;
  const ip = origin.ip?.slice(0, IP_MAX) ?? null;
  const times = { provedAt, secondFactorAt, createdAt: now, refreshedAt: now };
  const data = { userId, userAgent, ip, ...times, refreshFamilyHash: sha256(family), ...stored(tokens) };
  const { id: sessionId } = await asPerson(userId, () => db.session.create({ data, select: { id: true } }));
  return { ...tokens, userId, sessionId };
}

/** One text for everything that can be wrong with a refresh token: what helps is the same. */
export const overSession = (): UnauthenticatedError =>
  new UnauthenticatedError('This session cannot be carried on: the refresh token is not known, was used before, or its time is over. Sign in again.');

/**
 * Trades a refresh token for new tokens. One that was used before was copied by somebody, however often the session was
 * refreshed since: it ends the session.
 */
export async function refresh(dependencies: SessionDependencies, input: RefreshInput): Promise<IssuedSession> {
  const { preTenant, db, clock, session: settings } = dependencies;
  const { refreshToken } = parseInput(refreshInput, input);
  const token = readRefreshToken(refreshToken);
  if (token === null) throw overSession();
  const found = await preTenant.findRefresh(token.familyHash, token.hash);
  const now = clock.now();
  if (found === null || found.endedAt !== null) throw overSession();
  const { sessionId: id, userId, refreshExpiresAt } = found;
  if (found.reused) {
    await endSession(dependencies, id, userId);
    throw overSession();
  }
  if (refreshExpiresAt <= now || found.userStatus !== 'active') throw overSession();
  const next = later(issue(settings, token.family, now), refreshExpiresAt);
  // The hashes cannot be read, so the expiry stands for the version: of two that refresh at once, one finds it changed.
  const { count } = await asPerson(userId, async () =>
    db.session.updateMany({
      where: { id, userId, endedAt: null, refreshExpiresAt },
      data: { ...stored(next), refreshedAt: now },
    }),
  );
  if (count === 0) {
    await endSession(dependencies, id, userId);
    throw overSession();
  }
  dependencies.forget({ kind: 'session', id });
  return { ...next, userId, sessionId: id };
}

/** The session with an expiry after the one it had, also within one millisecond. */
function later(session: Tokens, before: Date): Tokens {
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
  const token = readRefreshToken(refreshToken);
  if (token === null) return;
  const found = await dependencies.preTenant.findRefresh(token.familyHash, token.hash);
  if (found !== null) await endSession(dependencies, found.sessionId, found.userId);
}

/** Ends one session of a person, if it is the person's and has not ended. */
export async function endSession({ db, clock, forget }: Pick<SessionDependencies, 'db' | 'clock' | 'forget'>, id: string, userId: string): Promise<void> {
  await asPerson(userId, async () =>
    db.session.updateMany({ where: { id, userId, endedAt: null }, data: { endedAt: clock.now() } }),
  );
  forget({ kind: 'session', id });
}
