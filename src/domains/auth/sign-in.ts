import { UnauthenticatedError } from '../../kernel/errors.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { Mailer } from '../../platform/mail/index.ts';
import type { FoundSignIn } from '../../platform/postgres/people-credentials.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { lockedMail, type MailSettings } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import type { AttemptSubjects } from './attempt-subjects.ts';
import { type CountAttempt, takeAttempt } from './attempts.ts';
import { type SignInInput, signInEmail, signInInput } from './session.input.ts';
import type { IssuedSession, SessionDependencies } from './sessions.ts';
import type { Verifier } from './verify.ts';
import { openChallengeIf, openSessionIf, type PendingSignIn } from './way-in.ts';

export interface SignInDependencies extends SessionDependencies {
  readonly passwords: Verifier;
  readonly countAttempt: CountAttempt;
  readonly attemptSubjects: AttemptSubjects;
  readonly mailer: Mailer;
  readonly mails: MailSettings;
}

/** One text for everything that can be wrong with a password or with the account behind it. */
export const wrongSignIn = (): UnauthenticatedError =>
  new UnauthenticatedError('The address or the password is wrong, the address is not confirmed yet, or the account is locked.');

/**
 * Opens a session, or asks for a second factor. Whatever is wrong - nobody has the address, the password is another one,
 * the address was never confirmed, the account is locked or suspended - the text, the statements and the hash that is worked out are the same.
 *
 * @throws UnauthenticatedError with that one text.
 * @throws RateLimitedError after too many attempts with one address or from one network, good ones included.
 * @throws ServiceUnavailableError when too many passwords of the network wait to be compared already.
 */
export async function signIn(dependencies: SignInDependencies, input: SignInInput, origin: Origin): Promise<IssuedSession | PendingSignIn> {
  const { email, password } = parseInput(signInInput, input);
  const address = signInEmail(email);
  // What no account can have counts as it is written: it must not be told from an address that nobody has.
  const written = address ?? email.trim().toLowerCase();
  const ip = origin.ip ?? null;
  await takeAttempt(dependencies.countAttempt, { kind: 'signIn', address: written, ip });
  const { found, matches } = await compare(dependencies, { address, written, password, network: networkOf(ip) });
  const { userId, passwordHash, userStatus, locked } = found;
  if (userId === null || passwordHash === null || !matches || locked || userStatus !== 'active') {
    if (address !== null) tellOfLock(dependencies, address, found);
    throw wrongSignIn();
  }
  const { preTenant, clock, attemptSubjects } = dependencies;
  // Asked when the session is there: a change of the password beside this ends it, or is seen here.
  const isRightStill = (): Promise<boolean> => preTenant.stillHasPassword(userId, passwordHash);
  const opened = found.secondFactor
    ? await openChallengeIf(dependencies, userId, isRightStill)
    : await openSessionIf(dependencies, { userId, origin, provedAt: clock.now(), secondFactorAt: null }, isRightStill);
  if (opened === null) throw wrongSignIn();
  await preTenant.settleSignIn(attemptSubjects.address(written), true);
  return opened;
}

interface Guess {
  /** Null when no account can have what was written. */
  readonly address: string | null;
  readonly written: string;
  readonly password: string;
  readonly network: string;
}

/** Counts the guess against the address and compares it: always both, in one order, whatever is found. */
async function compare(dependencies: SignInDependencies, guess: Guess): Promise<{ found: FoundSignIn; matches: boolean }> {
  const { preTenant, passwords, clock } = dependencies;
  const subject = dependencies.attemptSubjects.address(guess.written);
  const found = await preTenant.beginSignIn(guess.address, subject, clock.now());
  try {
    const matches = await passwords.verify(found.passwordHash, guess.password, { lane: 'guess', network: guess.network });
    return { found, matches };
  } catch (error) {
    // Nothing was compared: a flood of somebody else's network must not lock whoever sits in it.
    if (!found.locked) await preTenant.settleSignIn(subject, false);
    throw error;
  }
}

/** Whoever has the address learns that it is locked, once a lock; nobody else does. */
function tellOfLock({ mailer, mails }: Pick<SignInDependencies, 'mailer' | 'mails'>, address: string, found: FoundSignIn): void {
  const { passwordHash, userStatus, locksUntil } = found;
  if (passwordHash === null || userStatus !== 'active' || locksUntil === null) return;
  mailer.send(lockedMail(mails, { to: address, until: locksUntil }));
}
