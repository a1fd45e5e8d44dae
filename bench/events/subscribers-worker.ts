import { Agent, type ClientRequest, request as send } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import type { Arrival, SubscribersOrder } from './fan-out.ts';

// A thread of its own: what it does with an event is not to hold back whoever appends the next.

const { url, headers, subscribers } = workerData as SubscribersOrder;
const BODY = JSON.stringify({ query: 'subscription { eventAppended(query: [{ types: ["FAN.OUT"] }]) { position data } }' });
const SENT_AT = /"sentAt":(\d+(?:\.\d+)?)/g;

const agent = new Agent({ maxSockets: subscribers });
const requests: ClientRequest[] = [];
let arrivals: number[] = [];

function subscribe(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = send(url, { method: 'POST', agent, headers: { ...headers, accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`A subscriber was answered ${response.statusCode}.`));
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        const now = performance.timeOrigin + performance.now();
        for (const [, sentAt] of piece.matchAll(SENT_AT)) arrivals.push(now - Number(sentAt));
      });
      resolve();
    });
    request.on('error', reject);
    request.end(BODY);
    requests.push(request);
  });
}

// Some at a time, as browsers that come back after a restart would be made to.
for (let begun = 0; begun < subscribers; begun += 50) {
  await Promise.all(Array.from({ length: Math.min(50, subscribers - begun) }, subscribe));
}
parentPort!.postMessage('subscribed');
parentPort!.on('message', (order: 'collect' | 'stop') => {
  if (order === 'stop') {
    for (const request of requests) request.on('error', () => undefined).destroy();
    agent.destroy();
    parentPort!.close();
    return;
  }
  parentPort!.postMessage(Float64Array.from(arrivals) satisfies Arrival);
  arrivals = [];
});
