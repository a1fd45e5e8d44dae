import { expect, test, vi } from 'vitest';
import { startCredentialClearing } from './clearing.ts';

test('what is over is cleared at once and again and again, also after a round that failed, until it is stopped', async () => {
  const asked: Date[] = [];
  const failures: unknown[] = [];
  const now = new Date('2026-01-31T09:30:00.000Z');
  const clearCredentials = (at: Date): Promise<void> => (asked.push(at) === 1 ? Promise.reject(new Error('not now')) : Promise.resolve());
  const clearing = startCredentialClearing({ preTenant: { clearCredentials }, clock: { now: () => now }, onFailure: (error) => failures.push(error), intervalMs: 1 });
  expect(asked).toEqual([now]);
  await vi.waitUntil(() => asked.length > 2);
  await clearing.stop();
  expect(failures.map(String)).toEqual(['Error: not now']);
  const after = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toHaveLength(after);
});
