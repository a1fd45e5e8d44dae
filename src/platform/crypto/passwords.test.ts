import { expect, test } from 'vitest';
import type { HashingFor } from './hashing-lanes.ts';
import { createHashing, hashSecret } from './passwords.ts';

const known: HashingFor = { lane: 'known' };
const from = (network: string): HashingFor => ({ lane: 'guess', network });
const text = 'correct horse battery staple';

test('what was hashed in either lane is verified in either', async () => {
  const both = createHashing({ cost: 'test', atOnce: 3, waitingPerNetwork: 5 });
  for (const who of [known, from('a')]) {
    expect(await both.verify(await both.hash(text, who), text, known)).toBe(true);
    expect(await both.verify(await both.hash(text, who), 'wrong', from('b'))).toBe(false);
  }
});

test('what is hashed and what is verified wait in the same lanes', async () => {
  const one = createHashing({ cost: 'test', atOnce: 1, waitingPerNetwork: 0 });
  const hashed = await hashSecret(text, 'test');
  for (const work of [() => one.hash(text, from('a')), () => one.verify(hashed, text, from('a'))]) {
    const [first, ...others] = await Promise.allSettled([one.verify(hashed, text, from('a')), work()]);
    expect(first).toEqual({ status: 'fulfilled', value: true });
    expect(others).toMatchObject([{ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } }]);
  }
});
