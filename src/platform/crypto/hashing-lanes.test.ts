import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createHashingLanes, type HashingFor } from './hashing-lanes.ts';

const known: HashingFor = { lane: 'known' };
const from = (network: string): HashingFor => ({ lane: 'guess', network });
const mint = (orgId: string): HashingFor => ({ lane: 'mint', orgId });

type Asked = readonly [name: string, who: HashingFor];
const times = (count: number, name: string, who: (index: number) => HashingFor): Asked[] =>
  Array.from({ length: count }, (_, index) => [`${name} ${index}`, who(index)]);

/** Asks for work, in this order and at once, that takes until the test ends it. */
async function ask(atOnce: number, waitingPerNetwork: number, asked: readonly Asked[]) {
  const lanes = createHashingLanes({ atOnce, waitingPerNetwork });
  const begun: string[] = [];
  const refused: unknown[] = [];
  const ends = new Map<string, () => void>();
  for (const [name, who] of asked) {
    const work = () => new Promise<void>((resolve) => (begun.push(name), ends.set(name, resolve)));
    lanes(who, work).catch((error: { code: string }) => refused.push(error.code));
  }
  await setImmediate();
  return {
    lanes,
    /** What was begun so far, in this order. */
    begun,
    /** The codes of what was not let in. */
    refused,
    async end(name: string) {
      ends.get(name)!();
      await setImmediate();
    },
  };
}

test.each([
  ['guesses of one network', from('a')],
  ['new secrets of one organization', mint('a')],
])('a flood of %s has one place, and its rest is refused before any work', async (_what, who) => {
  const { begun, refused } = await ask(6, 5, times(50, 'flood', () => who));
  expect(begun).toEqual(['flood 0']);
  expect(refused).toEqual(Array(44).fill('SERVICE_UNAVAILABLE'));
});

describe('a flood of guesses', () => {
  test('of one network leaves the places of the others free', async () => {
    const { begun } = await ask(6, 5, [...times(6, 'flood', () => from('flood')), ['another', from('another')]]);
    expect(begun).toEqual(['flood 0', 'another']);
  });

  test('of many networks takes two thirds of the places, and not that of the known', async () => {
    const one = await ask(6, 5, [...times(60, 'flood', (index) => from(`network ${index}`)), ...times(3, 'key', () => known)]);
    expect(one.begun).toEqual(['flood 0', 'flood 1', 'flood 2', 'flood 3', 'key 0', 'key 1']);
    await one.end('flood 1');
    await one.end('key 0');
    expect(one.begun.slice(6)).toEqual(['flood 4', 'key 2']);
  });

  test('has a place beside that of the known, however few there are', async () => {
    expect((await ask(1, 5, [...times(3, 'flood', (index) => from(`network ${index}`)), ['key', known]])).begun).toEqual(['flood 0', 'key']);
  });

  test('ends: a network has room again as soon as its own are done, also by failing', async () => {
    const { lanes, begun, end } = await ask(2, 0, [['first', from('a')]]);
    await expect(lanes(from('a'), async () => 'early')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await end('first');
    await expect(lanes(from('a'), () => Promise.reject(new Error('no hash')))).rejects.toThrow('no hash');
    expect(await lanes(from('a'), async () => 'in time')).toBe('in time');
    expect(begun).toEqual(['first']);
  });
});

describe('a flood of new secrets', () => {
  test('of one organization keeps no other waiting for more than one of them', async () => {
    const { begun, end } = await ask(6, 100, [...times(30, 'flood', () => mint('flood')), ['another', mint('another')]]);
    await end('flood 0');
    expect(begun).toEqual(['flood 0', 'another']);
  });

  test('of many organizations keeps no key waiting for more than one of them', async () => {
    const { begun, end } = await ask(2, 100, [...times(60, 'flood', (index) => mint(`organization ${index}`)), ...times(3, 'key', () => known)]);
    for (const name of ['flood 0', 'key 0', 'key 1']) await end(name);
    expect(begun).toEqual(['flood 0', 'key 0', 'key 1', 'key 2']);
  });
});
