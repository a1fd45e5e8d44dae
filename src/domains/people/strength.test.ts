import { expect, test } from 'vitest';
import { estimateStrength } from './strength.ts';

const PASSWORD = 'correct horse battery staple';

test('what many of one network wait for holds up no other for longer than one of them', async () => {
  const done: string[] = [];
  const estimate = async (network: string): Promise<void> => {
    await estimateStrength(PASSWORD, [], network);
    done.push(network);
  };
  await Promise.all([...Array.from({ length: 8 }, () => estimate('many')), estimate('one'), estimate('another')]);
  expect(done.slice(0, 3).toSorted()).toEqual(['another', 'many', 'one']);
});

test('more than ten of one network do not wait, and others do', async () => {
  const outcomes = (network: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => estimateStrength(PASSWORD, [], network).then(() => 'estimated', (error: { code: string }) => error.code)));
  const [many, others] = await Promise.all([outcomes('many', 14), outcomes('other', 3)]);
  expect(many.filter((outcome) => outcome === 'SERVICE_UNAVAILABLE')).toHaveLength(3);
  expect(others).toEqual(['estimated', 'estimated', 'estimated']);
});

test('what others would try first is easy to guess', async () => {
  expect((await estimateStrength('GrisebachWennerholt', [], 'x')).score).toBeGreaterThan(1);
  expect((await estimateStrength('GrisebachWennerholt', ['grisebach', 'wennerholt'], 'x')).score).toBeLessThan(2);
});
