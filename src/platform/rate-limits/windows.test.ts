import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createWindows } from './windows.ts';

test('what is given back after its window is nobody’s: the next window has what it has', async () => {
  const { take } = createWindows({ prefix: 'test', periodSeconds: 1, redis: null });
  const taken = await take('a', 3, 5);
  await wait(1_100);
  await taken.giveBack();
  expect(await take('a', 6, 6)).toMatchObject({ fits: true, left: 0 });
  expect((await take('a', 1, 6)).fits).toBe(false);
});

test('what is given back within its window is there again', async () => {
  const { take } = createWindows({ prefix: 'test', periodSeconds: 3_600, redis: null });
  await (await take('a', 5, 5)).giveBack();
  expect(await take('a', 5, 5)).toMatchObject({ fits: true, left: 0 });
  expect((await take('a', 1, 5)).fits).toBe(false);
});
