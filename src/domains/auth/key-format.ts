import { createHmac, createSecretKey, hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { deriveKey } from '../../platform/crypto/keys.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const START = 'tk_';
const RANDOM_LENGTH = 26;
const CHECKSUM_LENGTH = 6;
const FORM = new RegExp(`^${START}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** CRC-32 as six base62 digits: tells a mistyped key from a real one without asking anybody. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

/** A new API key: `tk_`, 26 random characters (154 bits) and 6 of checksum. */
export function generateApiKey(): string {
  // randomInt draws again instead of taking a remainder, so that each character is equally likely.
  const random = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
  return START + random + checksum(START + random);
}

/** Whether a token says that it is an API key. */
export function looksLikeApiKey(token: string): boolean {
  return token.startsWith(START);
}

/** Whether a token has the form of an API key and its checksum is right. */
export function isWellFormedApiKey(token: string): boolean {
  return FORM.test(token) && checksum(token.slice(0, -CHECKSUM_LENGTH)) === token.slice(-CHECKSUM_LENGTH);
}

/** The part of a key that people may see, to tell their keys apart. */
export function prefixOf(key: string): string {
  return key.slice(0, START.length + 6);
}

/** How a key is found: HMAC-SHA-256 under a key that the database does not have, so a stolen table helps nobody guess. */
export type Fingerprint = (key: string) => Buffer<ArrayBuffer>;

/** As many fingerprints are remembered at one time. */
const MOST_REMEMBERED = 10_000;

/** The fingerprints of one installation. */
export function createFingerprint(secretKey: string): Fingerprint {
  // As a key object: from bytes one would be made at every request, which takes five times as long as the rest.
  const pepper = createSecretKey(deriveKey(secretKey, 'api key fingerprint'));
  // An HMAC makes objects outside of the heap, which costs a request more than all else that is asked of a remembered key.
  // A key is 154 random bits: its plain digest, which takes a tenth, is as little use to whoever reads the memory.
  const remembered = new LRUCache<string, Buffer<ArrayBuffer>>({ max: MOST_REMEMBERED });
  return (key) => {
    const digest = hash('sha256', key, 'base64');
    const known = remembered.get(digest);
    if (known !== undefined) return known;
    const fingerprint = createHmac('sha256', pepper).update(key).digest();
    remembered.set(digest, fingerprint);
    return fingerprint;
  };
}
