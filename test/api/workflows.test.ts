import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, definition, seedWorld, type World } from '../harness/world.ts';

let api: TestApp;
let world: World;
beforeAll(async () => {
  api = await startTestApp();
  world = await seedWorld(api, 'alpha', (await appointOperator(api)).userId, 1);
});
afterAll(() => api?.close());

const ask = (query: string, variables: Record<string, unknown> = {}) => api.call(query, variables, { as: world.keys.manager });

const ERRORS = '__typename ... on Error { code message } ... on ValidationError { fields { path message } }';
const CREATE = `mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { ${ERRORS} ... on CreateWorkflowSuccess {
  workflow { id name slug currentVersion createdBy { role } tasks { totalCount edges { node { key type position config } } } versions { edges { node { version definition } } } } } } }`;
const UPDATE = `mutation ($input: UpdateWorkflowInput!) { updateWorkflow(input: $input) { ${ERRORS} ... on UpdateWorkflowSuccess {
  workflow { name description status currentVersion tasks { edges { node { id key } } } versions { totalCount edges { node { version } } } } } } }`;

const create = async (input: Record<string, unknown>) => (await ask(CREATE, { input: { definition: definition('a'), ...input } })).data.createWorkflow;

describe('createWorkflow', () => {
  test('answers the workflow with its tasks, first version and maker', async () => {
    const { workflow } = await create({ name: 'Invoices & more', definition: definition('invoices', 2) });
    expect(workflow).toMatchObject({
      name: 'Invoices & more',
      slug: 'invoices-more',
      currentVersion: 1,
      createdBy: { role: 'MANAGER' },
      tasks: { totalCount: 2, edges: [{ node: { key: 'task0', type: 'set', position: 0, config: { set: { index: 0 } } } }, { node: { key: 'task1' } }] },
      versions: { edges: [{ node: { version: 1, definition: definition('invoices', 2) } }] },
    });
  });

  test('a slug that is taken is a conflict', async () => {
    await create({ name: 'First', slug: 'taken' });
    expect(await create({ name: 'Second', slug: 'taken' })).toMatchObject({ __typename: 'ConflictError', code: 'CONFLICT' });
  });

  test.each<[string, unknown]>([
    ['a text', 'do something'],
    ['a list', []],
    ['null inside', { document: null, do: [] }],
    ['without tasks', { document: { dsl: '1.0.0', namespace: 'a', name: 'b', version: '1.0.0' } }],
    ['with an unknown task', { document: { dsl: '1.0.0', namespace: 'a', name: 'b', version: '1.0.0' }, do: [{ a: { dance: {} } }] }],
  ])('a definition that is %s is told what is wrong', async (_what, bad) => {
    const result = await create({ name: 'Bad', definition: bad });
    expect(result.code).toBe('VALIDATION_FAILED');
    expect(result.fields[0].path[0]).toBe('definition');
  });

  test('the same idempotency key makes one workflow, another input with it is a conflict', async () => {
    const input = { name: 'Once', slug: 'once', idempotencyKey: 'k-1' };
    const first = await create(input);
    expect((await create(input)).workflow.id).toBe(first.workflow.id);
    expect((await create({ ...input, name: 'Twice' })).code).toBe('CONFLICT');
  });
});

