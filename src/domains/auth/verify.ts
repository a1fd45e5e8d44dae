import { LRUCache } from 'lru-cache';
import type { HashingFor } from '../../platform/crypto/hashing-lanes.ts';
import type { Hashing } from '../../platform/crypto/passwords.ts';

/** Compares a secret with a hash, or with nothing: both take the same work. */
export interface Verifier {
  /**
   * @param hashed null when there is nothing to compare with; the answer is then false, as late as any other.
   * @throws ServiceUnavailableError, before any work, when too many of the same network wait already.
   */
  verify(hashed: string | null, secret: string, who: HashingFor): Promise<boolean>;
}

/** A verifier for secrets that people type: nothing is remembered. */
export function createVerifier(hashing: Hashing): Verifier {
  // Nobody knows what was hashed here, so nothing matches it.
  const decoy = hashing.hash(crypto.randomUUID(), { lane: 'known' });
  return {
    async verify(hashed, secret, who) {
      const matches = await hashing.verify(hashed ?? (await decoy), secret, who);
      return matches && hashed !== null;
    },
  };
}

/** Asked before a secret is verified, which takes the processor for long; throws when it may not be. */
export type BeforeWork = () => Promise<void>;

/** That a secret fits its hash cannot change; still it is not kept for longer than this. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/** A secret that comes with every request. */
export interface PresentedSecret {
  /** An HMAC of the secret, under which a match is remembered. */
  readonly fingerprint: string;
  /** What is stored under the fingerprint; null when nothing is. */
  readonly hashed: string | null;
  readonly secret: string;
  /** The network that it comes from. */
  readonly network: string;
}

/**
 * The same for secrets that come with every request: a match is remembered for 60 s, and requests that come together
 * wait for one verification. A mismatch is never remembered, so that guessing stays slow. A secret whose fingerprint is
 * stored is right for certain and has the lane of the known; everything else is a guess of its network.
 *
 * @returns a function that also takes what is to be done before there is anything to work out; when that throws,
 *   nothing is.
 */
export function rememberMatches(verifier: Verifier): (presented: PresentedSecret, beforeWork?: BeforeWork) => Promise<boolean> {
  const matches = new LRUCache<string, Promise<boolean>>({ max: MOST_REMEMBERED, ttl: REMEMBERED_MS });
  return async ({ fingerprint, hashed, secret, network }, beforeWork) => {
    const who: HashingFor = hashed === null ? { lane: 'guess', network } : { lane: 'known' };
    const verify = async (): Promise<boolean> => {
      await beforeWork?.();
      return verifier.verify(hashed, secret, who);
    };
    if (hashed === null) return verify();
    // A fingerprint belongs to one secret, so fingerprint and hash together say all that the answer depends on.
    const key = `${fingerprint}:${hashed}`;
    const known = matches.get(key);
    if (known !== undefined) return known;
    const verification = verify();
    matches.set(key, verification);
    const forget = (): void => {
      if (matches.peek(key) === verification) matches.delete(key);
    };
    verification.then((matched) => matched || forget(), forget);
    return verification;
  };
}
