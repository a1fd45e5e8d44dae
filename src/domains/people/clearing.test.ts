import { expect, test, vi } from 'vitest';
import { startCredentialClearing } from './clearing.ts';

test('what is over is cleared at once and again and again, also after a round that failed, until it is stopped', async () => {
  const asked: Date[] = [];
  const failures: unknown[] = [];
  const now = new Date('2026-01-31T09:30:00.000Z');
  const clearCredentials = (at: Date): Promise<boolean> => (asked.push(at) === 1 ? Promise.reject(new Error('not now')) : Promise.resolve(false));
  const clearing = startCredentialClearing({ preTenant: { clearCredentials }, clock: { now: () => now }, onFailure: (error) => failures.push(error), intervalMs: 1 });
  expect(asked).toEqual([now]);
  await vi.waitUntil(() => asked.length > 2, { timeout: 30_000 });
  await clearing.stop();
  expect(failures.map(String)).toEqual(['Error: not now']);
  const after = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toHaveLength(after);
});

test('what is more than one step takes is cleared in the same round, until it is stopped', async () => {
  let left = 2_500;
  const clearCredentials = async (): Promise<boolean> => {
    const step = Math.min(left, 1_000);
    left -= step;
    return step === 1_000;
  };
  const options = { clock: { now: () => new Date() }, onFailure: () => undefined, intervalMs: 3_600_000 };
  const clearing = startCredentialClearing({ preTenant: { clearCredentials }, ...options });
  await vi.waitUntil(() => left === 0, { timeout: 30_000 });
  await clearing.stop();
  const endless = startCredentialClearing({ preTenant: { clearCredentials: async () => true }, ...options });
  await endless.stop();
});
