import { ValidationError } from '../../kernel/errors.ts';
import type { Origin } from '../../kernel/origin.ts';
import { sha256 } from '../../platform/crypto/tokens.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { type IssuedSession, makeToken, takeAttempt } from '../auth/index.ts';
import { knownAddressMail, verifyEmailMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { laneOf, type PeopleDependencies, type SentTo } from './dependencies.ts';
import { checkPassword } from './password.rules.ts';
import { type AddressInput, addressInput, type RegisterInput, registerInput, type VerifyEmailInput, verifyEmailInput } from './people.input.ts';

/** One text for a token that is unknown, used, of another purpose or out of time. */
export const uselessToken = (): ValidationError => ValidationError.of('token', 'is unknown, used or too old: ask for a new one');

/**
 * The password is kept with the token until the address is proved: whoever registers an address of somebody else has set
 * no password by it, and nobody who signs in is asked whether an address was proved.
 */
export async function register(dependencies: PeopleDependencies, input: RegisterInput, origin: Origin): Promise<SentTo> {
  const { preTenant, clock, hashing, countAttempt, mailer, mails } = dependencies;
  const { email, password, name = null } = parseInput(registerInput, input);
  await takeAttempt(countAttempt, { kind: 'register', address: null, ip: origin.ip ?? null });
  await checkPassword(password, { email, name }, { network: networkOf(origin.ip ?? null) });
  // By the address only what leaves an identity behind: whoever keeps this window full has opened the way of a new
  // password by mail, which no stranger can close.
  await takeAttempt(countAttempt, { kind: 'register', address: email, ip: null });
  const passwordHash = await hashing.hash(password, laneOf(origin));
  const now = clock.now();
  const { token, hash, expiresAt } = makeToken('verify_email', now);
  const outcome = await preTenant.beginRegistration({ email, name, hash, passwordHash, expiresAt }, now);
  if (outcome === 'verify') mailer.send(verifyEmailMail(mails, { to: email, token }));
  if (outcome === 'known') mailer.send(knownAddressMail(mails, { to: email }));
  return { sentTo: email };
}

/**
 * Asks for the password too: the link alone would let the owner of the mailbox turn a stranger's password into a good
 * one by a click.
 */
export async function verifyEmail(dependencies: PeopleDependencies, input: VerifyEmailInput, origin: Origin): Promise<IssuedSession> {
  const { preTenant, clock, hashing, countAttempt, attemptSubjects, auth } = dependencies;
  const { token, password } = parseInput(verifyEmailInput, input);
  await takeAttempt(countAttempt, { kind: 'verify', address: null, ip: origin.ip ?? null });
  const hash = sha256(token);
  const now = clock.now();
  const found = await preTenant.findOpenToken(hash, 'verify_email', now);
  if (found === null || found.passwordHash === null) throw uselessToken();
  if (!(await hashing.verify(found.passwordHash, password, laneOf(origin)))) {
    throw ValidationError.of('password', 'is wrong: it is the one that was chosen with this registration');
  }
  // Whoever has proved the address is not kept out by what others have tried with it. It comes first: once the token
  // is used up, a failure would be told as what may be tried again.
  await preTenant.settleSignIn(attemptSubjects.address(found.email), true);
  const { userId } = found;
  const prove = async (): Promise<boolean> => (await preTenant.completeRegistration(hash, now)) !== null;
  const session = await auth.openSessionIf({ userId, origin, provedAt: now, secondFactorAt: null }, prove);
  if (session === null) throw uselessToken();
  auth.forget({ kind: 'user', id: userId });
  return session;
}

export async function resendVerification(dependencies: PeopleDependencies, input: AddressInput, origin: Origin): Promise<SentTo> {
  const { preTenant, clock, countAttempt, mailer, mails } = dependencies;
  const { email } = parseInput(addressInput, input);
  await takeAttempt(countAttempt, { kind: 'verify', address: email, ip: origin.ip ?? null });
  const now = clock.now();
  const { token, hash, expiresAt } = makeToken('verify_email', now);
  const sendable = await preTenant.renewVerification(email, hash, expiresAt, now);
  if (sendable) mailer.send(verifyEmailMail(mails, { to: email, token }));
  return { sentTo: email };
}
