import { NotFoundError, ValidationError } from '../../kernel/errors.ts';
import { takeAttempt, tellOfLock } from '../auth/index.ts';
import { passwordChangedMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePerson } from '../require-person.ts';
import type { ServiceContext } from '../service-context.ts';
import { laneOf, type PeopleDependencies } from './dependencies.ts';
import { checkPassword } from './password.rules.ts';
import { type ChangePasswordInput, changePasswordInput } from './people.input.ts';

const wrongPassword = (): ValidationError => ValidationError.of('currentPassword', 'is wrong, or the account is locked');

/**
 * A wrong current password counts like one at sign-in: a stolen session is no way to guess without end. The session is
 * not held for proved afresh by it, because whoever has a second factor proves more than a password.
 */
export async function changePassword(dependencies: PeopleDependencies, cx: ServiceContext, input: ChangePasswordInput): Promise<{ sessionsEnded: number }> {
  const { preTenant, clock, hashing, countAttempt, mailer, mails } = dependencies;
  const { userId, credentialId } = requirePerson(cx);
  const { currentPassword, newPassword } = parseInput(changePasswordInput, input);
  const person = await cx.db.user.findFirst({ where: { id: userId }, select: { email: true, name: true } });
  if (person === null) throw new NotFoundError('User');
  await takeAttempt(countAttempt, { kind: 'stepUp', address: person.email, ip: cx.origin.ip ?? null });
  const oldHash = await compare(dependencies, cx, { email: person.email, password: currentPassword });
  await checkPassword(newPassword, person, 'newPassword');
  const passwordHash = await hashing.hash(newPassword, laneOf(cx.origin));
  const now = clock.now();
  const sessionsEnded = await preTenant.changePassword(userId, oldHash, passwordHash, credentialId, now);
  if (sessionsEnded === null) throw wrongPassword();
  cx.accessChanged({ kind: 'user', id: userId });
  mailer.send(passwordChangedMail(mails, { to: person.email, at: now }));
  return { sessionsEnded };
}

/** The hash that the current password fits. @throws ValidationError when it fits none. */
async function compare(dependencies: PeopleDependencies, cx: ServiceContext, { email, password }: { email: string; password: string }): Promise<string> {
  const { preTenant, clock, hashing, mailer, mails } = dependencies;
  const addressHash = dependencies.addressHash(email);
  const found = await preTenant.beginSignIn(email, addressHash, clock.now());
  const { passwordHash, locked, secondFactor } = found;
  try {
    if (passwordHash !== null && (await hashing.verify(passwordHash, password, laneOf(cx.origin))) && !locked) {
      // With a second factor the password alone gives back no more than this attempt: codes are counted with it.
      await preTenant.settleSignIn(addressHash, !secondFactor);
      return passwordHash;
    }
  } catch (error) {
    // Nothing was compared.
    if (!locked) await preTenant.settleSignIn(addressHash, false);
    throw error;
  }
  tellOfLock({ mailer, mails }, email, found);
  throw wrongPassword();
}
