import type { Place } from './place.ts';
import { findPostmaster } from './postmaster.ts';
import { type RunOptions, runServer } from './run-server.ts';

export interface Supervisor {
  /** Ends the watch, after a restart under way. */
  stop(): Promise<void>;
}

const intervalMs = 500;

/**
 * Watches the server and starts it again on the same port when it was killed, so that the pools find it where it was.
 */
export const superviseServer = (place: Place, options: RunOptions): Supervisor => {
  let stopped = false;
  let round = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    if ((await findPostmaster(place)).kind === 'running') return;
    if (stopped) return;
    options.log('The embedded database has ended; it is being started again.');
    await runServer(place, { ...options, fixedPort: true });
    options.log('The embedded database is running again.');
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      round = look()
        .catch((error: unknown) => options.log(error instanceof Error ? error.message : String(error)))
        .then(schedule);
    }, intervalMs);
    timer.unref();
  };

  schedule();
  const stop = async (): Promise<void> => {
    stopped = true;
    clearTimeout(timer);
    await round;
  };
  return { stop };
};
