import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { typesOf } from '../audit/trail.ts';
import { startTestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { seedWorld, signIn, type World } from '../harness/world.ts';
import { bearer } from '../http/door.ts';
import { bySse } from '../http/subscribers.ts';
import { type KeyWorld, type MadeKey, openKeyWorld } from './world.ts';

// A key ends with whoever has seen its secret. Each test has an organization of its own, whose admin makes the keys.

let world: KeyWorld;
let org: World;
let made = 0;
beforeAll(async () => {
  world = await openKeyWorld();
});
beforeEach(async () => {
  org = await seedWorld(world.api, `org-${(made += 1)}`, world.operator.userId, 1);
});
afterAll(() => world?.close());

const as = (role: keyof World['members']) => signIn(world.api.app, org.email(role));
const keyFor = async (role: keyof World['members'], input: Record<string, unknown> = {}, maker: keyof World['members'] = 'admin'): Promise<MadeKey> =>
  world.create({ memberId: org.members[role], ...input }, await as(maker));
/** Done by the owner; each says of its one member that it was changed. */
async function byOwner(mutation: string, input: object): Promise<void> {
  const answer = await world.mutate(mutation, input, await as('owner'));
  expect(answer.errors).toBeUndefined();
}
const contextOf = async ({ secret }: MadeKey) => world.api.app.serviceContext(await world.api.app.services.auth.authenticate(secret, null));
const revocation = async (key: MadeKey) => {
  const { status, revoked_reason: reason } = await world.row(key);
  return [status, reason];
};

describe('while the member who made it is suspended', () => {
  test('a key for somebody else is refused from the next request on, also in other processes, and told as the states are', async () => {
    const key = await keyFor('viewer');
    const own = await world.create({}, await as('viewer'));
    const other = await startTestApp({ database: world.api.database });
    const elsewhere = async () => (await other.call('{ organization { slug } }', {}, { as: key.secret })).errors?.[0]?.extensions.code ?? null;
    expect([await world.entry(key.secret), await elsewhere()]).toEqual([null, null]);
    await byOwner('suspendMembers', { ids: [org.members.admin] });
    const { result, events } = await world.eventsOf(() => world.entry(key.secret));
    expect(result).toBe('USER_NOT_ACTIVE');
    expect(events).toMatchObject([{ type: 'API_KEY.REJECTED', aggregate: `apiKey:${key.uuid}`, data: { reason: 'USER_NOT_ACTIVE' } }]);
    await expect.poll(elsewhere, { timeout: 20_000 }).toBe('USER_NOT_ACTIVE');
    await other.close();
    // What the viewer has made alone has seen the secret of is nobody else's matter.
    expect(await world.entry(own.secret)).toBeNull();
    await byOwner('activateMembers', { ids: [org.members.admin] });
    expect(await world.entry(key.secret)).toBeNull();
  });

  test('or the identity of that member is, the same holds', async () => {
    const key = await keyFor('viewer');
    expect(await world.entry(key.secret)).toBeNull();
    await world.sql(`UPDATE iam.users SET status = 'suspended' WHERE email = $1`, org.email('admin'));
    await expect.poll(() => world.entry(key.secret), { timeout: 20_000 }).toBe('USER_NOT_ACTIVE');
  });

  test('it costs no further round trip to know', async () => {
    const key = await keyFor('viewer');
    const { statements } = await world.api.statementsOf(() => world.entry(key.secret));
    expect(statements.filter(({ text }) => /find_api_key|memberships/.test(text))).toHaveLength(1);
  });

  test('what it has subscribed to ends', async () => {
    const key = await keyFor('manager');
    const server = await startTestServer(world.api);
    const followed = bySse(server.url, bearer(key.secret), { query: 'subscription { eventAppended(query: [{ types: ["NOTE.WRITTEN"] }]) { position } }' });
    const append = 'mutation { appendEvents(input: { events: [{ type: "NOTE.WRITTEN" }] }) { ... on AppendEventsSuccess { position } } }';
    const isTold = async () => (await world.api.call(append, {}, { as: key.secret }), followed.results.length > 0);
    await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
    await byOwner('suspendMembers', { ids: [org.members.admin] });
    await expect.poll(() => followed.results.at(-1)?.errors?.[0]?.extensions.code, { timeout: 20_000 }).toBe('USER_NOT_ACTIVE');
    followed.stop();
    await server.close();
  });

  test('its owner takes it over by rotating it', async () => {
    const key = await keyFor('viewer');
    const rotate = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { ... on RotateApiKeySuccess { secret } } }';
    const { data } = await world.api.call(rotate, { input: { id: key.id } }, { as: await as('viewer') });
    await byOwner('suspendMembers', { ids: [org.members.admin] });
    expect(await world.entry(data.rotateApiKey.secret)).toBeNull();
  });
});

