import { expect, test } from 'vitest';
import { createFingerprint, generateApiKey, isWellFormedApiKey, prefixOf } from './key-format.ts';

test('10,000 generated keys are distinct, 35 characters long and carry their checksum', () => {
  const keys = Array.from({ length: 10_000 }, generateApiKey);
  expect(new Set(keys).size).toBe(10_000);
  expect(keys.filter((key) => !/^tk_[0-9A-Za-z]{32}$/.test(key))).toEqual([]);
  expect(keys.filter((key) => !isWellFormedApiKey(key))).toEqual([]);
});

test('every character is about equally frequent', () => {
  const counts = new Map<string, number>();
  const drawn = 10_000 * 26;
  for (let round = 0; round < 10_000; round += 1) {
    for (const character of generateApiKey().slice(3, 29)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  expect(counts.size).toBe(62);
  // 62 characters, 260,000 draws: a standard deviation is 64; a remainder of a byte would be off by 800.
  for (const count of counts.values()) expect(Math.abs(count - drawn / 62)).toBeLessThan(450);
});

test('a key with one character changed, swapped, added or lost is refused', () => {
  const key = generateApiKey();
  for (let place = 3; place < key.length; place += 1) {
    const other = key[place] === 'x' ? 'y' : 'x';
    expect(isWellFormedApiKey(key.slice(0, place) + other + key.slice(place + 1))).toBe(false);
  }
  expect(isWellFormedApiKey(`${key}0`)).toBe(false);
  expect(isWellFormedApiKey(key.slice(0, -1))).toBe(false);
  expect(isWellFormedApiKey(`${key}\n`)).toBe(false);
  expect(isWellFormedApiKey(key.replace('tk_', 'TK_'))).toBe(false);
  expect(isWellFormedApiKey('')).toBe(false);
});

test('the checksum is CRC-32 in base 62, so that other tools can check it', () => {
  // crc32('tk_' + 26 zeros) = 0xbb122cfd, worked out with another implementation.
  expect(isWellFormedApiKey(`tk_${'0'.repeat(26)}3QOxAb`)).toBe(true);
});

test('the fingerprint depends on the key and on the secret of the installation', () => {
  const key = generateApiKey();
  const fingerprint = createFingerprint('a'.repeat(32));
  expect(fingerprint(key)).toHaveLength(32);
  expect(fingerprint(key)).toEqual(createFingerprint('a'.repeat(32))(key));
  expect(fingerprint(key)).not.toEqual(createFingerprint('b'.repeat(32))(key));
  expect(fingerprint(key)).not.toEqual(fingerprint(generateApiKey()));
  expect(prefixOf(key)).toBe(key.slice(0, 9));
});
