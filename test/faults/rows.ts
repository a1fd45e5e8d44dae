import { setTimeout } from 'node:timers/promises';
import pg from 'pg';

/** How many rows of each table came and went; a changed row counts as both. Empty when nothing was changed. */
export type Change = Readonly<Record<string, string>>;

/** The rows of all tables, to be compared with and to be gone back to. */
export interface KeptRows {
  /** What is different now. */
  change(): Promise<Change>;
  /** Makes all rows what they were. */
  restore(): Promise<void>;
  /** How often it is noted that somebody has read the audit, which is no change of anything. */
  readings(): Promise<number>;
  /** Connections of the server that are in the middle of a transaction and stay there for ten seconds. */
  openTransactions(): Promise<number>;
  close(): Promise<void>;
}

interface Table {
  readonly name: string;
  /** Those that can be written: what is generated is not. */
  readonly columns: string;
}

/** An organization's log. It is gone back to as a whole: one part of it makes no sense without the others. */
const LOG = ['events.heads', 'events.events', 'events.event_tags'];
/** That somebody reads the audit is written in a transaction of its own: it may be there or not, and moves the head. */
const WITHOUT_READINGS = `WHERE type <> 'AUDIT.READ'`;

const TABLES = `
  SELECT format('%I.%I', table_schema, table_name) AS name, string_agg(quote_ident(column_name), ', ') AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
   WHERE (table_schema IN ('iam', 'workflow', 'credentials') OR format('%I.%I', table_schema, table_name) = ANY ('{${LOG.join()}}'))
     AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
   GROUP BY 1 ORDER BY 1`;

const kept = (table: Table): string => `kept.${table.name.replace('.', '_')}`;

/** What is no change of anything: when and how often keys were used, and how often somebody tried to sign in. */
const NOTED = ['events.heads', 'iam.api_key_usage', 'credentials.sign_in_attempts'];
/** What counts attempts, also those that come to nothing: no change, but too many of them would close the door. */
const COUNTING = ['credentials.sign_in_attempts', 'credentials.tokens'];

/** Each row as a checksum, but for the time at which a key was last used, and the attempts that a token has left. */
const sums = (tables: readonly Table[]): string =>
  tables.filter(({ name }) => !NOTED.includes(name)).map(({ name }) => `SELECT '${name}' AS name, md5((to_jsonb(t) - 'last_used_at' - 'attempts')::text) AS sum FROM ${name} t ${name.startsWith('events.event') ? WITHOUT_READINGS : ''}`).join(' UNION ALL ');

/** Keeps the rows as they are now. */
export async function keepRows(superuserUrl: string): Promise<KeptRows> {
  const client = new pg.Client(superuserUrl);
  await client.connect();
  const { rows: tables } = await client.query<Table>(TABLES);
  await client.query('CREATE SCHEMA kept');
  for (const table of tables) await client.query(`CREATE TABLE ${kept(table)} AS TABLE ${table.name}`);
  // What belongs together is put back table by table, past the triggers that watch over it.
  await client.query('SET session_replication_role = replica');
  const read = async () => (await client.query<{ name: string; sum: string }>(sums(tables))).rows.map(({ name, sum }) => `${name} ${sum}`);
  const before = new Set(await read());
  let changed: string[] = [];
  return {
    async change() {
      const now = new Set(await read());
      const differences = new Map<string, { came: number; went: number }>();
      const note = (row: string, what: 'came' | 'went') => {
        const [name = ''] = row.split(' ');
        const difference = differences.get(name) ?? { came: 0, went: 0 };
        difference[what] += 1;
        differences.set(name, difference);
      };
      for (const row of now) if (!before.has(row)) note(row, 'came');
      for (const row of before) if (!now.has(row)) note(row, 'went');
      changed = tables.map(({ name }) => name).filter((name) => differences.has(name));
      return Object.fromEntries(changed.map((name) => [name, `+${differences.get(name)?.came} -${differences.get(name)?.went}`]));
    },
    async restore() {
      const isLogChanged = changed.some((name) => LOG.includes(name));
      const isToRestore = ({ name }: Table) => changed.includes(name) || COUNTING.includes(name) || (isLogChanged && LOG.includes(name));
      for (const table of tables.filter(isToRestore)) {
        await client.query(`DELETE FROM ${table.name}`);
        await client.query(`INSERT INTO ${table.name} (${table.columns}) SELECT ${table.columns} FROM ${kept(table)}`);
      }
      changed = [];
    },
    async readings() {
      const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM events.events WHERE type = 'AUDIT.READ'`);
      return rows[0]!.count;
    },
    async openTransactions() {
      // The database notices that a connection is gone when it comes to it: on a busy machine not at once.
      for (let left = 100; ; left -= 1) {
        const { rows } = await client.query<{ count: number }>(
          `SELECT count(*)::int FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'tenantry' AND state LIKE 'idle in transaction%'`,
        );
        const count = rows[0]?.count ?? 0;
        if (count === 0 || left === 0) return count;
        await setTimeout(100);
      }
    },
    close: () => client.end(),
  };
}