describe('when the member who made it goes', () => {
  test.each([
    ['removeMember', () => byOwner('removeMember', { id: org.members.admin })],
    ['removeMembers', () => byOwner('removeMembers', { ids: [org.members.admin] })],
    ['leaveOrganization', async () => void (await world.mutate('leaveOrganization', null, await as('admin')))],
  ])('by %s, keys for others are revoked with it, and stay so when the member comes back', async (_name, go) => {
    const key = await keyFor('viewer');
    const ownersOwn = await keyFor('viewer', {}, 'owner');
    const { events } = await world.eventsOf(go);
    expect(await world.entry(key.secret)).toBe('UNAUTHENTICATED');
    expect(await revocation(key)).toEqual(['revoked', 'member_left']);
    const ended = events.find(({ aggregate }) => aggregate === `apiKey:${key.uuid}`);
    expect(ended).toMatchObject({ type: 'API_KEY.REVOKED', data: { reason: 'member_left' } });
    expect(ended?.tags).toContain(`member:${org.members.admin}`);
    expect(new Set(events.filter(({ type }) => /^(MEMBER|API_KEY\.REVOKED)/.test(type)).map(({ transaction }) => transaction)).size).toBe(1);
    expect(await world.entry(ownersOwn.secret)).toBeNull();
    // As if it had been made in the very moment, which the server is told by the database.
    await world.sql(`UPDATE iam.api_keys SET status = 'active', revoked_at = NULL, revoked_reason = NULL WHERE id = $1`, key.uuid);
    await expect.poll(() => world.entry(key.secret), { timeout: 20_000 }).toBe('USER_NOT_ACTIVE');
    await byOwner('addMember', { email: org.email('admin'), role: 'ADMIN' });
    expect(await world.entry(key.secret)).toBe('UNAUTHENTICATED');
    expect(await revocation(key)).toEqual(['revoked', 'member_left']);
  });
});

describe('when the member who made it is demoted', () => {
  test.each([
    ['updateMemberRole', () => byOwner('updateMemberRole', { id: org.members.admin, role: 'MEMBER' })],
    ['updateMemberRoles', () => byOwner('updateMemberRoles', { changes: [{ id: org.members.admin, role: 'MEMBER' }] })],
  ])('by %s, keys that may do more than the member now are revoked at once, and the others go on', async (_name, demote) => {
    const strong = await keyFor('manager');
    const weak = await keyFor('manager', { scopes: ['workflow:read'] });
    const own = await world.create({ scopes: ['organization:write'] }, await as('admin'));
    for (const key of [strong, weak, own]) expect(await world.entry(key.secret)).toBe(key === weak ? 'FORBIDDEN' : null);
    const { events } = await world.eventsOf(demote);
    expect(await world.entry(strong.secret)).toBe('UNAUTHENTICATED');
    expect(await revocation(strong)).toEqual(['revoked', 'issuer_demoted']);
    expect(events.find(({ aggregate }) => aggregate === `apiKey:${strong.uuid}`)).toMatchObject({ type: 'API_KEY.REVOKED', data: { reason: 'issuer_demoted' } });
    expect(typesOf(events)).toEqual(['MEMBER.ROLE_CHANGED', 'API_KEY.REVOKED']);
    expect((await world.api.call('{ workflows { totalCount } }', {}, { as: weak.secret })).errors).toBeUndefined();
    // The own one is left, and does what the role does.
    expect(await revocation(own)).toEqual(['active', null]);
    expect(await world.codeOf('updateOrganization', { name: 'Not any more' }, own.secret)).toBe('FORBIDDEN');
  });

  test('by handing the organization over, keys with the rights of an owner end', async () => {
    const strong = await keyFor('admin', {}, 'owner');
    await world.sql(`UPDATE iam.api_keys SET scopes = scopes || '{organization:delete}' WHERE id = $1`, strong.uuid);
    const weak = await keyFor('admin', { name: 'weak' }, 'owner');
    await byOwner('transferOwnership', { memberId: org.members.manager });
    expect([await revocation(strong), await revocation(weak)]).toEqual([['revoked', 'issuer_demoted'], ['active', null]]);
    expect(await world.entry(strong.secret)).toBe('UNAUTHENTICATED');
  });

  test('a promotion ends none', async () => {
    const key = await keyFor('viewer', {}, 'manager');
    await byOwner('updateMemberRole', { id: org.members.manager, role: 'ADMIN' });
    expect(await world.entry(key.secret)).toBeNull();
  });
});

