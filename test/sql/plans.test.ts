import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { capture, explain, nodesOf, type PlanNode, rowsRead } from '../harness/plans.ts';
import { seedOrganizations, type SeededOrganization } from '../harness/seeded.ts';

// How PostgreSQL runs the very statements that the server sends, as the server's role, in the tenant, by the generic
// plan, on an organization of 100,000 workflows and 5,000 members.

const TASKS = 2;
const PAGE = 20;
/** The server asks for one row more than the page, to know whether there is another page. */
const PAGE_ROWS = PAGE + 1;
/** Workflows are made four at a time, so a cursor's time is shared by up to this many rows on its wrong side. */
const TIES = 4;

let testApp: TestApp;
let large: SeededOrganization;

beforeAll(async () => {
  testApp = await startTestApp();
  [large] = (await seedOrganizations(testApp.database, [
    { workflows: 100_000, tasks: TASKS },
    { workflows: 1_000, tasks: TASKS },
  ])) as [SeededOrganization, SeededOrganization];
  await withClient(testApp.database.superuserUrl, async (client) => {
    await client.query(
      `WITH people AS (INSERT INTO iam.users (email) SELECT 'person' || n || '@many.example' FROM generate_series(1, 5000) n RETURNING id, email),
            members AS (INSERT INTO iam.memberships (org_id, user_id, email, role, created_at)
                        SELECT $1, id, email, 'customer', timestamptz '2025-01-01' + random() * interval '300 days' FROM people
                        RETURNING org_id, user_id, created_at)
       INSERT INTO iam.api_keys (org_id, user_id, name, prefix, fingerprint, secret_hash, created_at)
       SELECT org_id, user_id, 'Key', 'tk_000000', sha256(user_id::text::bytea), '$argon2id$none', created_at FROM members`,
      [large.orgId],
    );
    await client.query('VACUUM ANALYZE');
  });
}, 300_000);
afterAll(() => testApp.close());

const call = async (document: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await testApp.call(document, variables, { as: large.apiKey });
  expect(errors).toBeUndefined();
  return data;
};

/** The plans of the statements that a document sends when the caller is known already. */
const plansOf = async (document: string, variables: Record<string, unknown> = {}): Promise<PlanNode[]> => {
  await call('{ viewer { organization { id } } }');
  const sent = await capture(testApp, () => call(document, variables));
  return Promise.all(sent.map((statement) => explain(testApp.database.runtimeUrl, statement)));
};

const isSort = (node: PlanNode): boolean => /Sort/.test(node['Node Type']);
const reads = (node: PlanNode, table: string): boolean => nodesOf(node).some((below) => below['Relation Name'] === table);

/** One statement, every table by an index, the root's rows in the order of its index, and no more rows read than that. */
const expectGoodPlan = (plans: readonly PlanNode[], { root, rows }: { root: string; rows: number }): void => {
  expect(plans).toHaveLength(1);
  const nodes = nodesOf(plans[0]!);
  const scans = nodes.filter((node) => node['Relation Name'] !== undefined);
  expect(scans.some((node) => node['Relation Name'] === root)).toBe(true);
  for (const scan of scans) expect(scan['Node Type']).toMatch(/^Index (Only )?Scan$/);
  expect(nodes.filter((node) => isSort(node) && reads(node, root))).toEqual([]);
  expect(rowsRead(plans[0]!)).toBeLessThanOrEqual(rows);
};

const FIELDS = 'id name slug description status currentVersion createdAt updatedAt';

const workflows = (fields = FIELDS): string =>
  `query ($first: Int, $after: String, $last: Int, $before: String, $filter: WorkflowFilter, $orderBy: WorkflowOrder) {
    workflows(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage } edges { cursor node { ${fields} } } } }`;

const ORDERS = ['CREATED_AT', 'UPDATED_AT', 'NAME'].flatMap((field) => ['ASC', 'DESC'].map((direction) => ({ field, direction })));

