import { Redis } from 'ioredis';

/** How long a request waits for Redis before it counts by itself. */
const ANSWER_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 2_000;
const RETRY_MAX_MS = 2_000;

export interface RedisOptions {
  /** Like redis://user:password@host:6379/0 */
  readonly url: string;
  /** Told once when Redis is there and once when it is not, each time that changes; the reason is a code or a name. */
  readonly onChange: (available: boolean, reason: string | null) => void;
}

export interface RedisConnection {
  readonly redis: Redis;
  /** When it is there, or the first attempt has failed. */
  settled(): Promise<void>;
  close(): void;
}

/**
 * Connects, and goes on trying for ever when that is lost. Nothing waits in line for it: what cannot be asked now fails
 * at once, and what is not answered in time ends the connection, so that only the first to meet a dead one waits.
 */
export function connectRedis({ url, onChange }: RedisOptions): RedisConnection {
  let available: boolean | null = null;
  let reason: string | null = null;
  const first = Promise.withResolvers<void>();
  const change = (now: boolean): void => {
    first.resolve();
    if (available === now) return;
    available = now;
    onChange(now, now ? null : reason);
  };
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: ANSWER_TIMEOUT_MS,
    socketTimeout: ANSWER_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: (attempt) => Math.min(attempt * 100, RETRY_MAX_MS),
  });
  redis.on('ready', () => change(true));
  redis.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.code ?? error.name;
  });
  redis.on('close', () => change(false));
  return {
    redis,
    settled: () => first.promise,
    close() {
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}
