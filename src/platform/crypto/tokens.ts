import { createHash, randomBytes } from 'node:crypto';

/** A secret of 256 random bits behind a prefix that says what it is: the prefix and 43 base64url characters. */
export function randomToken(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** Whether a text has the form that `randomToken` gives it. */
export function isToken(prefix: string, text: string): boolean {
  return text.length === prefix.length + 43 && text.startsWith(prefix) && /^[\w-]+$/.test(text);
}

/** What is stored of a random token: with 256 random bits in it, no slow hash is needed. */
export function sha256(text: string): Buffer<ArrayBuffer> {
  return createHash('sha256').update(text).digest();
}
