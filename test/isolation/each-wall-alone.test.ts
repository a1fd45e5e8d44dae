import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { fromGlobalId, toGlobalId } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type GraphQLAnswer, type TestApp, type TestWalls } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';
import { ATTACKS, idsOf, type Ids } from './root-fields.ts';

/** Each wall between tenants with the other two taken away, and all three together. */
const WALLS: Readonly<Record<string, Required<TestWalls>>> = {
  'the schema alone': { schema: true, client: false, database: false },
  'the client alone': { schema: false, client: true, database: false },
  'the database alone': { schema: false, client: false, database: true },
  'all three walls': { schema: true, client: true, database: true },
};

/** The same ids in shape and type, of nothing that exists. */
const unknownIds = (ids: Ids): Ids => mapIds(ids, (id) => toGlobalId(fromGlobalId(id)!.type, randomUUID()));
/** What is no id at all. */
const malformedIds = (ids: Ids): Ids => mapIds(ids, (id) => `${id.slice(0, -1)}!`);

const mapIds = (ids: Ids, map: (id: string) => string): Ids =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, Array.isArray(id) ? id.map(map) : map(id as string)])) as unknown as Ids;

/** What the answer says, without what is different in every answer. */
const said = ({ data, errors }: GraphQLAnswer) => JSON.stringify({ data, errors: errors?.map(({ message, path, extensions }) => ({ message, path, extensions })) });

const TENANT_TABLES = [
  'iam.memberships', 'iam.api_keys', 'iam.idempotency_keys', 'workflow.workflows', 'workflow.workflow_versions',
  'workflow.tasks', 'workflow.schedules', 'workflow.workflow_states', 'workflow.task_states',
];

/** A fingerprint of every row that an organization has. */
async function checksum(database: TestApp['database'], orgUuid: string): Promise<string> {
  return withClient(database.superuserUrl, async (client) => {
    const hash = createHash('sha256');
    for (const table of TENANT_TABLES) {
      const { rows } = await client.query(`SELECT t::text AS row FROM ${table} t WHERE org_id = $1 ORDER BY 1`, [orgUuid]);
      hash.update(table).update(JSON.stringify(rows));
    }
    const { rows } = await client.query('SELECT o::text AS row FROM iam.organizations o WHERE id = $1', [orgUuid]);
    return hash.update(JSON.stringify(rows)).digest('hex');
  });
}

test('every root field of the schema is attacked', () => {
  const roots = [schema.getQueryType()!, schema.getMutationType()!];
  const fields = roots.flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
  expect(Object.keys(ATTACKS).sort()).toEqual(fields.sort());
});

describe.each(Object.entries(WALLS))('%s', (_name, walls) => {
  let whole: TestApp;
  let api: TestApp;
  let own: World;
  let other: World;

  beforeAll(async () => {
    whole = await startTestApp();
    const operator = await appointOperator(whole);
    own = await seedWorld(whole, 'alpha', operator.userId);
    other = await seedWorld(whole, 'beta', operator.userId);
    api = await startTestApp({ walls, database: whole.database });
  });
  afterAll(async () => {
    await api?.close();
    await whole?.close();
  });

  /** Nothing by which the other organization could be recognised. */
  const markersOf = (world: World) => [world.orgUuid, world.organizationId, '@beta.test', 'beta', ...idsOf(world).nodes];

  test.each(Object.keys(ATTACKS))("%s answers another organization's ids like unknown and malformed ones, and touches nothing", async (field) => {
    const { query, variables } = ATTACKS[field]!;
    const before = await checksum(api.database, other.orgUuid);
    const call = (ids: Ids) => api.call(query, variables?.(ids), { as: own.keys.admin });
    const unknown = said(await call(unknownIds(idsOf(other))));
    const foreign = said(await call(idsOf(other)));
    // A mutation without ids makes something at its first call and conflicts at its second: nothing to compare.
    if (variables && variables(idsOf(other)) && JSON.stringify(variables(idsOf(own))) !== JSON.stringify(variables(idsOf(other)))) {
      expect(foreign).toBe(unknown);
      expect(said(await call(malformedIds(idsOf(other))))).toBe(unknown);
    }
    for (const marker of markersOf(other)) expect(foreign).not.toContain(marker);
    // An answer of another kind would mean that the attack never reached the resolver.
    expect(foreign).not.toMatch(/INTERNAL|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED/);
    expect(await checksum(api.database, other.orgUuid)).toBe(before);
  });

  test("an organization's own rows are all there, and nobody else's", async () => {
    const query = '{ workflows(first: 100) { totalCount edges { node { id tasks { totalCount } } } } members { totalCount } apiKeys { totalCount } }';
    const { data, errors } = await api.call(query, {}, { as: other.keys.admin });
    expect(errors).toBeUndefined();
    expect(data.workflows.totalCount).toBe(3);
    expect(data.workflows.edges.map((edge: any) => edge.node.id).sort()).toEqual([...other.workflowIds].sort());
    expect(data.workflows.edges.map((edge: any) => edge.node.tasks.totalCount)).toEqual([3, 3, 3]);
    expect(data.members.totalCount).toBe(6);
  });

  test("another organization's cursor is refused like a forged one", async () => {
    const page = 'query ($after: String) { workflows(first: 1, after: $after) { edges { node { id } } pageInfo { endCursor } } }';
    const theirs = (await api.call(page, {}, { as: other.keys.admin })).data.workflows.pageInfo.endCursor as string;
    const foreign = await api.call(page, { after: theirs }, { as: own.keys.admin });
    const forged = await api.call(page, { after: `${theirs.slice(0, -2)}AA` }, { as: own.keys.admin });
    expect(foreign.errors?.[0]?.extensions.code).toBe('VALIDATION_FAILED');
    expect(said(foreign)).toBe(said(forged));
  });

  test('the header may choose only among the organizations of the caller, with one answer whether another exists or not', async () => {
    const choose = (id: string) => api.call('{ organization { id } }', {}, { as: own.keys.admin, headers: { 'x-organization-id': id } });
    const foreign = await choose(other.organizationId);
    expect(foreign.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(said(await choose(toGlobalId('Organization', randomUUID())))).toBe(said(foreign));
    expect(said(await choose('nonsense'))).toBe(said(foreign));
    expect((await choose(own.organizationId)).data.organization.id).toBe(own.organizationId);
  });
});

describe('control: no wall at all', () => {
  test("another organization's rows are read, so the attacks above can fail", async () => {
    const whole = await startTestApp();
    const operator = await appointOperator(whole);
    const own = await seedWorld(whole, 'alpha', operator.userId);
    const other = await seedWorld(whole, 'beta', operator.userId);
    const open = await startTestApp({ walls: { schema: false, client: false, database: false }, database: whole.database });
    for (const field of ['Query.node', 'Query.nodes', 'Query.workflow']) {
      const { query, variables } = ATTACKS[field]!;
      const answer = said(await open.call(query, variables!(idsOf(other)), { as: own.keys.admin }));
      expect(answer).toContain(other.workflowIds[0]);
    }
    const list = await open.call('{ workflows(first: 100) { totalCount edges { node { id } } } }', {}, { as: own.keys.admin });
    expect(said(list)).toContain(other.workflowIds[0]);
    await open.close();
    await whole.close();
  });
});
