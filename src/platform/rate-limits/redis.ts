import { Redis } from 'ioredis';

/** A connection that is silent from one beat to the next is ended, so that nobody waits for longer than two. */
const BEAT_MS = 500;
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
  /** When it is there, or the first attempt has failed or taken too long. */
  settled(): Promise<void>;
  close(): void;
}

/**
 * Connects, and goes on trying for ever when that is lost. Nothing waits in line for it: what cannot be asked now fails
 * at once, and when it hangs only those who had asked already wait, for a second at most.
 */
export function connectRedis({ url, onChange }: RedisOptions): RedisConnection {
  let available: boolean | null = null;
  let reason: string | null = null;
  const first = Promise.withResolvers<void>();
  const patience = setTimeout(first.resolve, CONNECT_TIMEOUT_MS);
  const change = (now: boolean): void => {
    clearTimeout(patience);
    first.resolve();
    if (available === now) return;
    available = now;
    onChange(now, now ? null : reason);
  };
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: (attempt) => Math.min(attempt * 100, RETRY_MAX_MS),
  });
  redis.on('ready', () => change(true));
  redis.on('error', (error: NodeJS.ErrnoException) => {
    // What Redis itself says begins with a code; the rest may name a user.
    reason = error.code ?? /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.name;
  });
  redis.on('close', () => change(false));
  const beat = endWhenSilent(redis);
  return {
    redis,
    settled: () => first.promise,
    close() {
      clearInterval(beat);
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}

/**
 * Ends a connection that does not answer. The timeouts of the library are not for this: in a process that was busy for
 * longer they are over before the answer is read that has come in time, and what was counted would be counted again.
 */
function endWhenSilent(redis: Redis): NodeJS.Timeout {
  let waiting = false;
  const answered = () => {
    waiting = false;
  };
  const beat = () => {
    if (redis.status !== 'ready') return;
    // What has come meanwhile is read first.
    if (waiting) return void setImmediate(() => waiting && redis.stream.destroy());
    waiting = true;
    void redis.ping().then(answered, answered);
  };
  return setInterval(beat, BEAT_MS).unref();
}