describe('updateWorkflow', () => {
  test('another definition is a new version; tasks keep their ids by key; the old version stays as it was', async () => {
    const { workflow } = await create({ name: 'Versions', slug: 'versions', definition: definition('v', 3) });
    const before = (await ask('query ($id: ID!) { workflow(id: $id) { tasks { edges { node { id key } } } } }', { id: workflow.id })).data.workflow.tasks.edges;
    const updated = (await ask(UPDATE, { input: { id: workflow.id, definition: definition('v', 2), expectedVersion: 1 } })).data.updateWorkflow.workflow;
    expect(updated.currentVersion).toBe(2);
    expect(updated.versions).toEqual({ totalCount: 2, edges: [{ node: { version: 2 } }, { node: { version: 1 } }] });
    expect(updated.tasks.edges).toEqual(before.slice(0, 2));
  });

  test('the same definition, in whatever order of keys, is no new version', async () => {
    const { workflow } = await create({ name: 'Same', slug: 'same' });
    const reordered = Object.fromEntries(Object.entries(definition('a')).reverse());
    const updated = (await ask(UPDATE, { input: { id: workflow.id, definition: reordered, description: 'New words' } })).data.updateWorkflow.workflow;
    expect(updated).toMatchObject({ currentVersion: 1, description: 'New words' });
  });

  test('a version that somebody else has passed is a conflict, and changes nothing', async () => {
    const { workflow } = await create({ name: 'Race', slug: 'race' });
    await ask(UPDATE, { input: { id: workflow.id, definition: definition('b') } });
    const late = (await ask(UPDATE, { input: { id: workflow.id, name: 'Late', expectedVersion: 1 } })).data.updateWorkflow;
    expect(late.code).toBe('CONFLICT');
    const { data } = await ask('query ($id: ID!) { workflow(id: $id) { name currentVersion } }', { id: workflow.id });
    expect(data.workflow).toEqual({ name: 'Race', currentVersion: 2 });
  });
});

