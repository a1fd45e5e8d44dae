import { argon2id, hash, verify } from 'argon2';
import { createHashingLanes, type HashingFor, type HashingLanesOptions } from './hashing-lanes.ts';

/** How much work a hash is: 'test' is for tests only, which make thousands of them. */
export type HashCost = 'standard' | 'test';

const MEMORY_KIB: Readonly<Record<HashCost, number>> = { standard: 19_456, test: 8 };

/** The argon2id hash of a password or key, in the PHC string form that carries its own parameters and salt. */
export function hashSecret(text: string, cost: HashCost): Promise<string> {
  return hash(text, { type: argon2id, memoryCost: MEMORY_KIB[cost], timeCost: 2, parallelism: 1 });
}

/** Whether `text` is what was hashed. Takes as long for a wrong text as for the right one. */
export function verifySecret(hashed: string, text: string): Promise<boolean> {
  return verify(hashed, text);
}

/** Works out the hashes of a process, so many at once: see hashing-lanes.ts. */
export interface Hashing {
  /** @throws ServiceUnavailableError, before any work, when too many of the network or organization wait already. */
  hash(text: string, who: HashingFor): Promise<string>;
  /** @throws ServiceUnavailableError, as above. */
  verify(hashed: string, text: string, who: HashingFor): Promise<boolean>;
}

export interface HashingOptions extends HashingLanesOptions {
  readonly cost: HashCost;
}

/** Hashes, and compares with hashes, in the lanes of the process. */
export function createHashing({ cost, ...lanes }: HashingOptions): Hashing {
  const inTurn = createHashingLanes(lanes);
  return {
    hash: (text, who) => inTurn(who, () => hashSecret(text, cost)),
    verify: (hashed, text, who) => inTurn(who, () => verifySecret(hashed, text)),
  };
}
