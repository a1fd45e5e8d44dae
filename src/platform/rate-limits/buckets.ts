import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Taken } from './taken.ts';

/** Holds so much, and refills all the time. */
export interface Bucket {
  readonly capacity: number;
  readonly perSecond: number;
}

/** One bucket for each key, full at first. Giving back is taking less than nothing: a full one does not overflow. */
export interface Buckets {
  take(key: string, amount: number): Taken | Promise<Taken>;
}

interface Level {
  readonly left: number;
  readonly atMs: number;
}

/** More callers than ever come within the seconds that a bucket takes to fill; who is forgotten has a full one. */
const BUCKETS_MAX = 100_000;

/**
 * Buckets in the memory of this process.
 *
 * @param nowMs a clock that only goes forward, in milliseconds.
 */
export function createLocalBuckets({ capacity, perSecond }: Bucket, nowMs: () => number = () => performance.now()) {
  const levels = new LRUCache<string, Level>({ max: BUCKETS_MAX });
  return {
    take(key: string, amount: number): Taken {
      const atMs = nowMs();
      const before = levels.get(key) ?? { left: capacity, atMs };
      const filled = Math.min(capacity, before.left + ((atMs - before.atMs) * perSecond) / 1000);
      const fits = filled >= amount;
      const left = Math.min(capacity, fits ? filled - amount : filled);
      levels.set(key, { left, atMs });
      return { fits, left: Math.floor(left), waitMs: fits ? 0 : Math.ceil(((amount - filled) / perSecond) * 1000) };
    },
  };
}

/** The same step in Redis, by its own clock and at once: whoever asks, nobody comes in between. */
const TAKE = `
local amount, capacity, perMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]) / 1000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local level = redis.call('HMGET', KEYS[1], 'left', 'at')
local filled = math.min(capacity, (tonumber(level[1]) or capacity) + math.max(0, now - (tonumber(level[2]) or now)) * perMs)
local fits = filled >= amount
local left = fits and math.min(capacity, filled - amount) or filled
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - left) / perMs) + 1000)
return {fits and 1 or 0, math.floor(left), fits and 0 or math.ceil((amount - filled) / perMs)}
`;

export interface SharedBucketOptions {
  readonly redis: Redis;
  /** What the keys in Redis begin with. */
  readonly prefix: string;
}

/** Buckets that all processes share; while Redis cannot be asked, each has its own. */
export function createSharedBuckets(bucket: Bucket, { redis, prefix }: SharedBucketOptions): Buckets {
  const local = createLocalBuckets(bucket);
  return {
    async take(key, amount) {
      try {
        const answer = await redis.eval(TAKE, 1, `${prefix}:${key}`, amount, bucket.capacity, bucket.perSecond);
        const [fits, left, waitMs] = answer as [number, number, number];
        return { fits: fits === 1, left, waitMs };
      } catch {
        // The connection says so when it is lost; a limit must never be why nothing is answered.
        return local.take(key, amount);
      }
    },
  };
}
