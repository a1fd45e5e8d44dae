import { argon2id, hash, verify } from 'argon2';

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
