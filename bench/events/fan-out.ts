import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { tenantry } from '../contenders/tenantry.ts';
import { post } from '../load/post.ts';
import { percentile } from '../measure/statistics.ts';
import type { RunningDatabase } from '../prepare.ts';
import { startServer } from '../server-process.ts';

/** What the thread of the subscribers is told. */
export interface SubscribersOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subscribers: number;
}

/** What it answers: of each event at each subscriber, how long after it was sent it came, in milliseconds. */
export type Arrival = Float64Array;

export interface FanOutOptions {
  readonly subscribers: number;
  readonly events: number;
  /** From one event to the next. */
  readonly everyMs: number;
}

/** How long an event takes from the request that appends it to a subscriber. */
export interface FanOutFigure extends FanOutOptions {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Events that did not come to a subscriber. */
  readonly missed: number;
}

const APPEND = `mutation Append($input: AppendEventsInput!) { appendEvents(input: $input) { __typename } }`;
const LATEST_MS = 10_000;
const WARM_UP_EVENTS = 5;

/** Measures one server with many subscribers of one organization, each by server-sent events on a connection of its own. */
export async function measureFanOut(database: RunningDatabase, options: FanOutOptions): Promise<FanOutFigure> {
  const { subscribers, events, everyMs } = options;
  const { organization } = database.tenants[0]!;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${organization.apiKey}` };
  const most = String(subscribers);
  const command = (port: number) => {
    const { args, env } = tenantry.command(database, port);
    return { args, env: { ...env, SUBSCRIPTION_LIMIT: most, ORGANIZATION_SUBSCRIPTION_LIMIT: most, PROCESS_SUBSCRIPTION_LIMIT: most } };
  };
  const firstRequest = { headers, body: JSON.stringify({ query: '{ organization { id } }' }) };
  const server = await startServer({ command, path: tenantry.path, firstRequest });
  const order: SubscribersOrder = { url: server.url, headers, subscribers };
  const worker = new Worker(new URL('./subscribers-worker.ts', import.meta.url), { workerData: order });
  const arrived: number[] = [];

  const append = async (): Promise<void> => {
    const event = { type: 'FAN.OUT', data: { sentAt: performance.timeOrigin + performance.now() } };
    const { status, text } = await post(server.url, { headers, body: JSON.stringify({ query: APPEND, variables: { input: { events: [event] } } }) });
    if (status !== 200 || !text.includes('Success')) throw new Error(`An append was answered ${status}: ${text.slice(0, 200)}`);
  };
  const collect = async (): Promise<void> => {
    worker.postMessage('collect');
    const [arrival] = (await once(worker, 'message')) as [Arrival];
    arrived.push(...arrival);
  };
  const appendMany = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1) {
      await append();
      await sleep(everyMs);
    }
    for (let waitedMs = 0; arrived.length < count * subscribers && waitedMs < LATEST_MS; waitedMs += 250) {
      await collect();
      await sleep(250);
    }
  };
  try {
    await once(worker, 'message');
    await appendMany(WARM_UP_EVENTS);
    arrived.length = 0;
    await appendMany(events);
    const all = Float64Array.from(arrived);
    const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => percentile(all, share)) as [number, number, number];
    return { ...options, p50Ms, p99Ms, maxMs, missed: events * subscribers - all.length };
  } finally {
    worker.postMessage('stop');
    await once(worker, 'exit');
    await server.stop();
  }
}
