import type { Clock } from '../../kernel/clock.ts';
import type { PeopleCredentials } from '../../platform/postgres/people-credentials.ts';

/** Something that is done again and again until it is stopped. */
export interface Clearing {
  /** When what is under way is done. */
  stop(): Promise<void>;
}

export interface ClearingDependencies {
  readonly preTenant: Pick<PeopleCredentials, 'clearCredentials'>;
  readonly clock: Clock;
  /** Told of a round that failed: the next one does its work too. */
  onFailure(error: unknown): void;
  readonly intervalMs?: number;
}

const HOUR_MS = 60 * 60_000;

/** Takes away tokens and counted attempts that are over, and identities that nobody proved, now and each hour. */
export function startCredentialClearing({ preTenant, clock, onFailure, intervalMs = HOUR_MS }: ClearingDependencies): Clearing {
  let round = Promise.resolve();
  const clear = (): void => {
    round = preTenant.clearCredentials(clock.now()).catch(onFailure);
  };
  clear();
  const timer = setInterval(clear, intervalMs).unref();
  return {
    stop() {
      clearInterval(timer);
      return round;
    },
  };
}
