import { Worker } from 'node:worker_threads';
import type { BenchRequest } from '../contenders/contender.ts';

/** What the thread that makes the load is told. */
export interface LoadOrder {
  readonly url: string;
  readonly requests: readonly BenchRequest[];
  readonly connections: number;
  readonly durationMs: number;
}

/** What it answers. */
export interface LoadOutcome {
  readonly elapsedMs: number;
  /** Of each answered request, in no order. */
  readonly latenciesMs: Float64Array;
  /** Answers that were no success. */
  readonly failures: number;
}

/** Sends the requests by turns over that many connections, each as soon as the one before was answered. */
export function runLoad(order: LoadOrder): Promise<LoadOutcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../load-worker.ts', import.meta.url), { workerData: order });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
