import type { Origin } from '../../kernel/origin.ts';
import { sha256 } from '../../platform/crypto/tokens.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { type IssuedSession, makeToken, type PendingSignIn, takeAttempt } from '../auth/index.ts';
import { passwordChangedMail, resetPasswordMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { laneOf, type PeopleDependencies, type SentTo } from './dependencies.ts';
import { checkPassword } from './password.rules.ts';
import { type AddressInput, addressInput, type ResetPasswordInput, resetPasswordInput } from './people.input.ts';
import { uselessToken } from './registration.ts';

/**
 * The way in that is always open. So it is counted by the network alone: a window of the address could be kept full by
 * whoever knows it. How many mails there may be is asked of those that were sent.
 */
export async function requestPasswordReset(dependencies: PeopleDependencies, input: AddressInput, origin: Origin): Promise<SentTo> {
  const { preTenant, clock, countAttempt, mailer, mails } = dependencies;
  const { email } = parseInput(addressInput, input);
  await takeAttempt(countAttempt, { kind: 'reset', address: null, ip: origin.ip ?? null });
  const now = clock.now();
  const { token, hash, expiresAt } = makeToken('reset_password', now);
  const sendable = await preTenant.beginReset(email, hash, expiresAt, now);
  if (sendable) mailer.send(resetPasswordMail(mails, { to: email, token }));
  return { sentTo: email };
}

/**
 * The token is looked at before the new password is hashed, so that a guessed one costs little; used up in one statement,
 * after what it opens is there. It lets in whoever has the mailbox, because strangers can keep the door of sign-in locked.
 * A second factor is asked for as ever.
 */
export async function resetPassword(dependencies: PeopleDependencies, input: ResetPasswordInput, origin: Origin): Promise<IssuedSession | PendingSignIn> {
  const { preTenant, clock, hashing, countAttempt, attemptSubjects, mailer, mails, auth } = dependencies;
  const { token, password } = parseInput(resetPasswordInput, input);
  await takeAttempt(countAttempt, { kind: 'reset', address: null, ip: origin.ip ?? null });
  const hash = sha256(token);
  const found = await preTenant.findOpenToken(hash, 'reset_password', clock.now());
  if (found === null) throw uselessToken();
  const { userId, email, name, secondFactor } = found;
  await checkPassword(password, { email, name }, { network: networkOf(origin.ip ?? null) });
  const passwordHash = await hashing.hash(password, laneOf(origin));
  const now = clock.now();
  // First, because once the token is used up, a failure would be told as what may be tried again. Of the door alone: a
  // mailbox is no way to endless codes.
  await preTenant.settleSignIn(attemptSubjects.address(email), true);
  // Before it too: what the mail says is not to fail when everything is done.
  const keys = await preTenant.countLiveKeys(userId, now);
  const complete = async (kept: { readonly sessionId?: string; readonly challengeHash?: Uint8Array }): Promise<boolean> =>
    (await preTenant.completeReset(hash, passwordHash, kept, now)) !== null;
  const opened = secondFactor
    ? await auth.openChallengeIf(userId, (challengeHash) => complete({ challengeHash }))
    : await auth.openSessionIf({ userId, origin, provedAt: now, secondFactorAt: null }, (sessionId) => complete({ sessionId }));
  if (opened === null) throw uselessToken();
  auth.forget({ kind: 'user', id: userId });
  mailer.send(passwordChangedMail(mails, { to: email, at: now, keys }));
  return opened;
}
