import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createKeyedTurns } from '../../kernel/turns.ts';

/** How hard a password is to guess. */
export interface Strength {
  /** From 0 (among the first guesses) to 4 (out of reach of whoever has stolen the hash). */
  readonly score: number;
  /** What makes it easy, or would make it harder, as a sentence; null when nothing comes to mind. */
  readonly advice: string | null;
}

/** The work grows with the square of the length; what begins with so many strong characters is strong. */
const LOOKED_AT = 32;
/** How many of one network may wait. */
const WAITING = 10;
/** The word lists take some 40 MB, which end with the thread. */
const IDLE_MS = 60_000;

const WORKER = new URL('./strength-worker.ts', import.meta.url);

let worker: Worker | null = null;
let idle: NodeJS.Timeout | undefined;
const turns = createKeyedTurns({ ofOne: 1, ofAll: 1, waiting: WAITING });

/**
 * Estimates a password in a thread of its own, one after another: it is tens of milliseconds of work, which must not
 * stop everybody else's requests. The networks take turns, so that many of one hold up none of another for longer than one.
 *
 * @param words what somebody who knows the person would try first.
 * @param network where the password comes from.
 * @throws ServiceUnavailableError when too many of the network wait already.
 */
export function estimateStrength(password: string, words: readonly string[], network: string): Promise<Strength> {
  return turns(network, async () => {
    clearTimeout(idle);
    const thread = (worker ??= start());
    // It keeps the process alive only while somebody waits for it.
    thread.ref();
    try {
      thread.postMessage({ text: [...password].slice(0, LOOKED_AT).join(''), words: [...words] });
      const [strength] = (await once(thread, 'message')) as [Strength];
      return strength;
    } finally {
      thread.unref();
      idle = setTimeout(() => void thread.terminate(), IDLE_MS).unref();
    }
  });
}

function start(): Worker {
  const thread = new Worker(WORKER);
  // Whoever waits is told by the same event.
  thread.on('error', () => undefined);
  thread.on('exit', () => {
    if (worker === thread) worker = null;
  });
  return thread;
}
