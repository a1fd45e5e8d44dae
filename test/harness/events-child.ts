import { createEventStore, EVERY_EVENT } from '../../src/domains/events/index.ts';
import { createPool, createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { createEventSignals } from '../../src/platform/postgres/event-signals.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient } from '../../src/platform/postgres/tenant-client.ts';

/** A process that uses the log of one organization until it is killed. See `test/events/processes.test.ts`. */
const [mode = '', url = '', orgId = '', after = '0'] = process.argv.slice(2);

const timeouts = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 };
const pool = createPool({ url, size: 8, namedStatements: true, ...timeouts });
const cx = { db: createTenantClient({ adapter: createTenantAdapter(pool), ...timeouts }), principal: null };
const store = createEventStore(createEventSignals(pool, { url }), pool);

const WRITERS = 8;

/** Writes down what is acknowledged, and nothing before it is. */
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

async function write(writer: number): Promise<never> {
  for (let number = 1; ; number += 1) {
    const type = 'NOTE.WRITTEN';
    // One, two or three at a time, every other one in a transaction of its own.
    const events = Array.from({ length: 1 + (number % 3) }, () => ({ type, tags: [`writer:${writer}`] }));
    const appended = await (number % 2 === 0
      ? store.append(cx, events)
      : cx.db.$transaction((tx) => store.append({ ...cx, db: tx }, events)));
    for (const { position, id } of appended.events) tell(`${position} ${id}`);
  }
}

async function follow(): Promise<void> {
  for await (const { position, id } of store.subscribe(cx, EVERY_EVENT, { after: Number(after) }, new AbortController().signal)) {
    tell(`${position} ${id}`);
  }
}

await runInScope(createScope({ orgId, userId: null }), () =>
  mode === 'write' ? Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index))) : follow(),
);
