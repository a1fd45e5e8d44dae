import { NotFoundError, ValidationError } from '../../kernel/errors.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { takeAttempt } from '../auth/index.ts';
import { passwordChangedMail, sessionLockedMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePerson } from '../require-person.ts';
import type { ServiceContext } from '../service-context.ts';
import { laneOf, type PeopleDependencies } from './dependencies.ts';
import { checkPassword } from './password.rules.ts';
import { type ChangePasswordInput, changePasswordInput } from './people.input.ts';

const wrongPassword = (): ValidationError => ValidationError.of('currentPassword', 'is wrong, or wrong ones were sent too often: try again later');

/**
 * A wrong current password counts like one of a step-up: a stolen session is no way to guess without end. The session is
 * not held for proved afresh by it, because whoever has a second factor proves more than a password.
 */
export async function changePassword(dependencies: PeopleDependencies, cx: ServiceContext, input: ChangePasswordInput): Promise<{ sessionsEnded: number }> {
  const { preTenant, clock, hashing, countAttempt, mailer, mails } = dependencies;
  const { userId, credentialId } = requirePerson(cx);
  const { currentPassword, newPassword } = parseInput(changePasswordInput, input);
  const person = await cx.db.user.findFirst({ where: { id: userId }, select: { email: true, name: true } });
  if (person === null) throw new NotFoundError('User');
  await takeAttempt(countAttempt, { kind: 'stepUp', address: null, userId, ip: cx.origin.ip ?? null });
  const oldHash = await compare(dependencies, cx, { userId, email: person.email, password: currentPassword });
  await checkPassword(newPassword, person, { field: 'newPassword', network: networkOf(cx.origin.ip ?? null) });
  const passwordHash = await hashing.hash(newPassword, laneOf(cx.origin));
  const now = clock.now();
  // Before the change: what the mail says is not to fail when everything is done.
  const keys = await preTenant.countLiveKeys(userId, now);
  const sessionsEnded = await preTenant.changePassword(userId, oldHash, passwordHash, credentialId, now);
  if (sessionsEnded === null) throw wrongPassword();
  cx.accessChanged({ kind: 'user', id: userId });
  mailer.send(passwordChangedMail(mails, { to: person.email, at: now, keys }));
  return { sessionsEnded };
}

interface Guess {
  readonly userId: string;
  readonly email: string;
  readonly password: string;
}

/** The hash that the current password fits. @throws ValidationError when it fits none. */
async function compare(dependencies: PeopleDependencies, cx: ServiceContext, { userId, email, password }: Guess): Promise<string> {
  const { preTenant, clock, hashing, mailer, mails } = dependencies;
  const subject = dependencies.attemptSubjects.session(userId);
  const { passwordHash, locked, locksUntil } = await preTenant.beginSignIn(email, subject, clock.now());
  try {
    if (passwordHash !== null && (await hashing.verify(passwordHash, password, laneOf(cx.origin))) && !locked) {
      await preTenant.settleSignIn(subject, true);
      return passwordHash;
    }
  } catch (error) {
    // Nothing was compared.
    if (!locked) await preTenant.settleSignIn(subject, false);
    throw error;
  }
  if (locksUntil !== null) mailer.send(sessionLockedMail(mails, { to: email, until: locksUntil }));
  throw wrongPassword();
}
