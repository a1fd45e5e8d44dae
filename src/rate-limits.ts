import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from './config/index.ts';
import type { Attempt, CountAttempt } from './domains/auth/index.ts';
import { createFailureMeter, type FailureMeter } from './http/failures.ts';
import { type CallerMeter, createCallerMeter } from './http/rate-limits.ts';
import type { Clock } from './kernel/clock.ts';
import { deriveKey } from './platform/crypto/keys.ts';
import { connectRedis, createRateLimits, type RedisConnection } from './platform/rate-limits/index.ts';
import { networkOf } from './platform/rate-limits/network.ts';

/** The limits over time, put together. */
export interface RateLimiting {
  /** Null when they are switched off. */
  readonly meter: CallerMeter | null;
  /** Null when they are switched off. */
  readonly failures: FailureMeter | null;
  readonly countAttempt: CountAttempt;
  /** When Redis is there, or known not to be. */
  settled(): Promise<void>;
  close(): void;
}

const OFF: RateLimiting = {
  meter: null,
  failures: null,
  countAttempt: () => Promise.resolve(null),
  settled: () => Promise.resolve(),
  close: () => undefined,
};

/** Begins to count what callers ask for: in Redis, when there is one, else in this process. */
export function openRateLimits({ rateLimits: settings, environment }: Config, secretKey: string, logger: Logger, clock: Clock): RateLimiting {
  if (!settings.enabled) {
    if (environment === 'production') logger.warn({ code: 'RATE_LIMITS_OFF' }, 'nobody is limited, because RATE_LIMITS is off');
    return OFF;
  }
  const { redisUrl, redisPrefix: prefix, burst, perSecond, costBucket, costPerSecond, signInsPerMinute, failuresPerMinute } = settings;
  const connection = redisUrl === undefined ? null : connect(redisUrl, logger);
  const rateLimits = createRateLimits(
    {
      burst: { capacity: burst, perSecond },
      work: { capacity: costBucket, perSecond: costPerSecond },
      attemptsPerMinute: signInsPerMinute,
      failuresPerMinute,
    },
    connection && { ...connection, prefix },
  );
  const key = deriveKey(secretKey, 'sign-in attempts');
  return {
    meter: createCallerMeter(rateLimits, settings, clock),
    failures: createFailureMeter(rateLimits),
    async countAttempt(attempt) {
      // Whoever reads Redis learns no address from it.
      const subjects = subjectsOf(attempt).map((subject) => createHmac('sha256', key).update(subject).digest('base64url'));
      // Both windows are taken, also when the first is full: neither tells how the other stands.
      const waits = await Promise.all(subjects.map((subject) => rateLimits.attempt(subject)));
      return waits.reduce((longest, wait) => (wait === null ? longest : Math.max(longest ?? 0, wait)), null);
    },
    settled: () => connection?.settled() ?? Promise.resolve(),
    close: () => connection?.close(),
  };
}

/** What an attempt is counted against: the address that is meant, and the network it comes from. */
function subjectsOf({ kind, address, ip }: Attempt): string[] {
  const subjects = [address === null ? null : `${kind}:address:${address}`, ip === null ? null : `${kind}:network:${networkOf(ip)}`];
  return subjects.filter((subject) => subject !== null);
}

function connect(url: string, logger: Logger): RedisConnection {
  return connectRedis({
    url,
    onChange: (available, reason) => {
      if (available) logger.info({ code: 'RATE_LIMITS_SHARED' }, 'rate limits are counted in Redis');
      else logger.warn({ code: 'RATE_LIMITS_LOCAL', reason }, 'Redis cannot be asked: each process counts rate limits for itself until it can');
    },
  });
}
