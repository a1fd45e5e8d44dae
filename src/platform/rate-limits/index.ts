import { type Bucket, type Buckets, createLocalBuckets, createSharedBuckets } from './buckets.ts';
import type { RedisConnection } from './redis.ts';
import type { Taken } from './taken.ts';
import { createWindows } from './windows.ts';

export { connectRedis, type RedisConnection } from './redis.ts';

export interface RateLimitSettings {
  /** How many calls may come at once, and how many a second in the long run. */
  readonly burst: Bucket;
  /** Points of work: how many are saved up, and how many come back a second. */
  readonly work: Bucket;
  readonly attemptsPerMinute: number;
  /** How many failures there may be at once, all of which come back within a minute. */
  readonly failuresPerMinute: number;
}

/** What somebody wants to do. */
export interface Demand {
  /** Whose limits: an id, never a secret. */
  readonly subject: string;
  readonly calls: number;
  /** How many calls the subject has an hour. */
  readonly callsPerHour: number;
  /** Points of work. */
  readonly work: number;
}

/** Whether it may be done now, and how the limits stand after it. */
export interface Admission {
  /**
   * Which limit refuses it, and for how long: null when it is more than there is in a whole hour. Null altogether when
   * it may be done. A refusal takes nothing from any limit.
   */
  readonly refusal: { readonly limit: 'hour' | 'burst' | 'work'; readonly waitMs: number | null } | null;
  readonly callsLeft: number;
  /** Milliseconds until the hour is over. */
  readonly hourEndsInMs: number;
  readonly workLeft: number;
}

export interface RateLimits {
  readonly settings: RateLimitSettings;
  /** Takes all that is asked for, or nothing. Never fails: what cannot be asked of Redis is counted here. */
  admit(demand: Demand): Promise<Admission>;
  /** Takes work alone, of what was begun already. Answers the milliseconds until it fits; 0 when it did and was taken. */
  takeWork(subject: string, points: number): Promise<number>;
  /** Gives back work that was not done after all. */
  giveBackWork(subject: string, points: number): void;
  /** Counts an attempt. Null when it may be made, else the milliseconds until another may. @param limit a minute; else the usual. */
  attempt(subject: string, limit?: number): Promise<number | null>;
  /** What failures are taken from. */
  readonly failures: Buckets;
}

const HOUR_SECONDS = 3_600;
const MINUTE_SECONDS = 60;

/** @param shared where the limits are counted for all processes together; null counts in this one. */
export function createRateLimits(
  settings: RateLimitSettings,
  shared: (RedisConnection & { readonly prefix: string }) | null,
): RateLimits {
  const { redis = null, prefix = '' } = shared ?? {};
  const hours = createWindows({ redis, prefix: `${prefix}hour`, periodSeconds: HOUR_SECONDS });
  const attempts = createWindows({ redis, prefix: `${prefix}attempts`, periodSeconds: MINUTE_SECONDS });
  const bucketsOf = (bucket: Bucket, name: string): Buckets =>
    redis ? createSharedBuckets(bucket, { redis, prefix: `${prefix}${name}` }) : createLocalBuckets(bucket);
  const burst = bucketsOf(settings.burst, 'burst');
  const work = bucketsOf(settings.work, 'work');
  const { failuresPerMinute } = settings;
  const failures = bucketsOf({ capacity: failuresPerMinute, perSecond: failuresPerMinute / MINUTE_SECONDS }, 'failures');

  return {
    settings,
    failures,
    async admit(demand) {
      const { subject, calls, callsPerHour } = demand;
      // Asked in the same tick, so that Redis has them in one round trip.
      const taken = await Promise.all([
        hours.take(subject, calls, callsPerHour),
        burst.take(subject, calls),
        work.take(subject, demand.work),
      ]);
      const [hour, now, points] = taken;
      const admission = { callsLeft: hour.left, hourEndsInMs: hour.waitMs, workLeft: points.left };
      if (taken.every(({ fits }) => fits)) return { ...admission, refusal: null };
      // One limit refuses it: the others get back what they gave.
      await Promise.all([
        hour.fits && hour.giveBack(),
        now.fits && burst.take(subject, -calls),
        points.fits && work.take(subject, -demand.work),
      ]);
      return {
        ...admission,
        callsLeft: hour.left + (hour.fits ? calls : 0),
        workLeft: points.left + (points.fits ? demand.work : 0),
        refusal: calls > callsPerHour ? { limit: 'hour', waitMs: null } : longest({ hour, burst: now, work: points }),
      };
    },
    async takeWork(subject, points) {
      const { fits, waitMs } = await work.take(subject, points);
      return fits ? 0 : Math.max(1, waitMs);
    },
    giveBackWork(subject, points) {
      if (points > 0) void work.take(subject, -points);
    },
    async attempt(subject, limit = settings.attemptsPerMinute) {
      const { fits, waitMs } = await attempts.take(subject, 1, limit);
      return fits ? null : waitMs;
    },
  };
}

/** Of the limits that refuse, the one that does so for longest: waiting for less would be of no use. */
function longest(taken: Readonly<Record<'hour' | 'burst' | 'work', Taken>>): Admission['refusal'] {
  const refusing = (['hour', 'burst', 'work'] as const).filter((limit) => !taken[limit].fits);
  const [limit] = refusing.toSorted((one, other) => taken[other].waitMs - taken[one].waitMs);
  return limit === undefined ? null : { limit, waitMs: taken[limit].waitMs };
}