describe.each(ORDERS)('workflows by $field $direction', (orderBy) => {
  test('the first page', async () => {
    expectGoodPlan(await plansOf(workflows(), { first: PAGE, orderBy }), { root: 'workflows', rows: PAGE_ROWS });
  });

  test('the last page', async () => {
    expectGoodPlan(await plansOf(workflows(), { last: PAGE, orderBy }), { root: 'workflows', rows: PAGE_ROWS });
  });

  test('a page behind 99,900 others costs what the first costs', async () => {
    const { pageInfo } = (await call(workflows('id'), { last: 100, orderBy })).workflows;
    const plans = await plansOf(workflows(), { first: PAGE, after: pageInfo.startCursor, orderBy });
    expectGoodPlan(plans, { root: 'workflows', rows: PAGE_ROWS + TIES });
  });

  test('a page that is left behind again costs no more', async () => {
    const { pageInfo } = (await call(workflows('id'), { first: 100, orderBy })).workflows;
    const plans = await plansOf(workflows(), { last: PAGE, before: pageInfo.endCursor, orderBy });
    expectGoodPlan(plans, { root: 'workflows', rows: PAGE_ROWS + TIES });
  });
});

test('a list with two relations finds the children of each row by an index', async () => {
  const plans = await plansOf(workflows('id name tasks(first: 5) { edges { node { id key type config } } } createdBy { id email name }'), { first: PAGE });
  expectGoodPlan(plans, { root: 'workflows', rows: PAGE_ROWS * (1 + TASKS + 1) });
});

test('a list three levels deep does too', async () => {
  const runs = 'executions(first: 5) { edges { node { id status tasks(first: 5) { edges { node { id status } } } } } }';
  const plans = await plansOf(workflows(`id schedules(first: 5) { edges { node { id cron } } } ${runs}`), { first: PAGE });
  expectGoodPlan(plans, { root: 'workflows', rows: PAGE_ROWS * (1 + 1 + 3 + 3 * TASKS) });
});

test('workflows of one author, latest first', async () => {
  const { members } = await call('query ($email: String) { members(first: 1, filter: { email: $email }) { edges { node { id } } } }', { email: large.ownerEmail });
  const filter = { createdById: members.edges[0].node.id };
  expectGoodPlan(await plansOf(workflows(), { first: PAGE, filter }), { root: 'workflows', rows: PAGE_ROWS });
});

test('workflows made in a span of time', async () => {
  const filter = { createdAt: { gte: '2025-03-01T00:00:00Z', lt: '2025-04-01T00:00:00Z' } };
  expectGoodPlan(await plansOf(workflows(), { first: PAGE, filter }), { root: 'workflows', rows: PAGE_ROWS });
});

test('a workflow by its id', async () => {
  const { edges } = (await call(workflows('id'), { first: 1 })).workflows;
  expectGoodPlan(await plansOf(`query ($id: ID!) { workflow(id: $id) { ${FIELDS} } }`, { id: edges[0].node.id }), { root: 'workflows', rows: 1 });
});

test('a workflow by its slug', async () => {
  const { edges } = (await call(workflows('slug'), { first: 1 })).workflows;
  const [plan] = await plansOf(workflows(), { first: PAGE, filter: { slug: { eq: edges[0].node.slug } } });
  expect(nodesOf(plan!).filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
  expect(rowsRead(plan!)).toBe(1);
});

test('API keys with their owners', async () => {
  expectGoodPlan(await plansOf(`{ apiKeys(first: ${PAGE}) { edges { node { id name owner { id email } } } } }`), { root: 'api_keys', rows: 2 * PAGE_ROWS });
});

const members = (filter: string): string => `{ members(first: ${PAGE}${filter}) { edges { node { id email role status } } } }`;

test('a member by address', async () => {
  const [plan] = await plansOf(members(`, filter: { email: "${large.ownerEmail}" }`));
  expect(nodesOf(plan!).filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
  expect(rowsRead(plan!)).toBe(1);
});

describe('filters by an enumeration', () => {
  test('workflows of one status', async () => {
    expectGoodPlan(await plansOf(workflows(), { first: PAGE, filter: { status: { eq: 'INACTIVE' } } }), { root: 'workflows', rows: PAGE_ROWS });
  });

  test('members, those who left set aside', async () => {
    expectGoodPlan(await plansOf(members('')), { root: 'memberships', rows: PAGE_ROWS });
  });

  test('members of one status', async () => {
    expectGoodPlan(await plansOf(members(', filter: { status: { eq: ACTIVE } }')), { root: 'memberships', rows: PAGE_ROWS });
  });

  test('members of one role', async () => {
    expectGoodPlan(await plansOf(members(', filter: { role: { eq: OWNER } }')), { root: 'memberships', rows: 1 });
  });
});
