import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccessChange, ServiceContext } from '../../src/domains/service-context.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { openWorld, type Tenant, type World } from './world.ts';

// The database tells every process of a change too, but after a while; the one that made it knows before it answers.

let world: World;
let acme: Tenant;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
});
afterAll(() => world?.close());

/** What a use case answers with, and what it has said of changed access by then. */
async function told<Result>(by: Principal, work: (cx: ServiceContext) => Promise<Result>): Promise<{ result: Result; changes: AccessChange[] }> {
  const changes: AccessChange[] = [];
  const result = await world.as(by, (cx) => work({ ...cx, accessChanged: (change) => void changes.push(change) }));
  return { result, changes: [...changes] };
}

const userOf = async (membershipId: string): Promise<string> => (await world.sql('SELECT user_id FROM iam.memberships WHERE id = $1', membershipId))[0]?.['user_id'] as string;

test('who joins, gets another role or leaves is told of, with the keys that end', async () => {
  const { members, apiKeys } = world;
  const added = await told(acme.owner, (cx) => members.add(cx, { email: 'new@acme.test', role: 'viewer' }));
  const user = { kind: 'user', id: await userOf(added.result.memberId) };
  const id = toGlobalId('Member', added.result.memberId);
  expect(added.changes).toEqual([user]);
  expect((await told(acme.owner, (cx) => members.updateRole(cx, { id, role: 'customer' }))).changes).toEqual([user]);
  const key = await world.as(acme.owner, (cx) => apiKeys.create(cx, { name: 'Ends', scopes: ['*'], memberId: id }));
  expect((await told(acme.owner, (cx) => members.remove(cx, { id }))).changes).toEqual([user, { kind: 'key', id: key.apiKeyId }]);
});

test('a key that is changed, rotated, revoked or reported to have leaked is told of', async () => {
  const { apiKeys } = world;
  const made = await world.as(acme.owner, (cx) => apiKeys.create(cx, { name: 'Turns', scopes: ['*'] }));
  const rotated = await told(acme.owner, (cx) => apiKeys.rotate(cx, { id: toGlobalId('ApiKey', made.apiKeyId) }));
  expect(rotated.changes).toEqual([{ kind: 'key', id: made.apiKeyId }]);
  const { apiKeyId } = rotated.result;
  const updated = await told(acme.owner, (cx) => apiKeys.update(cx, { id: toGlobalId('ApiKey', apiKeyId), scopes: ['workflow:read'] }));
  expect(updated.changes).toEqual([{ kind: 'key', id: apiKeyId }]);
  const revoked = await told(acme.owner, (cx) => apiKeys.revoke(cx, { id: toGlobalId('ApiKey', apiKeyId) }));
  expect(revoked.changes).toEqual([{ kind: 'key', id: apiKeyId }]);
  const lost = await world.as(acme.owner, (cx) => apiKeys.create(cx, { name: 'Lost', scopes: ['*'] }));
  const leaked = await told(world.operator, (cx) => apiKeys.revokeLeaked(cx, { secret: lost.secret! }));
  expect(leaked.changes).toEqual([{ kind: 'key', id: lost.apiKeyId }]);
});

test('an organization that is made, renamed, suspended or activated is told of', async () => {
  const { onboarding, organizations } = world;
  const created = await told(world.operator, (cx) => onboarding.createOrganization(cx, { name: 'Globex', adminEmail: 'boss@globex.test' }));
  const [{ id: boss } = {}] = await world.sql("SELECT id FROM iam.users WHERE email = 'boss@globex.test'");
  const organization = { kind: 'org', id: created.result.organizationId };
  // The person gets in, and the organization goes on from being provisioned.
  expect(created.changes).toHaveLength(2);
  expect(created.changes).toEqual(expect.arrayContaining([{ kind: 'user', id: boss }, organization]));
  const id = toGlobalId('Organization', organization.id);
  expect((await told(world.operator, (cx) => organizations.suspend(cx, { id, reason: 'late' }))).changes).toEqual([organization]);
  expect((await told(world.operator, (cx) => organizations.activate(cx, { id }))).changes).toEqual([organization]);
  expect((await told(acme.owner, (cx) => organizations.update(cx, { name: 'Acme & Co' }))).changes).toEqual([{ kind: 'org', id: acme.orgId }]);
});
