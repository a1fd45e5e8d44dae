import { createEventStore, EVERY_EVENT } from '../../src/domains/events/index.ts';
import { createPool, createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { createEventSignals } from '../../src/platform/postgres/event-signals.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient } from '../../src/platform/postgres/tenant-client.ts';

/** A process that consumes the log of one organization until it is killed. See `test/events/marks.test.ts`. */
const [url = '', orgId = '', name = ''] = process.argv.slice(2);

const timeouts = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 };
const pool = createPool({ url, size: 4, namedStatements: true, ...timeouts });
const cx = { db: createTenantClient({ adapter: createTenantAdapter(pool), ...timeouts }), principal: null };
const store = createEventStore(createEventSignals(pool, { url }), pool);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const failed = new Set<number>();

await runInScope(createScope({ orgId, userId: null }), () =>
  store.consume(
    cx,
    name,
    EVERY_EVENT,
    async ({ position }, tx) => {
      await tx.$executeRaw`INSERT INTO public.projection (org_id, position) VALUES (${orgId}::uuid, ${BigInt(position)}::bigint)`;
      // After the row: a failure has to take it back.
      if (position % 25 === 0 && !failed.has(position)) {
        failed.add(position);
        throw new Error(`not now, ${position}`);
      }
      tell(String(position));
    },
    { signal: new AbortController().signal, retryMinMs: 5, retryMaxMs: 20 },
  ),
);
