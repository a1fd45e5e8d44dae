import type { Origin } from '../../kernel/origin.ts';
import { sha256 } from '../../platform/crypto/tokens.ts';
import { makeToken, takeAttempt } from '../auth/index.ts';
import { passwordChangedMail, resetPasswordMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { laneOf, type PeopleDependencies, type SentTo } from './dependencies.ts';
import { checkPassword } from './password.rules.ts';
import { type AddressInput, addressInput, type ResetPasswordInput, resetPasswordInput } from './people.input.ts';
import { uselessToken } from './registration.ts';

export async function requestPasswordReset(dependencies: PeopleDependencies, input: AddressInput, origin: Origin): Promise<SentTo> {
  const { preTenant, clock, countAttempt, mailer, mails } = dependencies;
  const { email } = parseInput(addressInput, input);
  await takeAttempt(countAttempt, { kind: 'reset', address: email, ip: origin.ip ?? null });
  const now = clock.now();
  const { token, hash, expiresAt } = makeToken('reset_password', now);
  const sendable = await preTenant.beginReset(email, hash, expiresAt, now);
  if (sendable) mailer.send(resetPasswordMail(mails, { to: email, token }));
  return { sentTo: email };
}

/** The token is looked at before the new password is hashed, so that a guessed one costs little; used up in one statement. */
export async function resetPassword(dependencies: PeopleDependencies, input: ResetPasswordInput, origin: Origin): Promise<{ userId: string }> {
  const { preTenant, clock, hashing, countAttempt, addressHash, mailer, mails, auth } = dependencies;
  const { token, password } = parseInput(resetPasswordInput, input);
  await takeAttempt(countAttempt, { kind: 'reset', address: null, ip: origin.ip ?? null });
  const hash = sha256(token);
  const found = await preTenant.findOpenToken(hash, 'reset_password', clock.now());
  if (found === null) throw uselessToken();
  const { email, name } = found;
  await checkPassword(password, { email, name });
  const passwordHash = await hashing.hash(password, laneOf(origin));
  const now = clock.now();
  // First, because once the token is used up, a failure would be told as what may be tried again.
  await preTenant.settleSignIn(addressHash(email), true);
  const userId = await preTenant.completeReset(hash, passwordHash, now);
  if (userId === null) throw uselessToken();
  auth.forget({ kind: 'user', id: userId });
  mailer.send(passwordChangedMail(mails, { to: email, at: now }));
  return { userId };
}
