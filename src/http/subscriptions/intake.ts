import { RateLimitedError } from '../../kernel/errors.ts';

/** Whatever one WebSocket may say within a second: many times what a client says that begins all of its subscriptions at once. */
const MOST_A_SECOND = 200;
/** So many messages may be unanswered besides the subscriptions of a WebSocket, which are answered as long as they are open. */
const MOST_UNANSWERED = 100;

/** What comes in by one WebSocket. */
export interface Intake {
  /** Counts something that was said. Answers why nothing more is heard; null when it may go on. */
  count(): RateLimitedError | null;
  /** Keeps work that a message has set off until it is done. @param work never rejects. */
  add(work: Promise<void>): void;
  /** When all is done that was set off before. */
  settled(): Promise<unknown>;
}

/** Bounds what one client can ask of the server, by how often it asks and by how much of it waits. */
export function createIntake(perConnection: number): Intake {
  const underWay = new Set<Promise<void>>();
  let secondEndsAt = 0;
  let heard = 0;
  return {
    count() {
      const now = performance.now();
      if (now >= secondEndsAt) {
        secondEndsAt = now + 1_000;
        heard = 0;
      }
      heard += 1;
      if (heard > MOST_A_SECOND) return new RateLimitedError(`More than ${MOST_A_SECOND} messages within a second`, { insteadOfWaiting: 'send fewer' });
      if (underWay.size < perConnection + MOST_UNANSWERED) return null;
      return new RateLimitedError('Too many messages at once', { insteadOfWaiting: 'wait for the answers' });
    },
    add(work) {
      underWay.add(work);
      void work.then(() => underWay.delete(work));
    },
    settled: () => Promise.all(underWay),
  };
}
