import { endSession, type IssuedSession, type NewSession, openSession, type SessionDependencies } from './sessions.ts';
import { makeToken } from './tokens.ts';

/** The person was recognized, and a second factor is asked for before a session is opened. */
export interface PendingSignIn {
  /** Hand it to completeSignIn together with a code. Known at this moment only. */
  readonly challengeToken: string;
  readonly expiresAt: Date;
  readonly userId: string;
}

/**
 * Opens a session, and ends it again when what it was opened for turns out not to hold: a token that was used by somebody
 * else meanwhile, a password that is another one by now. In this order, because what can be used once is used up last: when
 * something fails before, the same can be sent again. The session that was opened then stays: nobody knows its tokens.
 *
 * @param holds asked when the session is there; uses up what works once.
 * @returns null when it does not hold, and no session is left.
 */
export async function openSessionIf(
  dependencies: SessionDependencies,
  session: NewSession,
  holds: (sessionId: string) => Promise<boolean>,
): Promise<IssuedSession | null> {
  const opened = await openSession(dependencies, session);
  if (await holds(opened.sessionId)) return opened;
  await endSession(dependencies, opened.sessionId, session.userId);
  return null;
}

/**
 * The same for whoever has a second factor to show yet. A challenge that does not hold needs no end: nobody is told it.
 *
 * @param holds asked when the challenge is there.
 */
export async function openChallengeIf(
  { preTenant, clock }: Pick<SessionDependencies, 'preTenant' | 'clock'>,
  userId: string,
  holds: (challengeHash: Uint8Array) => Promise<boolean>,
): Promise<PendingSignIn | null> {
  const now = clock.now();
  const { token: challengeToken, hash, expiresAt } = makeToken('second_factor', now);
  await preTenant.beginChallenge(userId, hash, expiresAt, now);
  return (await holds(hash)) ? { challengeToken, expiresAt, userId } : null;
}
