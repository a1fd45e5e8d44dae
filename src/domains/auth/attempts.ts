import { RateLimitedError } from '../../kernel/errors.ts';

/** What somebody who need not be signed in tries; each kind is counted for itself. */
export type AttemptKind = 'signIn' | 'register' | 'verify' | 'reset' | 'stepUp' | 'invitation' | 'leakedKey';

export interface Attempt {
  readonly kind: AttemptKind;
  /** The address that is meant, in lower case, whether anybody has it or not; null when none is named. */
  readonly address: string | null;
  /** Who tries it, behind the door: counted in place of an address, which everybody may try. */
  readonly userId?: string;
  /** Where it comes from; null when that is not known. */
  readonly ip: string | null;
}

/**
 * Counts an attempt: of its address, of its person, and of the network that it comes from.
 *
 * @returns null when it may be made, else the milliseconds until another may.
 */
export type CountAttempt = (attempt: Attempt) => Promise<number | null>;

/** Counts an attempt. @throws RateLimitedError when there were too many; nothing else was done then. */
export async function takeAttempt(countAttempt: CountAttempt, attempt: Attempt): Promise<void> {
  const waitMs = await countAttempt(attempt);
  // One text for all windows: which of them is full tells what others do with an address.
  if (waitMs !== null) throw new RateLimitedError('Too many attempts with this address or from your network', waitMs);
}
