import { expect, test } from 'vitest';
import { hashSecret } from '../../platform/crypto/passwords.ts';
import { createVerifier, rememberMatches, type Verifier } from './verify.ts';

const RIGHT = 'a secret';

/** The real verifier, and how often it had to work. */
const counted = (): Verifier & { calls: number } => {
  const verifier = createVerifier('test');
  return {
    calls: 0,
    verify(hashed, secret) {
      this.calls += 1;
      return verifier.verify(hashed, secret);
    },
  };
};

test('a right secret fits its hash, a wrong one does not, and nothing fits no hash', async () => {
  const { verify } = createVerifier('test');
  const hashed = await hashSecret(RIGHT, 'test');
  expect(await verify(hashed, RIGHT)).toBe(true);
  expect(await verify(hashed, 'wrong')).toBe(false);
  expect(await verify(null, RIGHT)).toBe(false);
});

test('a match is worked out once, also for requests that come together', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  const hashed = await hashSecret(RIGHT, 'test');
  expect(await Promise.all([1, 2, 3].map(() => matches('print', hashed, RIGHT)))).toEqual([true, true, true]);
  expect(await matches('print', hashed, RIGHT)).toBe(true);
  expect(verifier.calls).toBe(1);
});

test('a mismatch and an unknown key are worked out every time, so that guessing stays slow', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  const hashed = await hashSecret(RIGHT, 'test');
  for (let round = 0; round < 3; round += 1) {
    expect(await matches('print', hashed, 'wrong')).toBe(false);
    expect(await matches('unknown', null, RIGHT)).toBe(false);
  }
  expect(verifier.calls).toBe(6);
});

test('a match counts for the hash that it was worked out with, not for the next one', async () => {
  const matches = rememberMatches(createVerifier('test'));
  expect(await matches('print', await hashSecret(RIGHT, 'test'), RIGHT)).toBe(true);
  expect(await matches('print', await hashSecret('another', 'test'), RIGHT)).toBe(false);
});

test('before a secret is worked out it is asked whether it may be; one that is remembered is not asked for', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  const hashed = await hashSecret(RIGHT, 'test');
  const refuse = () => Promise.reject(new Error('not now'));
  for (const known of [hashed, null]) await expect(matches('print', known, RIGHT, refuse)).rejects.toThrow('not now');
  expect(verifier.calls).toBe(0);
  expect(await matches('print', hashed, RIGHT, () => Promise.resolve())).toBe(true);
  expect(await matches('print', hashed, RIGHT, refuse)).toBe(true);
});
