import { type AppError, RateLimitedError, ServiceUnavailableError } from '../../kernel/errors.ts';
import { createCounter } from './counter.ts';

export interface SubscriptionLimits {
  /** Of one API key, or of one person with all sessions, in this process. */
  readonly perCaller: number;
  /** Of one organization, in this process. */
  readonly perOrganization: number;
  /** Of all callers, in this process. */
  readonly perProcess: number;
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

/** Whose a subscription is. */
export interface Whose {
  /** The key, person or address, in words. */
  readonly caller: string;
  readonly orgId: string | null;
  /** The WebSocket that it came by; null for a request of its own. */
  readonly connection: object | null;
}

/** All subscriptions of this process. */
export interface Subscriptions {
  /**
   * @throws RateLimitedError when the caller, its organization or its connection has too many; ServiceUnavailableError when
   *   the process has, or is stopping.
   */
  open(whose: Whose): LiveSubscription;
  count(): number;
  /** Ends all of them and takes no more. Resolves when the last subscriber was told, or after the time. */
  close(graceMs: number): Promise<void>;
}

const stopping = () => new ServiceUnavailableError({ cause: 'stopping' });

/** Keeps count of what is open in this process, so that nobody has all of it, and ends it when the process does. */
export function createSubscriptions(limits: SubscriptionLimits): Subscriptions {
  const live = new Set<LiveSubscription>();
  const perCaller = createCounter<string>();
  const perOrganization = createCounter<string>();
  const perConnection = createCounter<object>();
  let closed = false;
  let onEmpty = (): void => undefined;

  return {
    open({ caller, orgId, connection }) {
      if (closed) throw stopping();
      if (perCaller.of(caller) >= limits.perCaller) throw tooMany('You have', limits.perCaller);
      if (connection && perConnection.of(connection) >= limits.perConnection) throw tooMany('This connection has', limits.perConnection);
      if (orgId !== null && perOrganization.of(orgId) >= limits.perOrganization) throw tooMany('This organization has', limits.perOrganization);
      if (live.size >= limits.perProcess) throw new ServiceUnavailableError({ cause: 'as many subscriptions as this process takes' });
      const count = (change: 1 | -1): void => {
        perCaller.add(caller, change);
        if (orgId !== null) perOrganization.add(orgId, change);
        if (connection) perConnection.add(connection, change);
      };
      count(1);
      const subscription = createLive(() => {
        live.delete(subscription);
        count(-1);
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
  return new RateLimitedError(`${who} ${most} subscriptions open, the most there may be`, { insteadOfWaiting: 'one of them has to end first' });
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
