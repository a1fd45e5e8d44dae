import { Agent } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import type { LoadOrder, LoadOutcome } from './load/load.ts';
import { post } from './load/post.ts';

// A thread of its own, so that making load and measuring do not wait for each other.

const { url, requests, connections, durationMs } = workerData as LoadOrder;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const latenciesMs: number[] = [];
let [next, failures] = [0, 0];

const begin = performance.now();
const end = begin + durationMs;

async function keepAsking(): Promise<void> {
  while (performance.now() < end) {
    const request = requests[next++ % requests.length]!;
    const sent = performance.now();
    const { status, text } = await post(url, request, agent);
    latenciesMs.push(performance.now() - sent);
    if (status !== 200 || text.startsWith('{"errors"')) failures += 1;
  }
}

await Promise.all(Array.from({ length: connections }, keepAsking));
const outcome: LoadOutcome = { elapsedMs: performance.now() - begin, latenciesMs: Float64Array.from(latenciesMs), failures };
agent.destroy();
parentPort!.postMessage(outcome);
