import { requirePerson } from '../require-person.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import type { ServiceContext } from '../service-context.ts';

/** A signed-in device, as its person sees it. */
export interface SessionSummary {
  readonly id: string;
  /** Whether the request came by this one. */
  readonly current: boolean;
  readonly userAgent: string | null;
  /** Where it was opened from. */
  readonly ip: string | null;
  readonly createdAt: Date;
  /** When its tokens were last renewed. */
  readonly lastUsedAt: Date;
  readonly secondFactor: boolean;
  /** When it ends unless its tokens are renewed. */
  readonly expiresAt: Date;
}

/** Whoever has more than this many devices sees the newest. */
const SESSIONS_MAX = 100;

/** The live sessions of the caller, newest first. */
export async function listSessions(cx: ServiceContext): Promise<SessionSummary[]> {
  const { db, clock } = cx;
  const principal = requirePerson(cx);
  const rows = await db.session.findMany({
    where: { userId: principal.userId, endedAt: null, refreshExpiresAt: { gt: clock.now() } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: SESSIONS_MAX,
    select: { id: true, userAgent: true, ip: true, createdAt: true, refreshedAt: true, secondFactorAt: true, refreshExpiresAt: true },
  });
  return rows.map(({ id, userAgent, ip, createdAt, refreshedAt, secondFactorAt, refreshExpiresAt }) => ({
    ...{ id, userAgent, ip, createdAt },
    current: id === principal.credentialId,
    lastUsedAt: refreshedAt,
    secondFactor: secondFactorAt !== null,
    expiresAt: refreshExpiresAt,
  }));
}

/** Ends one session of the caller, also the one that asks. @throws NotFoundError for one that is over or another's. */
export async function revokeSession(cx: ServiceContext, input: { readonly id: string }): Promise<{ sessionId: string }> {
  const { db, clock, accessChanged } = cx;
  const principal = requirePerson(cx);
  const sessionId = requireUuid('Session', input.id);
  const { count } = await db.session.updateMany({
    where: { id: sessionId, userId: principal.userId, endedAt: null },
    data: { endedAt: clock.now() },
  });
  if (count === 0) throw notFound('Session');
  accessChanged({ kind: 'session', id: sessionId });
  return { sessionId };
}

/** Ends every session of the caller but the one that asks. */
export async function revokeOtherSessions(cx: ServiceContext): Promise<{ sessionsEnded: number }> {
  const { db, clock, accessChanged } = cx;
  const principal = requirePerson(cx);
  const { count } = await db.session.updateMany({
    where: { userId: principal.userId, endedAt: null, id: { not: principal.credentialId } },
    data: { endedAt: clock.now() },
  });
  // Which ones they were is not known here: all that is remembered of the person is asked again.
  accessChanged({ kind: 'user', id: principal.userId });
  return { sessionsEnded: count };
}
