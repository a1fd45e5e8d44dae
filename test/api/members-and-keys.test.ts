import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

let api: TestApp;
let operator: { userId: string; token: string };
let world: World;
beforeAll(async () => {
  api = await startTestApp();
  operator = await appointOperator(api);
  world = await seedWorld(api, 'alpha', operator.userId, 1);
});
afterAll(() => api?.close());

const ERRORS = '__typename ... on Error { code message } ... on ValidationError { fields { path message } }';
const mutate = async (name: string, input: Record<string, unknown>, selection: string, as: string | undefined) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}`;
  const answer = await api.call(`mutation ($input: ${type}Input!) { ${name}(input: $input) { ${ERRORS} ${selection === '__typename' ? '' : `... on ${type}Success { ${selection} }`} } }`, { input }, { as });
  return answer.errors ? { code: answer.errors[0]!.extensions.code } : answer.data[name];
};

describe('members', () => {
  test('are listed with address, name and role; who left only when asked for', async () => {
    const added = await mutate('addMember', { email: 'Gone@Alpha.test', name: 'Gone Soon', role: 'MEMBER' }, 'member { id email role status joinedAt }', world.keys.admin);
    expect(added.member).toMatchObject({ email: 'gone@alpha.test', role: 'MEMBER', status: 'ACTIVE' });
    expect(await mutate('removeMember', { id: added.member.id }, 'memberId', world.keys.admin)).toMatchObject({ memberId: added.member.id });
    const list = async (filter: string) => (await api.call(`{ members(filter: ${filter}, first: 100) { edges { node { email } } } }`, {}, { as: world.keys.viewer })).data.members.edges.map((edge: any) => edge.node.email);
    expect(await list('{}')).not.toContain('gone@alpha.test');
    expect(await list('{ status: { eq: LEFT } }')).toEqual(['gone@alpha.test']);
    expect(await list('{ email: "OWNER@alpha.test" }')).toEqual(['owner@alpha.test']);
    expect((await list('{ role: { in: [OWNER, ADMIN] } }')).sort()).toEqual(['admin@alpha.test', 'owner@alpha.test']);
  });

  test('an address that belongs to somebody elsewhere is added like a new one', async () => {
    await seedWorld(api, 'elsewhere', operator.userId, 1);
    const selection = 'member { email name role status }';
    const known = await mutate('addMember', { email: 'viewer@elsewhere.test', name: 'Known', role: 'VIEWER' }, selection, world.keys.admin);
    const fresh = await mutate('addMember', { email: 'nobody@elsewhere.test', name: 'Known', role: 'VIEWER' }, selection, world.keys.admin);
    expect({ ...known.member, email: '' }).toEqual({ ...fresh.member, email: '' });
  });

  test('an address twice in an organization is a conflict', async () => {
    expect(await mutate('addMember', { email: 'viewer@alpha.test', role: 'VIEWER' }, 'member { id }', world.keys.admin)).toMatchObject({ code: 'CONFLICT' });
  });

  test('nobody hands out or touches a role that is not below their own', async () => {
    expect(await mutate('updateMemberRole', { id: world.members.viewer, role: 'ADMIN' }, 'member { role }', world.keys.admin)).toEqual({ code: 'FORBIDDEN' });
    expect(await mutate('updateMemberRole', { id: world.members.owner, role: 'VIEWER' }, 'member { role }', world.keys.admin)).toEqual({ code: 'FORBIDDEN' });
    expect(await mutate('updateMemberRole', { id: world.members.member, role: 'VIEWER' }, 'member { role }', world.keys.manager)).toEqual({ code: 'FORBIDDEN' });
    expect(await mutate('updateMemberRole', { id: world.members.viewer, role: 'CUSTOMER' }, 'member { role }', world.keys.manager)).toMatchObject({ member: { role: 'CUSTOMER' } });
  });

  test('the owner cannot leave', async () => {
    expect(await mutate('removeMember', { id: world.members.owner }, 'memberId', await signIn(api.app, world.email('owner')))).toMatchObject({ code: 'CONFLICT' });
  });

  test('a removed member is out at the next request, with a warm cache', async () => {
    const doomed = await seedWorld(api, 'doomed', operator.userId, 1);
    const probe = () => api.call('{ viewer { role } }', {}, { as: doomed.keys.member });
    expect((await probe()).data.viewer.role).toBe('MEMBER');
    await mutate('removeMember', { id: doomed.members.member }, 'memberId', doomed.keys.admin);
    expect((await probe()).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('API keys', () => {
  const SELECTION = 'secret apiKey { id name prefix scopes status type expiresAt owner { email } }';

  test('the secret is in the answer once and nowhere else', async () => {
    const token = await signIn(api.app, world.email('admin'));
    const made = await mutate('createApiKey', { name: 'Deploy', scopes: ['workflow:*'], type: 'SERVICE', idempotencyKey: 'deploy' }, SELECTION, token);
    expect(made.secret).toMatch(/^tk_[0-9A-Za-z]{32}$/);
    expect(made.apiKey).toMatchObject({ name: 'Deploy', scopes: ['workflow:*'], status: 'ACTIVE', type: 'SERVICE', owner: { email: 'admin@alpha.test' }, prefix: made.secret.slice(0, 9) });
    const again = await mutate('createApiKey', { name: 'Deploy', scopes: ['workflow:*'], type: 'SERVICE', idempotencyKey: 'deploy' }, SELECTION, token);
    expect(again).toMatchObject({ secret: null, apiKey: { id: made.apiKey.id } });
    const everything = await api.call('{ apiKeys(first: 100) { edges { node { id name description prefix scopes status type } } } }', {}, { as: token });
    expect(JSON.stringify(everything)).not.toContain(made.secret);
  });

  test('a viewer sees its own keys only, by list and by id', async () => {
    const list = async (as: string) => (await api.call('{ apiKeys(first: 100) { totalCount edges { node { id } } } }', {}, { as })).data.apiKeys;
    const own = await list(world.keys.viewer);
    expect(own.edges.map((edge: any) => edge.node.id)).toEqual([world.viewerKeyId]);
    expect((await list(world.keys.admin)).totalCount).toBeGreaterThan(5);
    const { errors } = await api.call('query ($id: ID!) { node(id: $id) { id } }', { id: world.apiKeyId }, { as: world.keys.viewer });
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('a person without the right to read keys sees the own ones only', async () => {
    const as = await signIn(api.app, world.email('viewer'));
    const { data } = await api.call('{ apiKeys(first: 100) { edges { node { id } } } }', {}, { as });
    expect(data.apiKeys.edges).toEqual([{ node: { id: world.viewerKeyId } }]);
    const { errors } = await api.call('query ($id: ID!) { node(id: $id) { id } }', { id: world.apiKeyId }, { as });
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('a rotated key hands over: at once without an overlap, later with one', async () => {
    const token = await signIn(api.app, world.email('member'));
    const works = async (key: string) => (await api.call('{ organization { slug } }', {}, { as: key })).errors === undefined;
    const first = await mutate('createApiKey', { name: 'Rotated', scopes: ['*'] }, SELECTION, token);
    const second = await mutate('rotateApiKey', { id: first.apiKey.id, overlapSeconds: 3600 }, SELECTION, token);
    expect([await works(first.secret), await works(second.secret)]).toEqual([true, true]);
    const third = await mutate('rotateApiKey', { id: second.apiKey.id }, SELECTION, token);
    expect([await works(second.secret), await works(third.secret)]).toEqual([false, true]);
    expect(third.apiKey).toMatchObject({ name: 'Rotated', scopes: ['*'] });
  });

  test('a revoked key opens nothing from the next request on', async () => {
    const token = await signIn(api.app, world.email('customer'));
    const made = await mutate('createApiKey', { name: 'Short-lived', scopes: ['workflow:read'] }, 'secret apiKey { id }', token);
    const probe = () => api.call('{ workflows { totalCount } }', {}, { as: made.secret });
    expect((await probe()).errors).toBeUndefined();
    expect(await mutate('revokeApiKey', { id: made.apiKey.id }, 'apiKey { status revokedAt }', token)).toMatchObject({ apiKey: { status: 'REVOKED' } });
    expect((await probe()).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('organizations', () => {
  test('a suspended one shuts its members and keys out, and an activated one lets them in again', async () => {
    const shut = await seedWorld(api, 'shut', operator.userId, 1);
    const probe = async () => (await api.call('{ organization { status } }', {}, { as: shut.keys.admin })).errors?.[0]?.extensions.code;
    expect(await probe()).toBeUndefined();
    expect(await mutate('suspendOrganization', { id: shut.organizationId, reason: 'unpaid' }, '__typename', operator.token)).toMatchObject({ __typename: 'OrganizationStatusSuccess' });
    expect(await probe()).toBe('ORG_NOT_ACTIVE');
    expect(await mutate('suspendOrganization', { id: shut.organizationId }, '__typename', operator.token)).toMatchObject({ code: 'INVALID_TRANSITION' });
    await mutate('activateOrganization', { id: shut.organizationId }, '__typename', operator.token);
    expect(await probe()).toBeUndefined();
  });

  test('a name that differs only in case is a conflict', async () => {
    const input = { name: 'ORGANIZATION ALPHA', adminEmail: 'x@x.test' };
    expect(await mutate('createOrganization', input, 'organizationId', operator.token)).toMatchObject({ code: 'CONFLICT' });
    expect(await mutate('updateOrganization', { name: 'organization ELSEWHERE' }, 'organization { name }', world.keys.admin)).toMatchObject({ code: 'CONFLICT' });
  });

  test('a new one has an owner whose first key works', async () => {
    const made = await mutate('createOrganization', { name: 'Brand new', adminEmail: 'boss@new.test', plan: 'ENTERPRISE' }, 'organizationId ownerId apiKeySecret', operator.token);
    const { data } = await api.call('{ organization { id name slug plan status } viewer { role member { id email } } }', {}, { as: made.apiKeySecret });
    expect(data).toMatchObject({
      organization: { id: made.organizationId, name: 'Brand new', slug: 'brand-new', plan: 'ENTERPRISE', status: 'ACTIVE' },
      viewer: { role: 'OWNER', member: { id: made.ownerId, email: 'boss@new.test' } },
    });
  });
});
