import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, definition, seedWorld, signIn, type World } from '../harness/world.ts';

// What a change answers with, and what it may not do although it was asked for in time.

let api: TestApp;
let operator: { userId: string; token: string };
let world: World;
beforeAll(async () => {
  api = await startTestApp();
  operator = await appointOperator(api);
  world = await seedWorld(api, 'alpha', operator.userId, 2);
});
afterAll(() => api?.close());

const CREATE = `mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { __typename ... on Error { code }
  ... on CreateWorkflowSuccess { workflow { id name tasks { edges { node { key config } } } versions { edges { node { definition } } } } } } }`;

async function keyWith(scopes: string[]): Promise<string> {
  const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } } }';
  const input = { name: `Key ${scopes.join(' ')}`, scopes };
  return (await api.call(create, { input }, { as: await signIn(api.app, world.email('owner')) })).data.createApiKey.secret;
}

describe('a change', () => {
  test('that a key may make is answered, also when the key was given no more than that', async () => {
    const as = await keyWith(['workflow:write', 'member:write', 'organization:write']);
    const workflow = await api.call(CREATE, { input: { name: 'Just enough', definition: definition('enough') } }, { as });
    expect(workflow.errors).toBeUndefined();
    expect(workflow.data.createWorkflow.workflow.name).toBe('Just enough');
    const member = await api.call('mutation ($input: AddMemberInput!) { addMember(input: $input) { ... on AddMemberSuccess { member { email } } } }', { input: { email: 'enough@alpha.test', role: 'VIEWER' } }, { as });
    expect(member).toMatchObject({ errors: undefined, data: { addMember: { member: { email: 'enough@alpha.test' } } } });
    const organization = await api.call('mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) { ... on UpdateOrganizationSuccess { organization { description } } } }', { input: { description: 'Enough' } }, { as });
    expect(organization).toMatchObject({ errors: undefined, data: { updateOrganization: { organization: { description: 'Enough' } } } });
  });

  test('that is repeated after what it made is gone is NOT_FOUND, and no defect', async () => {
    const input = { name: 'Gone', slug: 'gone', definition: definition('gone'), idempotencyKey: 'gone' };
    const made = await api.call(CREATE, { input }, { as: world.keys.admin });
    const { id } = made.data.createWorkflow.workflow;
    await api.call('mutation ($id: ID!) { deleteWorkflow(input: { id: $id }) { __typename } }', { id }, { as: world.keys.admin });
    expect((await api.call(CREATE, { input }, { as: world.keys.admin })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('is read back as it is now, also when it follows another in one request', async () => {
    const id = world.workflowIds[1];
    const change = (alias: string, tasks: string) => `${alias}: updateWorkflow(input: { id: "${id}", definition: ${tasks} }) { ... on UpdateWorkflowSuccess { workflow { tasks { totalCount edges { node { key } } } } } }`;
    const literal = (count: number) => `{ document: { dsl: "1.0.0", namespace: "a", name: "b", version: "1.0.0" }, do: [${Array.from({ length: count }, (_, at) => `{ t${at}: { set: { at: ${at} } } }`).join(', ')}] }`;
    const { data } = await api.call(`mutation { ${change('two', literal(2))} ${change('five', literal(5))} }`, {}, { as: world.keys.admin });
    for (const [alias, count] of [['two', 2], ['five', 5]] as const) {
      expect([alias, data[alias].workflow.tasks.totalCount, data[alias].workflow.tasks.edges.length]).toEqual([alias, count, count]);
    }
  });

  test('in line behind another is not made once its caller was removed', async () => {
    const doomed = await seedWorld(api, 'doomed', operator.userId, 1);
    const admin = await signIn(api.app, doomed.email('admin'));
    const source = `mutation { first: removeMember(input: { id: "${doomed.members.admin}" }) { __typename } second: addMember(input: { email: "backdoor@evil.test", role: VIEWER }) { __typename } third: deleteWorkflow(input: { id: "${doomed.workflowIds[0]}" }) { __typename } }`;
    const { data, errors } = await api.call(source, {}, { as: admin });
    // What went before is done, and said so.
    expect(data).toEqual({ first: { __typename: 'RemoveMemberSuccess' }, second: null, third: null });
    const refusal = { message: 'Your access has changed since you asked: ask again.', extensions: { code: 'FORBIDDEN' } };
    expect(errors).toMatchObject([{ path: ['second'], ...refusal }, { path: ['third'], ...refusal }]);
    const members = await api.call('{ members(filter: { email: "backdoor@evil.test" }) { totalCount } }', {}, { as: doomed.keys.owner });
    expect(members.data.members.totalCount).toBe(0);
  });
});

describe('a JSON value', () => {
  test('comes back as it was stored, whatever its keys are called', async () => {
    const flow = { document: { dsl: '1.0.0', namespace: 'a', name: 'b', version: '1.0.0' }, do: [{ one: { set: { then: 1 }, then: 'end' } }] };
    const { data, errors } = await api.call(CREATE, { input: { name: 'Then', slug: 'then', definition: flow } }, { as: world.keys.admin });
    expect(errors).toBeUndefined();
    expect(data.createWorkflow.workflow.tasks.edges).toEqual([{ node: { key: 'one', config: { set: { then: 1 }, then: 'end' } } }]);
    expect(data.createWorkflow.workflow.versions.edges).toEqual([{ node: { definition: flow } }]);
    const schedule = 'mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { ... on CreateScheduleSuccess { schedule { input } } } }';
    const made = await api.call(schedule, { input: { workflowId: world.workflowIds[0], name: 'Then', cron: '0 0 * * *', input: { then: 1 } } }, { as: world.keys.admin });
    expect(made).toMatchObject({ errors: undefined, data: { createSchedule: { schedule: { input: { then: 1 } } } } });
  });
});

describe('with the schema wall alone', () => {
  test('every statement of every read names the organization, also those of what a change answers with', async () => {
    const bare = await startTestApp({ walls: { client: false, database: false }, database: api.database });
    const workflow = 'workflow { name tasks { edges { node { key } } } }';
    const calls: [string, Record<string, unknown>][] = [
      [`query ($id: ID!) { workflow(id: $id) { name tasks { totalCount } createdBy { name } } node(id: $id) { id } }`, { id: world.workflowIds[0] }],
      ['{ viewer { organization { name } member { email } } organization { name } members { totalCount } apiKeys { edges { node { owner { email } } } } workflows { totalCount edges { node { name } } } }', {}],
      [`mutation ($id: ID!) { updateWorkflow(input: { id: $id, description: "x" }) { ... on UpdateWorkflowSuccess { ${workflow} } } }`, { id: world.workflowIds[0] }],
      ['mutation ($id: ID!) { updateSchedule(input: { id: $id, name: "x" }) { ... on UpdateScheduleSuccess { schedule { name workflow { name } } } } }', { id: world.scheduleId }],
      ['mutation ($id: ID!) { updateMemberRole(input: { id: $id, role: CUSTOMER }) { ... on UpdateMemberRoleSuccess { member { role } } } }', { id: world.members.viewer }],
      ['mutation { updateOrganization(input: { description: "x" }) { ... on UpdateOrganizationSuccess { organization { name } } } }', {}],
      ['mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { ... on RevokeApiKeySuccess { apiKey { name } } } }', { id: world.viewerKeyId }],
    ];
    for (const [query, variables] of calls) {
      const { result, statements } = await bare.statementsOf(() => bare.call(query, variables, { as: world.keys.admin }));
      expect([query, result.errors]).toEqual([query, undefined]);
      const reads = statements.map(({ text }) => text).filter((text) => /^SELECT .*"(iam|workflow)"\."/s.test(text));
      expect(reads.length).toBeGreaterThan(0);
      for (const text of reads) expect(text).toMatch(/"org_id" = \$|"organizations"[^]*"id" = \$/);
    }
    await bare.close();
  });

  test('whoever is signed in is told about the own person', async () => {
    const bare = await startTestApp({ walls: { client: false, database: false }, database: api.database });
    for (const role of ['viewer', 'manager'] as const) {
      const email = world.email(role);
      const { data } = await bare.call('{ viewer { user { email } } }', {}, { as: await signIn(bare.app, email) });
      expect(data).toEqual({ viewer: { user: { email } } });
    }
    await bare.close();
  });
});

test('an id that was never given out is NOT_FOUND wherever it is sent', async () => {
  const id = toGlobalId('Schedule', '01900000-0000-7000-8000-000000000000');
  const { data } = await api.call('mutation ($id: ID!) { deleteSchedule(input: { id: $id }) { ... on Error { code } } }', { id }, { as: world.keys.admin });
  expect(data.deleteSchedule.code).toBe('NOT_FOUND');
});
