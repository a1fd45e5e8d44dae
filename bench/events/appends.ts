import { randomUUID } from 'node:crypto';
import { AppendConditionFailedError, createEventStore, type EventStore } from '../../src/domains/events/index.ts';
import { createPool, createTenantAdapter, type DatabasePool } from '../../src/platform/postgres/adapter/index.ts';
import { createEventSignals } from '../../src/platform/postgres/event-signals.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient } from '../../src/platform/postgres/tenant-client.ts';
import type { ReadPage } from './reads.ts';

/** What is repeated by so many at once, each in an organization of its own or all in one. */
export interface Load {
  readonly writers: number;
  readonly orgIds: readonly string[];
  readonly durationMs: number;
}

const MOST_WRITERS = 16;
/** So many events are one append of those in bulk. */
export const BULK = 500;

/** One thing that is done again and again. @param writer whose turn it is, from 0 on. */
type Turn = (orgId: string, writer: number) => Promise<unknown>;

/** What is measured, and what it is measured beside. */
export interface Contestants {
  /** An event with two tags, on the condition that nothing of its own tag was appended meanwhile. Each is sent by itself. */
  appendAlone(load: Load): Promise<number>;
  /** The same by writers who share a process: what waits for the same organization is sent together. */
  appendTogether(load: Load): Promise<number>;
  /** `BULK` events with two tags in one append, without a condition. Counted by events. */
  appendBulk(load: Load): Promise<number>;
  /** A page of 50 of the log. */
  readonly read: ReadPage;
  /** One row in a table with a primary key, each in a transaction of its own: what a commit costs at the least. */
  commitRow(load: Load): Promise<number>;
  close(): Promise<void>;
}

/** The table of `commitRow`; made by whoever owns the database. */
export const RAW_TABLE = `
  CREATE TABLE IF NOT EXISTS public.bench_rows (org_id uuid, id uuid PRIMARY KEY, data jsonb NOT NULL);
  GRANT INSERT ON public.bench_rows TO tenantry_runtime`;

/** How often a second it was done. */
async function repeat({ writers, orgIds, durationMs }: Load, turn: Turn): Promise<number> {
  const began = performance.now();
  let done = 0;
  const write = async (writer: number): Promise<void> => {
    for (let number = writer; performance.now() - began < durationMs; number += 1) {
      // One organization for each writer where there are enough; a single writer takes them by turns.
      await turn(orgIds[(writers === 1 ? number : writer) % orgIds.length]!, writer);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return (done * 1_000) / (performance.now() - began);
}

const data = { seat: 12, guest: 'Olga', note: 'By the window' };

const insertRow = (pool: DatabasePool, orgId: string) =>
  pool.run([
    pool.scopeStep({ orgId, userId: null }),
    { text: 'INSERT INTO public.bench_rows (org_id, id, data) VALUES ($1, $2, $3)', values: [orgId, randomUUID(), data] },
  ]);

/** Opens both on one pool, as a process of the server has it. */
export function openContestants(runtimeUrl: string): Contestants {
  const timeouts = { connectTimeoutMs: 10_000, statementTimeoutMs: 30_000 };
  const pool = createPool({ url: runtimeUrl, size: MOST_WRITERS, namedStatements: true, ...timeouts });
  const db = createTenantClient({ adapter: createTenantAdapter(pool), ...timeouts });
  const signals = createEventSignals(pool, { url: runtimeUrl });
  const together = createEventStore(signals, pool);
  const alone = Array.from({ length: MOST_WRITERS }, () => createEventStore(signals, pool));
  const cx = { db, principal: null };
  const heads = new Map<string, number>();

  const appendTo = (storeOf: (writer: number) => EventStore): Turn => (orgId, writer) =>
    runInScope(createScope({ orgId, userId: null }), async () => {
      const store = storeOf(writer);
      const tag = `bench:${writer}`;
      const condition = { failIfEventsMatch: [{ types: ['SEAT.TAKEN'], tags: [tag] }], after: heads.get(`${orgId} ${writer}`) ?? 0 };
      try {
        const { position } = await store.append(cx, [{ type: 'SEAT.TAKEN', tags: [tag, 'bench'], data }], condition);
        heads.set(`${orgId} ${writer}`, position);
      } catch (error) {
        // The rounds before have left events of this tag: from now on the writer knows of the last one.
        if (!(error instanceof AppendConditionFailedError)) throw error;
        heads.set(`${orgId} ${writer}`, (await store.read(cx, [{ tags: [tag] }], { limit: 1 })).head);
      }
    });

  const appendBulk: Turn = (orgId, writer) =>
    runInScope(createScope({ orgId, userId: null }), () =>
      alone[writer]!.append(cx, Array.from({ length: BULK }, (_, number) => ({ type: 'SEAT.SOLD', tags: [`bulk:${number}`, 'bench'], data }))),
    );

  return {
    read: (orgId, query) => runInScope(createScope({ orgId, userId: null }), () => together.read(cx, query, { limit: 50 })),
    appendBulk: async (load) => (await repeat(load, appendBulk)) * BULK,
    appendAlone: (load) => repeat(load, appendTo((writer) => alone[writer]!)),
    appendTogether: (load) => repeat(load, appendTo(() => together)),
    commitRow: (load) => repeat(load, (orgId) => insertRow(pool, orgId)),
    async close() {
      await Promise.all([together, ...alone].map((store) => store.close()));
      await signals.close();
      await db.$disconnect();
      await pool.end();
    },
  };
}
