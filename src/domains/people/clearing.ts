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

/**
 * Takes away tokens, counted attempts and sessions that are over, and identities that nobody proved, now and each hour; each
 * time as long as there is more, by bounded steps, so that a busy hour leaves nothing to the next one.
 */
export function startCredentialClearing({ preTenant, clock, onFailure, intervalMs = HOUR_MS }: ClearingDependencies): Clearing {
  let stopped = false;
  let round: Promise<void> | null = null;
  const clearAll = async (): Promise<void> => {
    while (!stopped && (await preTenant.clearCredentials(clock.now())));
  };
  const clear = (): void => {
    // One at a time: what it does not see any more the next one takes.
    round ??= clearAll()
      .catch(onFailure)
      .finally(() => {
        round = null;
      });
  };
  clear();
  const timer = setInterval(clear, intervalMs).unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await round;
    },
  };
}
