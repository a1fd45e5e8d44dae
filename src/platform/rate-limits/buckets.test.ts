import { describe, expect, test } from 'vitest';
import { createLocalBuckets, createSharedBuckets } from './buckets.ts';
import { connectRedis } from './redis.ts';

describe('a bucket', () => {
  let nowMs = 1_000;
  const buckets = () => createLocalBuckets({ capacity: 20, perSecond: 100 }, () => nowMs);

  test('gives what it holds and not one more', () => {
    const { take } = buckets();
    for (let left = 19; left >= 0; left--) expect(take('a', 1)).toEqual({ fits: true, left, waitMs: 0 });
    expect(take('a', 1)).toEqual({ fits: false, left: 0, waitMs: 10 });
  });

  test('gives all that is asked for or nothing', () => {
    const { take } = buckets();
    expect(take('a', 15)).toMatchObject({ fits: true, left: 5 });
    expect(take('a', 6)).toEqual({ fits: false, left: 5, waitMs: 10 });
    expect(take('a', 5)).toMatchObject({ fits: true, left: 0 });
  });

  test('refills as time goes by, and never beyond what it holds', () => {
    const { take } = buckets();
    take('a', 20);
    nowMs += 9;
    expect(take('a', 1)).toEqual({ fits: false, left: 0, waitMs: 1 });
    nowMs += 1;
    expect(take('a', 1)).toMatchObject({ fits: true, left: 0 });
    nowMs += 3_600_000;
    expect(take('a', 0)).toMatchObject({ left: 20 });
    expect(take('a', 21)).toMatchObject({ fits: false, left: 20 });
  });

  test('takes back what is given back, and never beyond what it holds', () => {
    const { take } = buckets();
    take('a', 20);
    expect(take('a', -15)).toMatchObject({ fits: true, left: 15 });
    expect(take('a', -15)).toMatchObject({ fits: true, left: 20 });
  });

  test('is one for each key', () => {
    const { take } = buckets();
    take('a', 20);
    expect(take('b', 20)).toMatchObject({ fits: true });
  });
});

test('buckets that all processes share are still one for each key while Redis is away', async () => {
  // Nothing listens on the first port.
  const { redis, settled, close } = connectRedis({ url: 'redis://127.0.0.1:1', onChange: () => undefined });
  await settled();
  const { take } = createSharedBuckets({ capacity: 20, perSecond: 0.001 }, { redis, prefix: 'test' });
  expect(await take('a', 20)).toMatchObject({ fits: true });
  expect(await take('b', 20)).toMatchObject({ fits: true });
  expect(await take('a', 1)).toMatchObject({ fits: false });
  close();
});