describe('workflows', () => {
  let list: World;
  beforeAll(async () => {
    list = await seedWorld(api, 'listed', (await appointOperator(api)).userId, 12);
  });
  const TYPES = { after: 'String', before: 'String', filter: 'WorkflowFilter' };
  const page = (args: string, variables: { [Name in keyof typeof TYPES]?: unknown } = {}) =>
    api.call(`query Page${declared(Object.keys(variables) as (keyof typeof TYPES)[])} { workflows(${args}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id name slug } } } }`, variables, { as: list.keys.viewer });
  const declared = (names: (keyof typeof TYPES)[]) => (names.length > 0 ? `(${names.map((name) => `$${name}: ${TYPES[name]}`).join(', ')})` : '');
  const names = (answer: Awaited<ReturnType<typeof page>>): string[] => answer.data.workflows.edges.map((edge: any) => edge.node.name);

  test('every row is on exactly one page, forwards and backwards, whatever the order', async () => {
    for (const orderBy of ['{field: CREATED_AT, direction: DESC}', '{field: NAME, direction: ASC}', '{field: UPDATED_AT, direction: ASC}', '{field: NAME, direction: DESC}']) {
      const whole = names(await page(`first: 100, orderBy: ${orderBy}`));
      expect(whole).toHaveLength(12);
      const forwards: string[] = [];
      for (let after: string | null = null, more = true; more; ) {
        const answer = await page(`first: 5, after: $after, orderBy: ${orderBy}`, { after });
        forwards.push(...names(answer));
        ({ endCursor: after, hasNextPage: more } = answer.data.workflows.pageInfo);
      }
      expect(forwards).toEqual(whole);
      const backwards: string[] = [];
      for (let before: string | null = null, more = true; more; ) {
        const answer = await page(`last: 5, before: $before, orderBy: ${orderBy}`, { before });
        backwards.unshift(...names(answer));
        ({ startCursor: before, hasPreviousPage: more } = answer.data.workflows.pageInfo);
      }
      expect(backwards).toEqual(whole);
    }
  });

  test('rows made in the same millisecond are neither skipped nor repeated', async () => {
    const same = new Date('2026-01-01T00:00:00.000Z');
    const { createScope, runInScope } = await import('../../src/platform/postgres/tenancy.ts');
    const data = Array.from({ length: 7 }, (_, index) => ({ orgId: list.orgUuid, name: `Same ${index}`, slug: `same-${index}`, createdAt: same }));
    await runInScope(createScope({ orgId: list.orgUuid, userId: null }), () => api.app.db.workflow.createMany({ data }));
    const filter = { createdAt: { lte: same.toISOString() } };
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const answer = await page('first: 2, after: $after, filter: $filter', { after, filter });
      seen.push(...names(answer));
      ({ endCursor: after, hasNextPage: more } = answer.data.workflows.pageInfo);
    }
    expect(seen.sort()).toEqual(data.map(({ name }) => name));
  });

  test('filters narrow by status, slug, prefix, maker and time; the count follows them', async () => {
    const count = async (filter: object) => (await page('filter: $filter', { filter })).data.workflows.totalCount;
    expect(await count({ slug: { eq: 'workflow-3' } })).toBe(1);
    expect(await count({ slug: { startsWith: 'workflow-1' } })).toBe(3);
    expect(await count({ slug: { in: ['workflow-1', 'workflow-2', 'nothing'] } })).toBe(2);
    expect(await count({ status: { eq: 'INACTIVE' } })).toBe(0);
    expect(await count({ createdById: list.members.owner })).toBe(12);
    expect(await count({ createdById: list.members.viewer })).toBe(0);
    expect(await count({ createdAt: { gt: '2100-01-01T00:00:00Z' } })).toBe(0);
  });

  test('two aliases of one relation with different pages both answer what was asked', async () => {
    const { data, errors } = await api.call('{ workflows(first: 3) { edges { node { one: tasks(first: 1) { edges { node { key } } } two: tasks(last: 2) { edges { node { key } } } } } } }', {}, { as: list.keys.viewer });
    expect(errors).toBeUndefined();
    for (const { node } of data.workflows.edges) {
      if (node.two.edges.length === 0) continue;
      expect(node.one.edges.map((edge: any) => edge.node.key)).toEqual(['task0']);
      expect(node.two.edges.map((edge: any) => edge.node.key)).toEqual(['task1', 'task2']);
    }
  });

  test('a list under a row goes on where its cursor says, in both directions', async () => {
    const { workflow } = await create({ name: 'Long', definition: definition('long', 3) });
    const id = (await ask('query ($slug: String!) { workflows(filter: { slug: { eq: $slug } }) { edges { node { id } } } }', { slug: workflow.slug })).data.workflows.edges[0].node.id;
    const page = async (args: string) => {
      const { data, errors } = await ask(`query ($id: ID!) { workflow(id: $id) { tasks(${args}) { edges { cursor node { key } } } } }`, { id });
      expect(errors).toBeUndefined();
      return data.workflow.tasks.edges as { cursor: string; node: { key: string } }[];
    };
    const all = await page('first: 10');
    const keysOf = (edges: typeof all) => edges.map(({ node }) => node.key);
    expect(keysOf(await page(`first: 1, after: "${all[0]!.cursor}"`))).toEqual(keysOf(all.slice(1, 2)));
    expect(keysOf(await page(`last: 1, before: "${all[2]!.cursor}"`))).toEqual(keysOf(all.slice(1, 2)));
  });

  test('a cursor of another organization is none, neither of a list nor of one under a row', async () => {
    const refusal = [{ path: ['after'], message: expect.stringContaining('is not a cursor of this list') }];
    const { endCursor: theirs } = (await page('first: 1')).data.workflows.pageInfo;
    const { errors } = await ask('query ($after: String) { workflows(first: 1, after: $after) { edges { cursor } } }', { after: theirs });
    expect(errors?.map(({ extensions }) => extensions)).toMatchObject([{ code: 'VALIDATION_FAILED', fields: refusal }]);
    const tasks = (first: World, id: string, after: string | null) =>
      api.call('query ($id: ID!, $after: String) { workflow(id: $id) { tasks(first: 1, after: $after) { edges { cursor } } } }', { id, after }, { as: first.keys.manager });
    const { cursor } = (await tasks(list, list.workflowIds[0]!, null)).data.workflow.tasks.edges[0];
    expect((await tasks(list, list.workflowIds[1]!, cursor)).errors).toBeUndefined();
    const foreign = await tasks(world, world.workflowIds[0]!, cursor);
    expect(foreign.errors?.map(({ extensions }) => extensions)).toMatchObject([{ code: 'VALIDATION_FAILED', fields: refusal }]);
  });
});

