import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';

/** That a key was used. */
export interface Use {
  readonly orgId: string;
  readonly keyId: string;
  readonly usageId: string;
  /** As `periodOf` gives it. */
  readonly period: string;
  readonly at: Date;
  /** Root fields that are yet to be counted; 0 when they are. */
  readonly calls: number;
}

/** What is known of uses and not yet written. */
export interface UseNotes {
  add(use: Use): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface UseNotesOptions {
  readonly db: TenantClient;
  readonly flushMs: number;
  readonly onLost: (error: unknown) => void;
}

/** While the database cannot be written to, no more keys than this are remembered. */
const MOST_NOTES = 10_000;

/** Keeps in mind that keys were used, and writes it in two statements an organization, whatever has come in between. */
export function createUseNotes({ db, flushMs, onLost }: UseNotesOptions): UseNotes {
  let notes = new Map<string, Use>();
  let writing: Promise<void> = Promise.resolve();
  let lastError: unknown;

  function add(use: Use): void {
    const name = `${use.keyId}:${use.period}`;
    const known = notes.get(name);
    if (!known && notes.size >= MOST_NOTES) {
      onLost(new Error(`More than ${MOST_NOTES} API keys were used since their use could last be written.`, { cause: lastError }));
      notes.clear();
    }
    notes.set(name, known ? { ...use, at: later(use.at, known.at), calls: known.calls + use.calls } : use);
  }

  async function writeAll(): Promise<void> {
    const taken = Map.groupBy(notes.values(), ({ orgId }) => orgId);
    notes = new Map();
    for (const [orgId, uses] of taken) {
      try {
        await runInScope(createScope({ orgId, userId: null }), () => write(db, orgId, uses));
      } catch (error) {
        lastError = error;
        uses.forEach(add);
      }
    }
  }

  /** One after the other: two that write the same rows would wait for each other. */
  function flush(): Promise<void> {
    writing = writing.then(writeAll);
    return writing;
  }

  const timer = setInterval(() => void flush(), flushMs);
  timer.unref();
  return {
    add,
    flush,
    async close() {
      clearInterval(timer);
      await flush();
      if (notes.size > 0) onLost(lastError);
    },
  };
}

const later = (one: Date, other: Date): Date => (one > other ? one : other);

/** Both or neither: what has failed is written again, and would be counted twice. */
async function write(db: TenantClient, orgId: string, uses: readonly Use[]): Promise<void> {
  const used = JSON.stringify(uses.map(({ keyId, at }) => ({ id: keyId, at })));
  const counted = JSON.stringify(uses.filter(({ calls }) => calls > 0));
  await db.$transaction(async (tx) => {
    // In the order of their ids, as every process does it: so none waits for one that waits for it.
    await tx.$executeRaw`
      WITH used AS (SELECT id, max(at) AS at FROM jsonb_to_recordset(${used}::jsonb) AS u (id uuid, at timestamptz) GROUP BY id),
           held AS (SELECT k.id FROM iam.api_keys k WHERE k.org_id = ${orgId}::uuid AND k.id IN (SELECT id FROM used) ORDER BY k.id FOR NO KEY UPDATE)
      UPDATE iam.api_keys k SET last_used_at = greatest(k.last_used_at, used.at)
      FROM used, held WHERE k.org_id = ${orgId}::uuid AND k.id = used.id AND held.id = used.id`;
    await tx.$executeRaw`
      INSERT INTO iam.api_key_usage AS u (org_id, usage_id, period, used)
      SELECT ${orgId}::uuid, c."usageId", c.period, sum(c.calls)
      FROM jsonb_to_recordset(${counted}::jsonb) AS c ("usageId" uuid, period date, calls bigint)
      GROUP BY c."usageId", c.period ORDER BY c."usageId", c.period
      ON CONFLICT (org_id, usage_id, period) DO UPDATE SET used = u.used + excluded.used`;
  });
}
