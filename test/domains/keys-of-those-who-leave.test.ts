import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, type Tenant, type World } from './world.ts';

// A secret is known to whoever made the key, not only to the member it acts for: access that is taken away must not
// stay behind in a key.

let world: World;
let acme: Tenant;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
});
afterAll(() => world.close());

let people = 0;
const join = (role: 'admin' | 'manager' | 'viewer') => world.join(acme, role, `person${++people}@acme.test`);

type CreateInput = Parameters<World['apiKeys']['create']>[1];
const create = (by: Principal, input: Partial<CreateInput> = {}) =>
  world.as(by, (cx) => world.apiKeys.create(cx, { name: `key ${Math.random()}`, scopes: ['*'], ...input }));
const memberOf = ({ tenant }: Principal): string => toGlobalId('Member', tenant?.membershipId ?? '');
const remove = (id: string) => world.as(acme.owner, (cx) => world.members.remove(cx, { id }));
const enters = ({ secret }: { secret: string | null }) => codeOf(world.auth.authenticate(secret ?? '', null));
const permissionsOf = async ({ secret }: { secret: string | null }) =>
  [...(await world.auth.authenticate(secret ?? '', null)).permissions].sort();

describe('a key made for another member', () => {
  test('ends when its maker leaves', async () => {
    const manager = await join('manager');
    const viewer = await join('viewer');
    const planted = await create(manager, { memberId: memberOf(viewer) });
    await world.auth.authenticate(planted.secret ?? '', null);
    await remove(memberOf(manager));
    expect(await enters(planted)).toBe('UNAUTHENTICATED');
  });

  test('does not grow with a promotion of the member it acts for', async () => {
    const manager = await join('manager');
    const viewer = await join('viewer');
    const made = await create(manager, { memberId: memberOf(viewer) });
    const before = await permissionsOf(made);
    await world.as(acme.owner, (cx) => world.members.updateRole(cx, { id: memberOf(viewer), role: 'admin' }));
    expect(await permissionsOf(made)).toEqual(before);
  });
});

describe('a key made by a key', () => {
  test('ends with it at the latest', async () => {
    const admin = await join('admin');
    const expiresAt = new Date(Date.now() + 3_600_000);
    const first = await create(admin, { scopes: ['workflow:read', 'apiKey:write'], expiresAt });
    const maker = await world.auth.authenticate(first.secret ?? '', null);
    const second = await create(maker, { scopes: ['workflow:read'] });
    const [row] = await world.sql('SELECT expires_at FROM iam.api_keys WHERE id = $1', second.apiKeyId);
    expect(row).toEqual({ expires_at: expiresAt });
    const later = new Date(expiresAt.getTime() + 1);
    expect(await codeOf(create(maker, { scopes: ['workflow:read'], expiresAt: later }))).toBe('VALIDATION_FAILED');
  });
});

/** What becomes of `work` when a member leaves while it waits for that membership. */
async function outlivedBy(member: Principal, work: () => Promise<unknown>): Promise<string | undefined> {
  const leave = "UPDATE iam.memberships SET status = 'left', left_at = now() WHERE id = $1";
  const [outcome] = await world.contend(leave, [member.tenant?.membershipId], [() => codeOf(work())]);
  return outcome;
}

describe('a request that waits while the member is removed whose key it is about', () => {
  test('makes no key that nobody would find', async () => {
    const viewer = await join('viewer');
    const make = () => create(acme.owner, { memberId: memberOf(viewer), name: 'of nobody' });
    expect(await outlivedBy(viewer, make)).toBe('NOT_FOUND');
    expect(await world.sql("SELECT 1 FROM iam.api_keys WHERE name = 'of nobody'")).toEqual([]);
  });

  test('makes no successor of one', async () => {
    const viewer = await join('viewer');
    const { apiKeyId } = await create(acme.owner, { memberId: memberOf(viewer), name: 'to be rotated' });
    const rotate = () => world.as(acme.owner, (cx) => world.apiKeys.rotate(cx, { id: toGlobalId('ApiKey', apiKeyId) }));
    expect(await outlivedBy(viewer, rotate)).toBe('NOT_FOUND');
    expect(await world.sql("SELECT 1 FROM iam.api_keys WHERE name = 'to be rotated'")).toHaveLength(1);
  });
});

describe('a request that waits while its caller is removed', () => {
  test('makes no key', async () => {
    const manager = await join('manager');
    expect(await outlivedBy(manager, () => create(manager, { name: 'too late' }))).toBe('FORBIDDEN');
    expect(await world.sql("SELECT 1 FROM iam.api_keys WHERE name = 'too late'")).toEqual([]);
  });

  test('rotates none either, not even one of somebody who stays', async () => {
    const manager = await join('manager');
    const { apiKeyId } = await create(acme.owner, { memberId: memberOf(await join('viewer')), name: 'not rotated' });
    const rotate = () => world.as(manager, (cx) => world.apiKeys.rotate(cx, { id: toGlobalId('ApiKey', apiKeyId) }));
    expect(await outlivedBy(manager, rotate)).toBe('FORBIDDEN');
    expect(await world.sql("SELECT 1 FROM iam.api_keys WHERE name = 'not rotated'")).toHaveLength(1);
  });

  test('changes nobody, and removes nobody', async () => {
    const viewer = await join('viewer');
    const roles = () => world.sql('SELECT role::text, status::text FROM iam.memberships WHERE id = $1', viewer.tenant?.membershipId);
    const [admin, other] = [await join('admin'), await join('admin')];
    const promote = () => world.as(admin, (cx) => world.members.updateRole(cx, { id: memberOf(viewer), role: 'manager' }));
    expect(await outlivedBy(admin, promote)).toBe('FORBIDDEN');
    const expel = () => world.as(other, (cx) => world.members.remove(cx, { id: memberOf(viewer) }));
    expect(await outlivedBy(other, expel)).toBe('FORBIDDEN');
    expect(await roles()).toEqual([{ role: 'viewer', status: 'active' }]);
  });

  test('adds nobody', async () => {
    const admin = await join('admin');
    const add = () => world.as(admin, (cx) => world.members.add(cx, { email: 'backdoor@evil.test', role: 'viewer' }));
    expect(await outlivedBy(admin, add)).toBe('FORBIDDEN');
    expect(await world.sql("SELECT 1 FROM iam.memberships WHERE email = 'backdoor@evil.test'")).toEqual([]);
  });
});

test('a request that waits while its key is revoked makes no key', async () => {
  const admin = await join('admin');
  const first = await create(admin, { scopes: ['workflow:read', 'apiKey:write'] });
  const maker = await world.auth.authenticate(first.secret ?? '', null);
  const revoke = "UPDATE iam.api_keys SET status = 'revoked', revoked_at = now() WHERE id = $1";
  const [outcome] = await world.contend(revoke, [maker.credentialId], [() => codeOf(create(maker, { name: 'from a dead key', scopes: ['workflow:read'] }))]);
  expect(outcome).toBe('FORBIDDEN');
  expect(await world.sql("SELECT 1 FROM iam.api_keys WHERE name = 'from a dead key'")).toEqual([]);
});
