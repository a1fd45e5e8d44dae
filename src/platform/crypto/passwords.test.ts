import { describe, expect, test } from 'vitest';
import { createHashing, type Hashing, type HashingFor, hashSecret } from './passwords.ts';

const known: HashingFor = { lane: 'known' };
const from = (network: string): HashingFor => ({ lane: 'guess', network });
const hashing = (atOnce: number, waitingPerNetwork = 5): Hashing => createHashing({ cost: 'test', atOnce, waitingPerNetwork });
const text = 'correct horse battery staple';

/** In which order work is done that is asked for in this order, in the same tick. */
async function order(of: Hashing, asked: readonly (readonly [string, HashingFor])[]): Promise<string[]> {
  const done: string[] = [];
  await Promise.allSettled(asked.map(async ([name, who]) => (await of.hash(text, who), done.push(name))));
  return done;
}
const times = (count: number, who: (index: number) => HashingFor, name: string) => Array.from({ length: count }, (_, index) => [`${name} ${index}`, who(index)] as const);

test('what was hashed in either lane is verified in either', async () => {
  const both = hashing(3);
  for (const who of [known, from('a')]) {
    expect(await both.verify(await both.hash(text, who), text, known)).toBe(true);
    expect(await both.verify(await both.hash(text, who), 'wrong', from('b'))).toBe(false);
  }
});

describe('a flood of guesses', () => {
  test('of one network has one place, and its rest is refused before any work', async () => {
    const one = hashing(6, 5);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => one.verify('$argon2id$ no hash', text, from('a'))));
    // What was let in fails by what it was given; what was refused was never looked at.
    const refused = results.filter((result) => result.status === 'rejected' && (result.reason as { code?: string }).code === 'SERVICE_UNAVAILABLE');
    expect(refused).toHaveLength(44);
  });

  test('of one network leaves the places of the others free', async () => {
    const done = await order(hashing(6), [...times(6, () => from('flood'), 'flood'), ['another', from('another')]]);
    expect(done.indexOf('another')).toBeLessThan(done.indexOf('flood 2'));
    expect(done).toHaveLength(7);
  });

  test('of many networks does not take the place of the known', async () => {
    const done = await order(hashing(2, 100), [...times(60, (index) => from(`network ${index}`), 'flood'), ['key', known]]);
    expect(done.indexOf('key')).toBeLessThan(10);
    expect(done).toHaveLength(61);
  });

  test('ends: a network has room again as soon as its own are done', async () => {
    const one = hashing(2, 0);
    const hashed = await hashSecret(text, 'test');
    for (let round = 0; round < 3; round += 1) expect(await one.verify(hashed, text, from('a'))).toBe(true);
  });
});

describe('a flood of new secrets', () => {
  const mint = (orgId: string): HashingFor => ({ lane: 'mint', orgId });

  test('of one organization has one place, and its rest is refused before any work', async () => {
    const one = hashing(6, 5);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => one.hash(text, mint('a'))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code?: string }).code] : []));
    expect(reasons).toEqual(Array(44).fill('SERVICE_UNAVAILABLE'));
  });

  test('of one organization keeps no other waiting for more than one of them', async () => {
    const done = await order(hashing(6, 100), [...times(30, () => mint('flood'), 'flood'), ['another', mint('another')]]);
    expect(done.indexOf('another')).toBeLessThan(3);
    expect(done).toHaveLength(31);
  });

  test('of many organizations keeps no key waiting for more than one of them', async () => {
    const done = await order(hashing(2, 100), [...times(60, (index) => mint(`organization ${index}`), 'flood'), ...times(3, () => known, 'key')]);
    expect(done.indexOf('key 2')).toBeLessThan(8);
    expect(done).toHaveLength(63);
  });
});
