import { isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../src/kernel/permissions.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { MUTATION_CALLS, mutationQuery } from '../harness/mutation-calls.ts';
import { PERSONAL_CALLS } from '../harness/personal-calls.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

/** These deal with the caller's own person, whatever its role. */
const PERSONAL = Object.keys(PERSONAL_CALLS);

/** Whoever has done one of these can do no other: each has a world of its own. */
const LAST = ['leaveOrganization', 'transferOwnership', 'deleteOrganization'];

/** Who may reach each root field and type, and whose data it is, as the schema declares it. */
function declarations(): string[] {
  const roots = new Set(['Query', 'Mutation', 'Subscription']);
  const lines: string[] = [];
  for (const type of Object.values(schema.getTypeMap()).filter((each) => isObjectType(each) && !each.name.startsWith('__'))) {
    if (!isObjectType(type)) continue;
    if (!roots.has(type.name)) lines.push(`type ${type.name}: ${type.extensions['tenant']}, ${type.extensions['access']}`);
    for (const field of Object.values(type.getFields())) {
      const { tenant, access, stepUp } = field.extensions as { tenant?: string; access?: string; stepUp?: true };
      if (roots.has(type.name) || access) lines.push(`${type.name}.${field.name}: ${tenant ?? 'as its type'}, ${access}${stepUp ? ', step-up' : ''}`);
    }
  }
  return lines.sort();
}

test('who may reach each field and type is what was reviewed', async () => {
  await expect(declarations().join('\n')).toMatchFileSnapshot('access.snapshot.txt');
});

test('no root field or type is undeclared', () => {
  expect(declarations().filter((line) => line.includes('undefined'))).toEqual([]);
});

describe('role x mutation', () => {
  let api: TestApp;
  let operatorId: string;
  beforeAll(async () => {
    api = await startTestApp();
    operatorId = (await appointOperator(api)).userId;
  });
  afterAll(() => api?.close());

  test('every mutation is in the table', () => {
    expect([...Object.keys(MUTATION_CALLS), ...PERSONAL].sort()).toEqual(Object.keys(schema.getMutationType()!.getFields()).sort());
  });

  async function outcome(world: World, mutation: string, as: string | undefined, input = MUTATION_CALLS[mutation]!(world)): Promise<string> {
    const { data, errors } = await api.call(mutationQuery(mutation, input, successOf(mutation)), { input }, { as });
    if (errors) return errors[0]!.extensions.code;
    const { code, results } = data[mutation] as { code?: string; results?: { error: { code: string } | null }[] };
    const refused = results?.flatMap(({ error }) => error?.code ?? []) ?? [];
    if (code !== undefined || refused.length === 0) return code ?? 'done';
    return refused.length < results!.length ? 'partly' : `refused (${refused[0]})`;
  }

  /** What a mutation of several things answers of each: it is done as a whole also when none of them was. */
  function successOf(mutation: string): string {
    const name = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Success`;
    const type = schema.getType(name);
    return isObjectType(type) && 'results' in type.getFields() ? `... on ${name} { results { error { code } } }` : '__typename';
  }

  test('what each role may do is what was reviewed', async () => {
    const rows: string[] = [];
    const callers: (OrganizationRole | 'nobody')[] = ['nobody', ...ORGANIZATION_ROLES];
    for (const [index, caller] of callers.entries()) {
      // A world of its own for each caller: what one did must not decide what the next one can do.
      const world = await seedWorld(api, `alpha${index}`, operatorId);
      const as = caller === 'nobody' ? undefined : await signIn(api.app, world.email(caller));
      for (const mutation of Object.keys(MUTATION_CALLS).filter((each) => !LAST.includes(each))) {
        rows.push(`${mutation.padEnd(22)} ${caller.padEnd(9)} ${await outcome(world, mutation, as)}`);
      }
      for (const mutation of LAST) {
        const last = await seedWorld(api, `${mutation.toLowerCase()}${index}`, operatorId, 1);
        const session = caller === 'nobody' ? undefined : await signIn(api.app, last.email(caller));
        rows.push(`${mutation.padEnd(22)} ${caller.padEnd(9)} ${await outcome(last, mutation, session)}`);
      }
    }
    await expect(rows.sort().join('\n')).toMatchFileSnapshot('role-mutation.snapshot.txt');
  });

  test('of several members at once none is changed by whom one alone would not be', async () => {
    const world = await seedWorld(api, 'several', operatorId, 1);
    const { owner, admin, viewer } = world.members;
    const as = await signIn(api.app, world.email('manager'));
    for (const mutation of ['suspendMembers', 'removeMembers', 'activateMembers']) {
      expect([mutation, await outcome(world, mutation, as, { ids: [owner, admin] })]).toEqual([mutation, 'refused (FORBIDDEN)']);
    }
    expect(await outcome(world, 'updateMemberRoles', as, { changes: [{ id: admin, role: 'VIEWER' }, { id: viewer, role: 'OWNER' }] })).toBe('refused (FORBIDDEN)');
    expect(await outcome(world, 'suspendMembers', as, { ids: [owner, viewer] })).toBe('partly');
    const { data } = await api.call('{ members { edges { node { id role status } } } }', {}, { as: world.keys.owner });
    const edges: { node: { id: string; role: string; status: string } }[] = data.members.edges;
    const members = new Map(edges.map(({ node: { id, role, status } }) => [id, `${role} ${status}`]));
    expect([owner, admin, viewer].map((id) => members.get(id))).toEqual(['OWNER ACTIVE', 'ADMIN ACTIVE', 'VIEWER SUSPENDED']);
  });

  test('an API key does no more than its scopes, whatever its owner may', async () => {
    const world = await seedWorld(api, 'scoped', operatorId);
    const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } ... on Error { code } } }';
    const { data } = await api.call(create, { input: { name: 'Reads workflows', scopes: ['workflow:read'] } }, { as: world.keys.owner });
    const key = data.createApiKey.secret as string;
    expect((await api.call('{ workflows { totalCount } }', {}, { as: key })).errors).toBeUndefined();
    expect((await api.call('{ members { totalCount } }', {}, { as: key })).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await outcome(world, 'createWorkflow', key)).toBe('FORBIDDEN');
    const nested = await api.call('{ workflows(first: 1) { edges { node { name createdBy { email } } } } }', {}, { as: key });
    expect(nested.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(nested.data.workflows.edges[0].node.createdBy).toBeNull();
  });

  test('what a key may not read is not found by its id either, alone or among others', async () => {
    const world = await seedWorld(api, 'byid', operatorId);
    const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } ... on Error { code } } }';
    const { data } = await api.call(create, { input: { name: 'Reads workflows', scopes: ['workflow:read'] } }, { as: world.keys.owner });
    const as = data.createApiKey.secret as string;
    const FIELDS = 'id ... on Member { email } ... on Organization { slug }';
    for (const id of [world.members.viewer, world.organizationId]) {
      const one = await api.call(`query ($id: ID!) { node(id: $id) { ${FIELDS} } }`, { id }, { as });
      expect(one).toMatchObject({ data: { node: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
      const many = await api.call(`query ($ids: [ID!]!) { nodes(ids: $ids) { ${FIELDS} } }`, { ids: [world.workflowIds[0], id] }, { as });
      expect(many).toMatchObject({ data: { nodes: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    }
    expect((await api.call('query ($id: ID!) { node(id: $id) { id } }', { id: world.workflowIds[0] }, { as })).errors).toBeUndefined();
  });

  test('an administrator of the platform works in the organization named by the header, and without one creates them', async () => {
    const world = await seedWorld(api, 'visited', operatorId);
    const operator = await appointOperator(api);
    const inside = await api.call('{ organization { slug } viewer { role member { id } } }', {}, { as: operator.token, headers: { 'x-organization-id': world.organizationId } });
    expect(inside.data).toEqual({ organization: { slug: 'visited' }, viewer: { role: null, member: null } });
    const outside = await api.call('{ organization { slug } }', {}, { as: operator.token });
    expect(outside.errors?.[0]?.extensions.code).toBe('TENANT_CONTEXT_REQUIRED');
    expect(await outcome(world, 'createOrganization', operator.token)).toBe('done');
  });
});
