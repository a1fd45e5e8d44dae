import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectRedis } from './redis.ts';
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

test('while Redis is away each key has a window of its own in this process', async () => {
  // Nothing listens on the first port.
  const { redis, settled, close } = connectRedis({ url: 'redis://127.0.0.1:1', onChange: () => undefined });
  await settled();
  const { take } = createWindows({ prefix: 'test', periodSeconds: 3_600, redis });
  expect(await take('a', 5, 5)).toMatchObject({ fits: true, left: 0 });
  expect(await take('b', 5, 5)).toMatchObject({ fits: true, left: 0 });
  expect(await take('a', 1, 5)).toMatchObject({ fits: false, left: 0 });
  close();
});
