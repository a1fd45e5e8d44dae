import { createHmac, randomInt } from 'node:crypto';

/** Digits and letters that nobody takes for one another: no I, L, O, U (Crockford's base 32). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 16;
const FORM = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);
/** How many a person gets at once. */
const HOW_MANY = 10;

/** New codes for somebody who has lost the authenticator: each of 80 random bits, as `XXXX-XXXX-XXXX-XXXX`. */
export function generateRecoveryCodes(): string[] {
  return Array.from({ length: HOW_MANY }, () => {
    const characters = Array.from({ length: LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
    return characters.replace(/(.{4})(?!$)/g, '$1-');
  });
}

/**
 * What is stored of a code. Two people's equal codes have different hashes, and a stolen table helps nobody guess.
 *
 * @param pepper a key that the database does not have.
 * @returns null for what cannot be a code; case, spaces, hyphens and letters that look like digits do not matter.
 */
export function hashRecoveryCode(pepper: Buffer, userId: string, code: string): Buffer<ArrayBuffer> | null {
  const plain = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (!FORM.test(plain)) return null;
  return createHmac('sha256', pepper).update(`${userId}:${plain}`).digest();
}
