import { OperatorError } from '../kernel/operator-error.ts';
import type { withClient } from '../platform/postgres/client.ts';
import { definerRole } from '../platform/postgres/migrations/index.ts';
import type { OpenDatabase } from '../platform/postgres/open-database.ts';

/** A connection of the role that owns the database. */
export type Client = Parameters<Parameters<typeof withClient>[1]>[0];

/** The address of the role that owns the database. @throws OperatorError when it is not known. */
export function requireOwnerUrl({ ownerUrl }: Pick<OpenDatabase, 'ownerUrl'>): string {
  if (ownerUrl === undefined) throw new OperatorError('MIGRATION_DATABASE_URL is missing: set it to the address of the role that owns the database.');
  return ownerUrl;
}

/** Does `work` as the role of the functions, which alone sees what opens doors and appends to logs. Inside a transaction. */
export async function asDefiner<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query(`SET LOCAL ROLE ${definerRole}`);
  const result = await work();
  await client.query('RESET ROLE');
  return result;
}

/** What a command tells the log that it has done. */
export interface CommandEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Writes it in the log of an organization, the platform's own: the owner of the database has no way into one. */
export async function record(client: Client, orgId: string, { type, data }: CommandEvent): Promise<void> {
  const event = { type, data, metadata: {}, tags: [], actorKind: 'system', source: 'cli' };
  await client.query(`SELECT set_config('app.current_org_id', $1, true)`, [orgId]);
  await asDefiner(client, () => client.query('SELECT events.append_each($1)', [JSON.stringify([{ events: [event], query: null, after: 0 }])]));
}
