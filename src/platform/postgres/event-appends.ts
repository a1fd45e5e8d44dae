import type { DatabasePool } from './adapter/index.ts';
import { readRecords } from './adapter/records.ts';

/** A row of `events.append_each`: a placed event, or the position at which the condition of a command failed. */
export interface AppendRow {
  readonly command: string | bigint;
  readonly conflict: string | bigint | null;
  readonly position: string | bigint | null;
  readonly id: string | null;
  readonly aggregateVersion: string | bigint | null;
  readonly createdAt: Date | null;
}

/** Sends commands, in JSON, to the log of an organization. */
export type SendAppends = (orgId: string, commands: string) => Promise<readonly AppendRow[]>;

/**
 * Sends appends that are transactions of their own past Prisma, which takes as long to send one as the database to do it.
 * They go as the server's role and in the scope of the organization, as every statement does.
 */
export function createAppendSender(pool: DatabasePool): SendAppends {
  const text = `/* writes */ SELECT command, conflict, "position", id, aggregate_version, created_at FROM events.append_each($1::jsonb)`;
  return async (orgId, commands) => {
    const rows = await readRecords(pool, [pool.scopeStep({ orgId, userId: null }), { text, values: [commands] }]);
    return rows as unknown as AppendRow[];
  };
}