test('nobody gives a key more than the member may who knows its secret, now or by a wildcard later', async () => {
  const key = await keyFor('viewer', {}, 'manager');
  await byOwner('updateMemberRole', { id: org.members.viewer, role: 'ADMIN' });
  const viewer = await as('viewer');
  expect(await world.codeOf('updateApiKey', { id: key.id, scopes: ['organization:write'] }, viewer)).toBe('CONFLICT');
  expect(await world.codeOf('updateApiKey', { id: key.id, scopes: ['*'] }, viewer)).toBe('CONFLICT');
  expect(await world.codeOf('updateApiKey', { id: key.id, scopes: ['workflow:*'] }, viewer)).toBe('done');
  expect((await world.row(key))['scopes']).not.toContain('workflow:*');
  const rotate = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { ... on RotateApiKeySuccess { apiKey { id } } } }';
  const { data } = await world.api.call(rotate, { input: { id: key.id } }, { as: viewer });
  expect(await world.codeOf('updateApiKey', { id: data.rotateApiKey.apiKey.id, scopes: ['*'] }, viewer)).toBe('done');
});

describe('a key that a key has made', () => {
  test('ends with whoever made the first one, also when that one has rotated itself', async () => {
    const first = await keyFor('manager');
    const second = await world.create({}, first.secret);
    const rotate = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { ... on RotateApiKeySuccess { secret } } }';
    const { data } = await world.api.call(rotate, { input: { id: first.id } }, { as: first.secret });
    const successor = data.rotateApiKey.secret as string;
    expect([await world.entry(second.secret), await world.entry(successor)]).toEqual([null, null]);
    await byOwner('suspendMembers', { ids: [org.members.admin] });
    expect([await world.entry(second.secret), await world.entry(successor)]).toEqual(['USER_NOT_ACTIVE', 'USER_NOT_ACTIVE']);
  });

  test('is not made while what its maker may do is taken away', async () => {
    const first = await keyFor('manager');
    const cx = await contextOf(first);
    // The request was let in; what follows it comes before the transaction.
    await byOwner('suspendMembers', { ids: [org.members.admin] });
    const late = runInScope(createScope({ orgId: org.orgUuid, userId: null }), () => world.api.app.services.apiKeys.create(cx, { name: 'late', scopes: ['workflow:read'] }));
    await expect(late).rejects.toThrow('Your access has changed since you asked');
  });

  test('is for its own owner, where two people would have seen it else', async () => {
    const first = await keyFor('manager');
    const input = { name: 'third', scopes: ['*'], memberId: org.members.viewer };
    expect(await world.codeOf('createApiKey', input, first.secret)).toBe('FORBIDDEN');
    const theirs = await world.create({}, await as('viewer'));
    expect(await world.codeOf('rotateApiKey', { id: theirs.id }, first.secret)).toBe('FORBIDDEN');
    const own = await world.create({}, await as('manager'));
    expect(await world.codeOf('createApiKey', input, own.secret)).toBe('done');
  });
});
