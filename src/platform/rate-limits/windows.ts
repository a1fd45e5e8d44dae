import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Taken } from './taken.ts';

/** What was taken from a window. */
export interface TakenFromWindow extends Taken {
  /** Gives it back to where it was taken from, while that is still there: a new window owes nobody anything. */
  giveBack(): Promise<void>;
}

/** So much within a fixed period that begins with the first use. Each key has a limit of its own. */
export interface Windows {
  take(key: string, amount: number, limit: number): Promise<TakenFromWindow>;
}

export interface WindowOptions {
  /** What the keys in Redis begin with. */
  readonly prefix: string;
  readonly periodSeconds: number;
  /** Null counts in this process; so does Redis when it cannot be asked. */
  readonly redis: Redis | null;
}

/** A window that ends sooner is not given anything back: the next one could have begun when it arrives. */
const ENDING_MS = 100;

export function createWindows({ prefix, periodSeconds, redis }: WindowOptions): Windows {
  // The library only counts here, because its limits are not those of a key: one for all that it is asked about.
  const counted = { keyPrefix: prefix, points: 0, duration: periodSeconds };
  const local = new RateLimiterMemory(counted);
  const shared = redis && new RateLimiterRedis({ ...counted, storeClient: redis });

  async function count(key: string, amount: number) {
    if (shared) {
      try {
        return { limiter: shared, counted: await shared.penalty(key, amount) };
      } catch {
        // The connection says so when it is lost; a limit must never be why nothing is answered.
      }
    }
    return { limiter: local, counted: await local.penalty(key, amount) };
  }

  return {
    async take(key, amount, limit) {
      // What can never fit is not even tried: while it is, it would crowd out what does.
      const fitsAtAll = amount <= limit;
      const { limiter, counted: { consumedPoints, msBeforeNext } } = await count(key, fitsAtAll ? amount : 0);
      const giveBack = giverBack(limiter, key, amount, performance.now() + msBeforeNext);
      const fits = fitsAtAll && consumedPoints <= limit;
      if (fitsAtAll && !fits) await giveBack();
      const used = fitsAtAll && !fits ? consumedPoints - amount : consumedPoints;
      return { fits, left: Math.max(limit - used, 0), waitMs: msBeforeNext, giveBack };
    },
  };
}

/** @param endsAt when the window ends, a moment of `performance.now()`. */
function giverBack(limiter: RateLimiterAbstract, key: string, amount: number, endsAt: number) {
  return async (): Promise<void> => {
    if (performance.now() > endsAt - ENDING_MS) return;
    // Where it was counted it cannot be given back while that is away, and nowhere else is it missing.
    await limiter.reward(key, amount).catch(() => undefined);
  };
}
