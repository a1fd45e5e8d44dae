import { expect, test } from 'vitest';
import { createRateLimits, type Demand } from './index.ts';

// Refills so slowly that nothing comes back during a test.
const SETTINGS = {
  burst: { capacity: 20, perSecond: 0.001 },
  work: { capacity: 1_000, perSecond: 0.01 },
  attemptsPerMinute: 5,
  failuresPerMinute: 60,
};
const demand = (more: Partial<Demand> = {}): Demand => ({ subject: 'key:a', calls: 1, callsPerHour: 5, work: 10, ...more });
const limits = () => createRateLimits(SETTINGS, null);

test('of n and one more at the same moment, n are admitted', async () => {
  const { admit } = limits();
  const admitted = await Promise.all(Array.from({ length: 6 }, () => admit(demand())));
  expect(admitted.map(({ refusal }) => refusal?.limit ?? null)).toEqual([null, null, null, null, null, 'hour']);
  expect(admitted.map(({ callsLeft }) => callsLeft)).toEqual([4, 3, 2, 1, 0, 0]);
  expect(admitted[5]?.refusal?.waitMs).toBeGreaterThan(3_590_000);
});

test('each subject has its own', async () => {
  const { admit } = limits();
  await admit(demand({ calls: 5 }));
  expect((await admit(demand({ subject: 'key:b', calls: 5 }))).refusal).toBeNull();
  expect((await admit(demand())).refusal).not.toBeNull();
});

test.each([
  ['hour', { calls: 6 }],
  ['burst', { calls: 21, callsPerHour: 100 }],
  ['work', { work: 1_001 }],
] as const)('what the limit of %s refuses takes nothing from any', async (limit, more) => {
  const { admit } = limits();
  const refused = await admit(demand(more));
  expect(refused.refusal?.limit).toBe(limit);
  expect(refused).toMatchObject({ callsLeft: 'callsPerHour' in more ? 100 : 5, workLeft: 1_000 });
  expect(await admit(demand({ calls: 5, work: 1_000 }))).toMatchObject({ refusal: null, callsLeft: 0, workLeft: 0 });
});

test('what is more than is left takes nothing of it', async () => {
  const { admit } = limits();
  await admit(demand({ calls: 3 }));
  expect(await admit(demand({ calls: 3 }))).toMatchObject({ refusal: { limit: 'hour' }, callsLeft: 2 });
  expect(await admit(demand({ calls: 2 }))).toMatchObject({ refusal: null, callsLeft: 0 });
});

test('what asks for more than there can be does not crowd out what is beside it', async () => {
  const { admit } = limits();
  const [large, ...small] = await Promise.all([admit(demand({ calls: 6 })), ...Array.from({ length: 5 }, () => admit(demand()))]);
  expect(large?.refusal?.limit).toBe('hour');
  expect(small.map(({ refusal }) => refusal)).toEqual([null, null, null, null, null]);
});

test('what is more than there is in an hour has no wait that would help', async () => {
  const { admit } = limits();
  const { refusal } = await admit(demand({ calls: 21, callsPerHour: 20, work: 1_500 }));
  expect(refusal).toEqual({ limit: 'hour', waitMs: null });
});

test('of several limits that refuse the longest wait is told', async () => {
  const { admit } = limits();
  const { refusal } = await admit(demand({ calls: 21, callsPerHour: 21, work: 1_500 }));
  // 500 points at one in a hundred seconds.
  expect(refusal).toEqual({ limit: 'work', waitMs: 50_000_000 });
});

test('work that was not done is given back', async () => {
  const { admit, giveBackWork } = limits();
  await admit(demand({ work: 1_000 }));
  giveBackWork('key:a', 400);
  expect(await admit(demand({ work: 400 }))).toMatchObject({ refusal: null, workLeft: 0 });
});

test('five attempts a minute, and the sixth waits', async () => {
  const { attempt } = limits();
  const waits = await Promise.all(Array.from({ length: 6 }, () => attempt('a')));
  expect(waits.slice(0, 5)).toEqual([null, null, null, null, null]);
  expect(waits[5]).toBeGreaterThan(50_000);
  expect(waits[5]).toBeLessThanOrEqual(60_000);
  expect(await attempt('b')).toBeNull();
});
