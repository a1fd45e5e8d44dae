import { expect, test } from 'vitest';
import type { HashingFor } from '../../platform/crypto/hashing-lanes.ts';
import { createHashing, hashSecret } from '../../platform/crypto/passwords.ts';
import { createVerifier, rememberMatches, type Verifier } from './verify.ts';

const RIGHT = 'a secret';
const network = '192.0.2.1';
const guess: HashingFor = { lane: 'guess', network };
const verifierOfTests = (): Verifier => createVerifier(createHashing({ cost: 'test', atOnce: 3, waitingPerNetwork: 5 }));
const presented = (hashed: string | null, secret: string, fingerprint = 'print') => ({ fingerprint, hashed, secret, network });

/** The real verifier, and how often it had to work. */
const counted = (): Verifier & { calls: number; lanes: Set<string> } => {
  const verifier = verifierOfTests();
  return {
    calls: 0,
    lanes: new Set(),
    verify(hashed, secret, who) {
      this.calls += 1;
      this.lanes.add(`${who.lane} ${hashed === null ? 'unknown' : 'known'}`);
      return verifier.verify(hashed, secret, who);
    },
  };
};

test('a right secret fits its hash, a wrong one does not, and nothing fits no hash', async () => {
  const { verify } = verifierOfTests();
  const hashed = await hashSecret(RIGHT, 'test');
  expect(await verify(hashed, RIGHT, guess)).toBe(true);
  expect(await verify(hashed, 'wrong', guess)).toBe(false);
  expect(await verify(null, RIGHT, guess)).toBe(false);
});

test('a match is worked out once, also for requests that come together', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  const hashed = await hashSecret(RIGHT, 'test');
  expect(await Promise.all([1, 2, 3].map(() => matches(presented(hashed, RIGHT))))).toEqual([true, true, true]);
  expect(await matches(presented(hashed, RIGHT))).toBe(true);
  expect(verifier.calls).toBe(1);
});

test('a mismatch and an unknown key are worked out every time, so that guessing stays slow', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  const hashed = await hashSecret(RIGHT, 'test');
  for (let round = 0; round < 3; round += 1) {
    expect(await matches(presented(hashed, 'wrong'))).toBe(false);
    expect(await matches(presented(null, RIGHT, 'unknown'))).toBe(false);
  }
  expect(verifier.calls).toBe(6);
});

test('a match counts for the hash that it was worked out with, not for the next one', async () => {
  const matches = rememberMatches(verifierOfTests());
  expect(await matches(presented(await hashSecret(RIGHT, 'test'), RIGHT))).toBe(true);
  expect(await matches(presented(await hashSecret('another', 'test'), RIGHT))).toBe(false);
});

test('before a secret is worked out it is asked whether it may be; one that is remembered is not asked for', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  const hashed = await hashSecret(RIGHT, 'test');
  const refuse = () => Promise.reject(new Error('not now'));
  for (const known of [hashed, null]) await expect(matches(presented(known, RIGHT), refuse)).rejects.toThrow('not now');
  expect(verifier.calls).toBe(0);
  expect(await matches(presented(hashed, RIGHT), () => Promise.resolve())).toBe(true);
  expect(await matches(presented(hashed, RIGHT), refuse)).toBe(true);
});

test('a secret whose fingerprint is stored has the lane of the known; any other is a guess of its network', async () => {
  const verifier = counted();
  const matches = rememberMatches(verifier);
  await matches(presented(await hashSecret(RIGHT, 'test'), RIGHT));
  await matches(presented(null, RIGHT, 'unknown'));
  expect([...verifier.lanes]).toEqual(['known known', 'guess unknown']);
});
