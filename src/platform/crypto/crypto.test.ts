import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { deriveKey } from './keys.ts';
import { hashSecret, verifySecret } from './passwords.ts';
import { isToken, randomToken, sha256 } from './tokens.ts';

test('a password is hashed by argon2id with 19 MiB, two rounds and one lane, and a salt of its own', async () => {
  const hashed = await hashSecret('secret', 'standard');
  expect(hashed).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
  expect(await hashSecret('secret', 'standard')).not.toBe(hashed);
  expect(await verifySecret(hashed, 'secret')).toBe(true);
  expect(await verifySecret(hashed, 'Secret')).toBe(false);
});

test('keys of different purposes and secrets differ, and the same is the same', () => {
  const key = deriveKey('a'.repeat(32), 'one');
  expect(key).toHaveLength(32);
  expect(deriveKey('a'.repeat(32), 'one')).toEqual(key);
  expect(deriveKey('a'.repeat(32), 'two')).not.toEqual(key);
  expect(deriveKey('b'.repeat(32), 'one')).not.toEqual(key);
});

test('a token has 256 bits behind its prefix, and only that form is one', () => {
  const tokens = Array.from({ length: 1_000 }, () => randomToken('ta_'));
  expect(new Set(tokens).size).toBe(1_000);
  expect(tokens.every((token) => isToken('ta_', token))).toBe(true);
  const [token = ''] = tokens;
  for (const other of [
    '',
    'ta_',
    `tr_${token.slice(3)}`,
    `${token}x`,
    token.slice(1),
    token.replace(/.$/, '\n'),
    token.replace(/.$/, '+'),
  ]) {
    expect(isToken('ta_', other)).toBe(false);
  }
  expect(sha256('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('equal values have one canonical text, different ones have different texts', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  expect(canonicalJson(JSON.parse('{"__proto__": 1, "a": 2}'))).toBe('{"__proto__":1,"a":2}');
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  expect(canonicalJson({ a: undefined })).toBe('{}');
  expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});
