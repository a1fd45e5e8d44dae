import { type AppError, RateLimitedError, ServiceUnavailableError } from '../../kernel/errors.ts';
import { subjectOf } from '../rate-limits.ts';
import { createCounter } from './counter.ts';
import type { SubscriptionLimits } from './subscriptions.ts';

/** How many WebSockets may be open of which nobody knows yet whose they are. */
export interface WaitingLimits {
  /** Of one network address. */
  readonly perAddress: number;
  /** Of all addresses, in this process. */
  readonly perProcess: number;
}

const WAITING: WaitingLimits = { perAddress: 50, perProcess: 1_000 };

/** What one WebSocket takes up: a place among those that wait to say whose they are, and then one among those that have. */
export interface Place {
  /**
   * Goes from those that wait to those of this caller and its organization. It goes on waiting when it may not.
   *
   * @throws RateLimitedError when the caller or its organization has as many as there may be; ServiceUnavailableError when
   *   the process has.
   */
  enter(caller: string, orgId: string | null): void;
  /** Gives it back, whichever it is. Only the first time counts. */
  leave(): void;
}

/** The WebSockets of this process. */
export interface Places {
  /** Why there is no place for one more from this network address; null when there is one. */
  refusalOf(address: string | null): AppError | null;
  /** Takes a place among those that wait. */
  take(address: string | null): Place;
}

/**
 * Keeps count of WebSockets. Those that have not said whose they are yet are counted apart, because anybody can open them: they
 * keep out nobody whose process still has room for one that is known.
 */
export function createPlaces(limits: Omit<SubscriptionLimits, 'perConnection'>, waitingLimits: WaitingLimits = WAITING): Places {
  const perAddress = createCounter<string>();
  const perCaller = createCounter<string>();
  const perOrganization = createCounter<string>();
  let waiting = 0;
  let entered = 0;
  const full = () => new ServiceUnavailableError({ cause: 'as many WebSockets as this process takes' });

  return {
    refusalOf(address) {
      if (perAddress.of(subjectOf(null, address)) >= waitingLimits.perAddress) {
        const most = `Your network address has ${waitingLimits.perAddress} WebSockets open that have not sent connection_init`;
        return new RateLimitedError(most, { insteadOfWaiting: 'send it on one of them, or close one' });
      }
      return waiting >= waitingLimits.perProcess || entered >= limits.perProcess ? full() : null;
    },

    take(address) {
      const subject = subjectOf(null, address);
      const wait = (change: 1 | -1): void => {
        perAddress.add(subject, change);
        waiting += change;
      };
      wait(1);
      let giveBack: (() => void) | null = () => wait(-1);
      return {
        enter(caller, orgId) {
          if (perCaller.of(caller) >= limits.perCaller) throw tooMany('You have', limits.perCaller);
          if (orgId !== null && perOrganization.of(orgId) >= limits.perOrganization) throw tooMany('This organization has', limits.perOrganization);
          if (entered >= limits.perProcess) throw full();
          const count = (change: 1 | -1): void => {
            perCaller.add(caller, change);
            if (orgId !== null) perOrganization.add(orgId, change);
            entered += change;
          };
          giveBack?.();
          count(1);
          giveBack = () => count(-1);
        },
        leave() {
          giveBack?.();
          giveBack = null;
        },
      };
    },
  };
}

function tooMany(who: string, most: number): RateLimitedError {
  return new RateLimitedError(`${who} ${most} WebSockets open, the most there may be`, { insteadOfWaiting: 'close one of them first' });
}
