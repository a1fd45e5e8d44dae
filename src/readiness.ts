import type { Readiness } from './http/doors.ts';
import { withClient } from './platform/postgres/client.ts';
import { compareWithLedger, readLedger, readMigrationFiles } from './platform/postgres/migrations/index.ts';

const KEPT_MS = 1_000;

export interface ReadinessOptions {
  readonly runtimeUrl: string;
  /** The database is called unreachable when it has not answered by then. */
  readonly timeoutMs: number;
}

/**
 * Whether the database answers and is migrated. However often it is asked, there is one look under way at a time and at
 * most one a second: the door is open to everybody, and each look takes a connection of its own.
 */
export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  let last: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;
  let looking = false;
  return () => {
    if (last && (looking || performance.now() - last.at < KEPT_MS)) return last.readiness;
    looking = true;
    const readiness = look(options).finally(() => {
      looking = false;
    });
    last = { at: performance.now(), readiness };
    return readiness;
  };
}

async function look({ runtimeUrl, timeoutMs }: ReadinessOptions): Promise<Readiness> {
  const ledger = withClient(runtimeUrl, readLedger, { connectTimeoutMs: timeoutMs });
  const applied = await Promise.race([ledger, silence(timeoutMs)]).catch(() => undefined);
  if (!applied) return { ready: false, checks: { database: 'not reachable', migrations: 'unknown' } };
  const states = compareWithLedger(await readMigrationFiles(), applied).map(({ state }) => state);
  // What a newer version has applied beside this one, while servers are replaced one by one, does not stop this one.
  const ready = states.every((state) => state === 'applied' || state === 'missing');
  return { ready, checks: { database: 'ok', migrations: ready ? 'ok' : 'pending' } };
}

function silence(timeoutMs: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), timeoutMs).unref());
}
