import { withClient } from '../../../../src/platform/postgres/client.ts';
import { openConnections } from './connections.ts';
import type { Leak } from '../part.ts';
import { markersIn } from './marker.ts';
import type { SoakRun } from './run.ts';
import type { SoakTenant } from './tenants.ts';
import { at, type Memory } from './turn.ts';
import type { SoakWorld } from './world.ts';

/** What was found when all was quiet again. */
export interface Aftermath {
  readonly leaks: Leak[];
  /** What a tenant wrote and does not find, or finds and did not write. */
  readonly wrong: string[];
  readonly rows: number;
}

const TENANT_TABLES = `
  SELECT format('%I.%I', table_schema, table_name) AS name,
         bool_or(column_name = 'id') AS has_id
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
  WHERE table_schema IN ('events', 'iam', 'workflow') AND table_type = 'BASE TABLE'
  GROUP BY 1 HAVING bool_or(column_name = 'org_id')`;

/** Looks past all walls: no row holds what another tenant wrote, and every row that was met is of who was given it. */
async function lookAtRows({ database, tenants }: SoakWorld, { witness }: SoakRun): Promise<{ leaks: Leak[]; rows: number }> {
  const byOrg = new Map(tenants.map((tenant) => [tenant.orgId, tenant]));
  const leaks: Leak[] = [];
  let count = 0;
  await withClient(database.superuserUrl, async (client) => {
    const tables = (await client.query<{ name: string; has_id: boolean }>(TENANT_TABLES)).rows;
    for (const { name, has_id } of tables) {
      const id = has_id ? 'id' : 'NULL';
      const { rows } = await client.query<{ org: string; id: string | null; text: string }>(
        `SELECT org_id AS org, ${id}::text AS id, to_jsonb(t)::text AS text FROM ${name} t`,
      );
      count += rows.length;
      for (const row of rows) {
        const owner = byOrg.get(row.org);
        if (markersIn(row.text).some((marker) => marker !== owner?.marker)) leaks.push({ where: name, what: `a row of ${owner?.marker} holds what another tenant wrote` });
        const seenBy = row.id === null ? undefined : witness.owners.get(row.id);
        if (seenBy !== undefined && seenBy !== owner) leaks.push({ where: name, what: `a row of ${owner?.marker} was given to ${seenBy.marker}` });
      }
    }
  });
  return { leaks, rows: count };
}

const LEDGERS = {
  workflows: 'SELECT org_id AS org, name FROM workflow.workflows',
  schedules: 'SELECT org_id AS org, name FROM workflow.schedules',
  members: 'SELECT org_id AS org, name FROM iam.memberships',
  keys: 'SELECT org_id AS org, name FROM iam.api_keys',
} as const;

/** Each tenant's rows against what it was told: nothing is missing, nothing is there that nobody wrote. */
async function compareLedgers({ database }: SoakWorld, memories: ReadonlyMap<SoakTenant, Memory>): Promise<string[]> {
  return withClient(database.superuserUrl, async (client) => {
    const wrong: string[] = [];
    for (const [kind, query] of Object.entries(LEDGERS)) {
      const { rows } = await client.query<{ org: string; name: string }>(`${query} WHERE name LIKE 'soak %'`);
      const names = Map.groupBy(rows, ({ org }) => org);
      for (const [{ orgId, marker }, memory] of memories) {
        const found = (names.get(orgId) ?? []).map(({ name }) => name);
        wrong.push(...memory[kind as keyof typeof LEDGERS].compare(found).map((what) => `${marker}: ${what}`));
      }
    }
    return wrong;
  });
}

const LIST = `query ($after: String) {
  workflows(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id name } } }
}`;

/** Every tenant asks for all of its workflows, page by page, and compares with what the database has. */
async function listAll(world: SoakWorld, { witness }: SoakRun): Promise<string[]> {
  const http = openConnections(8);
  const counts = await withClient(world.database.superuserUrl, async (client) =>
    (await client.query<{ org: string; count: number }>('SELECT org_id AS org, count(*)::int AS count FROM workflow.workflows GROUP BY 1')).rows,
  );
  const wrong: string[] = [];
  for (const tenant of world.tenants) {
    let after: unknown = null;
    let found = 0;
    do {
      const body = { query: LIST, variables: { after } };
      const answer = await http.send(world.patient.url, tenant.writers[0] ?? { token: '' }, `${tenant.marker}.end`, body);
      const parsed: unknown = JSON.parse(answer?.text ?? '{}');
      witness.look(tenant, 'all workflows at the end', answer?.text ?? '', parsed);
      found += (at(parsed, 'data', 'workflows', 'edges') as unknown[] | undefined)?.length ?? 0;
      after = at(parsed, 'data', 'workflows', 'pageInfo', 'hasNextPage') === true ? at(parsed, 'data', 'workflows', 'pageInfo', 'endCursor') : null;
    } while (after !== null);
    const wanted = counts.find(({ org }) => org === tenant.orgId)?.count;
    if (found !== wanted) wrong.push(`${tenant.marker} finds ${found} workflows of its ${wanted}`);
  }
  http.close();
  return wrong;
}

/** Connections of the servers that were left inside a transaction. */
async function openTransactions({ database }: SoakWorld): Promise<Leak[]> {
  const { rows } = await withClient(database.superuserUrl, (client) =>
    client.query(`SELECT FROM pg_stat_activity WHERE datname = $1 AND state LIKE 'idle in transaction%' AND usename <> 'postgres'`, [database.name]),
  );
  return rows.map(() => ({ where: 'a connection at the end', what: 'it was left inside a transaction' }));
}

export async function lookAfterwards(world: SoakWorld, run: SoakRun): Promise<Aftermath> {
  const { leaks, rows } = await lookAtRows(world, run);
  const wrong = [...(await compareLedgers(world, run.memories)), ...(await listAll(world, run))];
  return { leaks: [...leaks, ...(await openTransactions(world))].slice(0, 20), wrong, rows };
}
