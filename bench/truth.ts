import { uuidOf } from '../src/kernel/ids.ts';
import type { SeededOrganization } from '../src/ops/seed/index.ts';
import { inTransaction, withClient } from '../src/platform/postgres/client.ts';
import { type Case, DEEP_BEHIND, DEEP_SIZE, LIST_SIZE, NESTED_TASKS } from './cases.ts';
import type { Organization, Row } from './contenders/contender.ts';

/** An organization with what its own rows say: what every contender has to answer. */
export interface Tenant {
  readonly organization: Organization;
  readonly workflowIds: readonly string[];
  readonly expected: Readonly<Record<Exclude<Case, 'create' | 'byId'>, readonly Row[]>>;
  readonly nameOf: (workflowId: string) => string;
}

const newestFirst = 'ORDER BY w.created_at DESC, w.id DESC';

const nestedColumns = `
  (SELECT json_agg(t.key ORDER BY t.position) FROM workflow.tasks t
    WHERE t.org_id = w.org_id AND t.workflow_id = w.id AND t.position < ${NESTED_TASKS}) AS tasks,
  (SELECT m.email FROM iam.memberships m WHERE m.org_id = w.org_id AND m.id = w.created_by_id) AS author`;

/** Runs `query` as the server's role in one organization, written by hand and apart from every contender. */
export async function readAs<Result extends object>(runtimeUrl: string, orgId: string, query: string): Promise<Result[]> {
  return withClient(runtimeUrl, (client) =>
    inTransaction(client, async () => {
      await client.query(`SELECT set_config('app.current_org_id', $1, true)`, [orgId]);
      return (await client.query(query)).rows as Result[];
    }),
  );
}

/** Reads what an organization of the seed has. */
export async function readTenant(runtimeUrl: string, seeded: SeededOrganization): Promise<Tenant> {
  const { slug, apiKey } = seeded;
  const id = uuidOf('Organization', seeded.id)!;
  const read = <Result extends object>(columns: string, page: string): Promise<Result[]> =>
    readAs<Result>(runtimeUrl, id, `SELECT ${columns} FROM workflow.workflows w WHERE w.org_id = '${id}' ${newestFirst} ${page}`);
  const all = await read<Row>('w.id, w.name', '');
  const names = new Map(all.map((row) => [row.id, row.name]));
  return {
    organization: { id, slug, apiKey },
    workflowIds: all.map((row) => row.id),
    nameOf: (workflowId) => names.get(workflowId) ?? '',
    expected: {
      list: all.slice(0, LIST_SIZE),
      nested: await read<Row>(`w.id, w.name, ${nestedColumns}`, `LIMIT ${LIST_SIZE}`),
      deep: all.slice(DEEP_BEHIND, DEEP_BEHIND + DEEP_SIZE),
    },
  };
}

/** Deletes what the create case has made. Answers how many there were. */
export async function deleteCreated(runtimeUrl: string, { organization }: Tenant): Promise<number> {
  const query = `DELETE FROM workflow.workflows WHERE org_id = '${organization.id}' AND name LIKE 'Bench %' RETURNING id`;
  return (await readAs(runtimeUrl, organization.id, query)).length;
}
