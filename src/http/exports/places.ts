import { RateLimitedError, ServiceUnavailableError } from '../../kernel/errors.ts';
import { createCounter } from '../subscriptions/counter.ts';

/** How many exports may be under way in one process: each reads the database for as long as its caller takes. */
const MOST = { perCaller: 2, perOrganization: 4, perProcess: 50 } as const;

/** Whose an export is. */
export interface Whose {
  /** The key or person, in words. */
  readonly caller: string;
  readonly orgId: string;
}

/** The exports that are under way in this process. */
export interface ExportPlaces {
  /**
   * Takes a place until `over` is aborted.
   *
   * @throws RateLimitedError when the caller or its organization has too many; ServiceUnavailableError when the process has;
   *   what `over` was aborted with when that is so already.
   */
  take(whose: Whose, over: AbortSignal): void;
}

/** Keeps count, so that nobody takes all that a process can read. */
export function createExportPlaces(): ExportPlaces {
  const perCaller = createCounter<string>();
  const perOrganization = createCounter<string>();
  let all = 0;
  return {
    take({ caller, orgId }, over) {
      over.throwIfAborted();
      if (perCaller.of(caller) >= MOST.perCaller) throw tooMany('You have', MOST.perCaller);
      if (perOrganization.of(orgId) >= MOST.perOrganization) throw tooMany('This organization has', MOST.perOrganization);
      if (all >= MOST.perProcess) throw new ServiceUnavailableError({ cause: 'as many exports as this process takes' });
      const count = (change: 1 | -1): void => {
        perCaller.add(caller, change);
        perOrganization.add(orgId, change);
        all += change;
      };
      count(1);
      over.addEventListener('abort', () => count(-1), { once: true });
    },
  };
}

function tooMany(who: string, most: number): RateLimitedError {
  return new RateLimitedError(`${who} ${most} exports under way, the most there may be`, { insteadOfWaiting: 'take one to its end first, or end it' });
}
