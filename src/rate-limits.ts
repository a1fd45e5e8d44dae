import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from './config/index.ts';
import type { Attempt, CountAttempt } from './domains/auth/index.ts';
import { createFailureMeter, type FailureMeter } from './http/failures.ts';
import { type CallerMeter, createCallerMeter } from './http/rate-limits.ts';
import type { Clock } from './kernel/clock.ts';
import { deriveKey } from './platform/crypto/keys.ts';
import { connectRedis, createRateLimits, type RedisConnection } from './platform/rate-limits/index.ts';
import { networkOf, subnetOf } from './platform/rate-limits/network.ts';

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
  const { redisUrl, redisPrefix: prefix, burst, perSecond, costBucket, costPerSecond, failuresPerMinute } = settings;
  const connection = redisUrl === undefined ? null : connect(redisUrl, logger);
  const rateLimits = createRateLimits(
    {
      burst: { capacity: burst, perSecond },
      work: { capacity: costBucket, perSecond: costPerSecond },
      attemptsPerMinute: settings.signInsPerMinute,
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
      const hidden = (subject: string): string => createHmac('sha256', key).update(subject).digest('base64url');
      // All windows are taken, also when the first is full: none tells how the others stand.
      const waits = await Promise.all(windowsOf(attempt, settings).map(({ subject, limit }) => rateLimits.attempt(hidden(subject), limit)));
      return waits.reduce((longest, wait) => (wait === null ? longest : Math.max(longest ?? 0, wait)), null);
    },
    settled: () => connection?.settled() ?? Promise.resolve(),
    close: () => connection?.close(),
  };
}

/** How many times as much one customer may as each of its networks. */
const NETWORKS_OF_ONE = 10;

/** What an attempt is counted against, and how many it may have a minute. */
interface Window {
  readonly subject: string;
  readonly limit: number;
}

type AttemptLimits = Pick<Config['rateLimits'], 'signInsPerMinute' | 'networkSignInsPerMinute'>;

/** The address that is meant, the person who tries, the network it comes from, and whose networks that and others are. */
function windowsOf({ kind, address, userId, ip }: Attempt, { signInsPerMinute, networkSignInsPerMinute }: AttemptLimits): Window[] {
  const windows: Window[] = [];
  if (address !== null) windows.push({ subject: `${kind}:address:${address}`, limit: signInsPerMinute });
  if (userId !== undefined) windows.push({ subject: `${kind}:user:${userId}`, limit: signInsPerMinute });
  if (ip === null) return windows;
  windows.push({ subject: `${kind}:network:${subnetOf(ip)}`, limit: networkSignInsPerMinute });
  // Of the older kind an address is all there is to know.
  if (isIPv6(ip)) windows.push({ subject: `${kind}:customer:${networkOf(ip)}`, limit: networkSignInsPerMinute * NETWORKS_OF_ONE });
  return windows;
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
