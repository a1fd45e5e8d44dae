import { Worker } from 'node:worker_threads';
import { ServiceUnavailableError } from '../../kernel/errors.ts';
import { createKeyedTurns } from '../../kernel/turns.ts';

/** How hard a password is to guess. */
export interface Strength {
  /** From 0 (among the first guesses) to 4 (out of reach of whoever has stolen the hash). */
  readonly score: number;
  /** What makes it easy, or would make it harder, as a sentence; null when nothing comes to mind. */
  readonly advice: string | null;
}

/**
 * Estimates a password.
 *
 * @param words what somebody who knows the person would try first.
 * @param network where the password comes from.
 * @throws ServiceUnavailableError when too many of the network wait already, or the thread does not answer.
 */
export type EstimateStrength = (password: string, words: readonly string[], network: string) => Promise<Strength>;

export interface EstimatorOptions {
  /** The word lists take some 40 MB, which end with the thread after so long without work. */
  readonly idleMs?: number;
  /** How long one password may take, the start of the thread and its word lists included. */
  readonly deadlineMs?: number;
  /** What the thread runs. */
  readonly script?: URL;
}

/** The work grows with the square of the length; what begins with so many strong characters is strong. */
const LOOKED_AT = 32;
/** How many of one network may wait. */
const WAITING = 10;
const IDLE_MS = 60_000;
const DEADLINE_MS = 10_000;

const WORKER = new URL('./strength-worker.ts', import.meta.url);

/**
 * Estimates passwords in a thread of its own, one after another: it is tens of milliseconds of work, which must not stop
 * everybody else's requests. The networks take turns, so that many of one hold up none of another for longer than one.
 */
export function createStrengthEstimator({ idleMs = IDLE_MS, deadlineMs = DEADLINE_MS, script = WORKER }: EstimatorOptions = {}): EstimateStrength {
  const turns = createKeyedTurns({ ofOne: 1, ofAll: 1, waiting: WAITING });
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  /** From here on nobody is given to the thread: one that is on its way to its end takes messages and answers none. */
  const drop = (thread: Worker): void => {
    if (worker === thread) worker = null;
    void thread.terminate();
  };
  return (password, words, network) =>
    turns(network, async () => {
      clearTimeout(idle);
      const thread = (worker ??= start(script));
      // It keeps the process alive only while somebody waits for it.
      thread.ref();
      try {
        const strength = await answerOf(thread, { text: [...password].slice(0, LOOKED_AT).join(''), words: [...words] }, deadlineMs);
        thread.unref();
        idle = setTimeout(() => drop(thread), idleMs).unref();
        return strength;
      } catch (error) {
        drop(thread);
        throw error;
      }
    });
}

/** The one of the process: the word lists are there once. */
export const estimateStrength: EstimateStrength = createStrengthEstimator();

function start(script: URL): Worker {
  const thread = new Worker(script);
  // Whoever waits is told by the same event.
  thread.on('error', () => undefined);
  return thread;
}

/**
 * What the thread answers. Whoever waits is told also when it fails, ends or is silent for too long: all others wait behind.
 *
 * @throws ServiceUnavailableError, of which the cause says why there is no answer.
 */
async function answerOf(thread: Worker, question: { readonly text: string; readonly words: string[] }, deadlineMs: number): Promise<Strength> {
  const { promise, resolve, reject } = Promise.withResolvers<Strength>();
  const failed = (cause: unknown): void => reject(new ServiceUnavailableError({ cause }));
  const ended = (): void => failed(new Error('The thread that looks at passwords has ended.'));
  const deadline = setTimeout(() => failed(new Error('The thread that looks at passwords does not answer.')), deadlineMs);
  thread.once('message', resolve).once('error', failed).once('exit', ended);
  thread.postMessage(question);
  try {
    return await promise;
  } finally {
    clearTimeout(deadline);
    thread.off('message', resolve).off('error', failed).off('exit', ended);
  }
}
