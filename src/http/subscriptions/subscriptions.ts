import { type AppError, RateLimitedError, ServiceUnavailableError } from '../../kernel/errors.ts';

export interface SubscriptionLimits {
  /** Of one API key, or of one person with all sessions, in this process. */
  readonly perCaller: number;
  /** Of one WebSocket. */
  readonly perConnection: number;
}

/** One subscription while it is open. */
export interface LiveSubscription {
  /** Aborted when it has ended. */
  readonly signal: AbortSignal;
  /** Why it has ended, as the subscriber is told; null when it is open, or when there is nobody to tell. */
  readonly reason: AppError | null;
  /** Ends it. Only the first time counts. */
  end(reason: AppError | null): void;
  /** It takes up no place any more. */
  release(): void;
}

/** All subscriptions of this process. */
export interface Subscriptions {
  /**
   * @param caller whose it is, in words.
   * @param connection the WebSocket that it came by; null for a request of its own.
   * @throws RateLimitedError when there are too many; ServiceUnavailableError when the server is stopping.
   */
  open(caller: string, connection: object | null): LiveSubscription;
  count(): number;
  /** Ends all of them and takes no more. Resolves when the last subscriber was told, or after the time. */
  close(graceMs: number): Promise<void>;
}

const stopping = () => new ServiceUnavailableError({ cause: 'stopping' });

export function createSubscriptions(limits: SubscriptionLimits): Subscriptions {
  const live = new Set<LiveSubscription>();
  const perCaller = createCounter<string>();
  const perConnection = createCounter<object>();
  let closed = false;
  let onEmpty = (): void => undefined;

  return {
    open(caller, connection) {
      if (closed) throw stopping();
      if (perCaller.of(caller) >= limits.perCaller) throw tooMany('You have', limits.perCaller);
      if (connection && perConnection.of(connection) >= limits.perConnection) throw tooMany('This connection has', limits.perConnection);
      perCaller.add(caller, 1);
      if (connection) perConnection.add(connection, 1);
      const subscription = createLive(() => {
        live.delete(subscription);
        perCaller.add(caller, -1);
        if (connection) perConnection.add(connection, -1);
        if (live.size === 0) onEmpty();
      });
      live.add(subscription);
      return subscription;
    },
    count: () => live.size,
    async close(graceMs) {
      closed = true;
      for (const subscription of live) subscription.end(stopping());
      if (live.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}

function tooMany(who: string, most: number): RateLimitedError {
  return new RateLimitedError(`${who} ${most} subscriptions open, the most there may be`, { insteadOfWaiting: 'end one of them first' });
}

function createCounter<Key>() {
  const counts = new Map<Key, number>();
  return {
    of: (key: Key): number => counts.get(key) ?? 0,
    add(key: Key, change: number): void {
      const count = (counts.get(key) ?? 0) + change;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}

function createLive(onRelease: () => void): LiveSubscription {
  const controller = new AbortController();
  let reason: AppError | null = null;
  let released = false;
  return {
    signal: controller.signal,
    get reason() {
      return reason;
    },
    end(why) {
      if (controller.signal.aborted) return;
      reason = why;
      controller.abort();
    },
    release() {
      if (released) return;
      released = true;
      controller.abort();
      onRelease();
    },
  };
}
