import { ValidationError } from '../../kernel/errors.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { estimateStrength } from './strength.ts';

/** In characters. No kind of character is asked for: length and being hard to guess are what counts. */
const LEAST = 8;
const MOST = 128;
/** Below this a password is found by whoever may try without a limit. */
const SCORE_LEAST = 2;

const ADVICE = 'Take a few words that do not belong together';

/** Of whom a password is: what somebody who knows the person would try first. */
export interface PasswordOwner {
  readonly email: string;
  readonly name: string | null;
}

/** For whom a password is looked at. */
export interface PasswordCheck {
  /** How the input calls it. */
  readonly field?: string;
  /** Where it comes from: those of one network wait for each other, and for no other's. */
  readonly network?: string;
}

/**
 * Whether a password may be chosen.
 *
 * @throws ValidationError that says what is wrong with it and what would help, and never repeats it.
 * @throws ServiceUnavailableError when too many passwords of the network wait to be looked at.
 */
export async function checkPassword(
  password: string,
  { email, name }: PasswordOwner,
  { field = 'password', network = networkOf(null) }: PasswordCheck = {},
): Promise<void> {
  const { length } = [...password];
  if (length < LEAST || length > MOST) throw ValidationError.of(field, `must be ${LEAST} to ${MOST} characters long`);
  // Half of a surrogate pair is no character: it would be hashed as another one than was typed.
  if (!password.isWellFormed()) throw ValidationError.of(field, 'must be made of whole Unicode characters');
  const [local = email] = email.split('@');
  // Outright: of a long address the estimate adds up the parts, which are hard to guess for whoever does not know the person.
  if ([email, local].includes(password.trim().toLowerCase())) throw ValidationError.of(field, `is your address: ${ADVICE}`);
  // As a whole too, because together they are what is tried first.
  const words = [email, local, ...email.split(/[@.+_-]/), ...(name ?? '').split(/\s+/), 'tenantry'].filter((word) => word.length > 2);
  const { score, advice } = await estimateStrength(password, words, network);
  if (score >= SCORE_LEAST) return;
  const reason = advice === null ? '' : `${advice.replace(/[.!?]$/, '')}. `;
  throw ValidationError.of(field, `is easy to guess: ${reason}${ADVICE}`);
}
