import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Taken } from './taken.ts';

/** So much within a fixed period that begins with the first use. Each key has a limit of its own. */
export interface Windows {
  take(key: string, amount: number, limit: number): Promise<Taken>;
  giveBack(key: string, amount: number): Promise<void>;
}

export interface WindowOptions {
  /** What the keys in Redis begin with. */
  readonly prefix: string;
  readonly periodSeconds: number;
  /** Null counts in this process; so does Redis when it cannot be asked. */
  readonly redis: Redis | null;
}

export function createWindows({ prefix, periodSeconds, redis }: WindowOptions): Windows {
  // The library only counts here, because its limits are not those of a key: one for all that it is asked about.
  const counted = { keyPrefix: prefix, points: 0, duration: periodSeconds };
  const local = new RateLimiterMemory(counted);
  const limiter = redis
    ? new RateLimiterRedis({ ...counted, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter: local })
    : local;

  async function giveBack(key: string, amount: number): Promise<void> {
    await limiter.reward(key, amount);
  }

  return {
    async take(key, amount, limit) {
      // What can never fit is not even tried: while it is, it would crowd out what does.
      const fitsAtAll = amount <= limit;
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key, fitsAtAll ? amount : 0);
      const fits = fitsAtAll && consumedPoints <= limit;
      if (fitsAtAll && !fits) await giveBack(key, amount);
      const used = fitsAtAll && !fits ? consumedPoints - amount : consumedPoints;
      return { fits, left: Math.max(limit - used, 0), waitMs: msBeforeNext };
    },
    giveBack,
  };
}