describe('deleteWorkflow', () => {
  const DELETE = `mutation ($input: DeleteWorkflowInput!) { deleteWorkflow(input: $input) { ${ERRORS} ... on DeleteWorkflowSuccess { workflowId } } }`;
  test('is gone with its tasks and schedules, and unknown afterwards', async () => {
    const { workflow } = await create({ name: 'Short-lived', slug: 'short-lived' });
    expect((await ask(DELETE, { input: { id: workflow.id } })).data.deleteWorkflow).toMatchObject({ workflowId: workflow.id });
    const { errors } = await ask('query ($id: ID!) { workflow(id: $id) { id } }', { id: workflow.id });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'NOT_FOUND' }, path: ['workflow'] });
    expect((await ask(DELETE, { input: { id: workflow.id } })).data.deleteWorkflow).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('node and nodes', () => {
  test('every type that has a global id is found by it, as what it is', async () => {
    const found = await seedWorld(api, 'found', (await appointOperator(api)).userId, 1);
    const ids = [found.organizationId, found.members.viewer, found.apiKeyId, found.workflowIds[0], found.versionId, found.taskId, found.scheduleId, found.executionId, found.taskExecutionId];
    const { data, errors } = await api.call('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Workflow { name tasks { totalCount } } } }', { ids }, { as: found.keys.admin });
    expect(errors).toBeUndefined();
    expect(data.nodes.map((node: any) => node.__typename)).toEqual(['Organization', 'Member', 'ApiKey', 'Workflow', 'WorkflowVersion', 'Task', 'Schedule', 'WorkflowExecution', 'TaskExecution']);
    expect(data.nodes.map((node: any) => node.id)).toEqual(ids);
    expect(data.nodes[3]).toMatchObject({ name: 'Workflow 0', tasks: { totalCount: 3 } });
  });

  test('the organization of somebody else is as unknown as one that never was', async () => {
    const other = await seedWorld(api, 'other', (await appointOperator(api)).userId, 1);
    const never = toGlobalId('Organization', '01900000-0000-7000-8000-000000000000');
    const answers = await Promise.all([other.organizationId, never].map((id) => ask('query ($id: ID!) { node(id: $id) { id } }', { id })));
    expect(answers.map(({ errors }) => errors?.map(({ message, extensions }) => [message, extensions.code]))).toEqual(Array(2).fill([['Node not found.', 'NOT_FOUND']]));
    const { data } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [world.organizationId, other.organizationId, never] });
    expect(data.nodes).toEqual([{ id: world.organizationId }, null, null]);
  });

  test('an unknown id is null with its own NOT_FOUND, the others are answered', async () => {
    const { workflow } = await create({ name: 'Known', slug: 'known' });
    const unknown = toGlobalId('Workflow', '01900000-0000-7000-8000-000000000000');
    const { data, errors } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [workflow.id, unknown, 'x', workflow.id] });
    expect(data.nodes).toEqual([{ id: workflow.id }, null, null, { id: workflow.id }]);
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['nodes', 1], 'NOT_FOUND'], [['nodes', 2], 'NOT_FOUND']]);
  });

  test('more than a hundred ids are refused, and none of them is looked for', async () => {
    const many = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    const ids = (count: number) => Array.from({ length: count }, () => world.workflowIds[0]);
    expect((await ask(many, { ids: ids(100) })).data.nodes).toHaveLength(100);
    const { result, statements } = await api.statementsOf(() => ask(many, { ids: ids(101) }));
    expect(result).toMatchObject({ data: { nodes: null }, errors: [{ extensions: { code: 'VALIDATION_FAILED' } }] });
    expect(statements).toEqual([]);
  });
});
