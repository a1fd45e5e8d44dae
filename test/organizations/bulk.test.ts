import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import type { MemberChange } from '../../src/domains/identity/index.ts';
import { codeOf, openWorld, type Tenant, type World } from '../domains/world.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
});
afterAll(() => world?.close());

const idOf = (principal: Principal): string => toGlobalId('Member', principal.tenant!.membershipId!);
const emailsOf = new Map<Principal, string>();
let count = 0;
async function join(role: OrganizationRole, tenant = acme): Promise<Principal> {
  const email = `${role}-${(count += 1)}@bulk.test`;
  const principal = await world.join(tenant, role, email);
  emailsOf.set(principal, email);
  return principal;
}

type Many = 'suspendMany' | 'activateMany' | 'removeMany';
const change = (by: Principal, how: Many, ids: string[]) => world.as(by, (cx) => world.members[how](cx, { ids }));
const codes = (changes: readonly MemberChange[]) => changes.map(({ error }) => error?.code ?? 'ok');
const statusOf = async (...members: Principal[]) =>
  Promise.all(members.map(async (member) => (await world.sql('SELECT status::text, role::text FROM iam.memberships WHERE id = $1', member.tenant?.membershipId))[0]));
const newEvents = async (since: number) =>
  (await world.sql('SELECT type FROM events.events WHERE org_id = $1 AND position > $2 ORDER BY position', acme.orgId, since)).map(({ type }) => type);
const head = async () => Number((await world.sql('SELECT position FROM events.heads WHERE org_id = $1', acme.orgId))[0]?.['position']);

describe('several members at once', () => {
  test('each gets what one alone would get: what is refused keeps no other from being done', async () => {
    const admin = await join('admin');
    const [member, manager, otherAdmin] = [await join('member'), await join('manager'), await join('admin')];
    const foreign = await join('viewer', globex);
    const since = await head();
    const results = await change(admin, 'suspendMany', [idOf(member), 'nonsense', idOf(foreign), idOf(otherAdmin), idOf(acme.owner), idOf(admin), idOf(manager)]);
    expect(results.map(({ memberId }) => memberId)).toEqual([idOf(member), 'nonsense', idOf(foreign), idOf(otherAdmin), idOf(acme.owner), idOf(admin), idOf(manager)]);
    expect(codes(results)).toEqual(['ok', 'NOT_FOUND', 'NOT_FOUND', 'FORBIDDEN', 'FORBIDDEN', 'CONFLICT', 'ok']);
    expect((await statusOf(member, manager, otherAdmin, acme.owner, admin)).map((row) => row?.['status'])).toEqual(['suspended', 'suspended', 'active', 'active', 'active']);
    expect((await statusOf(foreign))[0]).toMatchObject({ status: 'active' });
    expect(await newEvents(since)).toEqual(['MEMBER.SUSPENDED', 'MEMBER.SUSPENDED']);
  });

  test('who is shut out is out at the next request with session and keys, and in again with both', async () => {
    const member = await join('member');
    const { secret } = await world.as(member, (cx) => world.apiKeys.create(cx, { name: 'k', scopes: ['*'] }));
    const enters = () => codeOf(world.auth.authenticate(secret ?? '', null));
    expect(await enters()).toBe('ok');
    await change(acme.owner, 'suspendMany', [idOf(member)]);
    expect(await enters()).toBe('USER_NOT_ACTIVE');
    expect(await codeOf(world.signIn(emailsOf.get(member)!, acme.orgId))).toBe('USER_NOT_ACTIVE');
    await change(acme.owner, 'activateMany', [idOf(member)]);
    expect(await enters()).toBe('ok');
  });

  test('what is so already is neither refused nor written down', async () => {
    const member = await join('viewer');
    const since = await head();
    expect(codes(await change(acme.owner, 'activateMany', [idOf(member)]))).toEqual(['ok']);
    const same = await world.as(acme.owner, (cx) => world.members.updateRoles(cx, { changes: [{ id: idOf(member), role: 'viewer' }] }));
    expect(codes(same)).toEqual(['ok']);
    expect(await newEvents(since)).toEqual([]);
  });

  test('who is removed loses the keys, as one alone does', async () => {
    const members = [await join('member'), await join('viewer')];
    const { secret } = await world.as(members[0]!, (cx) => world.apiKeys.create(cx, { name: 'k', scopes: ['*'] }));
    const since = await head();
    expect(codes(await change(acme.owner, 'removeMany', members.map(idOf)))).toEqual(['ok', 'ok']);
    expect(await codeOf(world.auth.authenticate(secret ?? '', null))).toBe('UNAUTHENTICATED');
    expect(await newEvents(since)).toEqual(['MEMBER.REMOVED', 'API_KEY.REVOKED', 'MEMBER.REMOVED']);
  });

  test('roles are given by the ladder, each for itself', async () => {
    const manager = await join('manager');
    const [viewer, customer, member] = [await join('viewer'), await join('customer'), await join('member')];
    const changes = [
      { id: idOf(viewer), role: 'customer' as const },
      { id: idOf(customer), role: 'admin' as const },
      { id: idOf(member), role: 'viewer' as const },
    ];
    const results = await world.as(manager, (cx) => world.members.updateRoles(cx, { changes }));
    expect(codes(results)).toEqual(['ok', 'FORBIDDEN', 'FORBIDDEN']);
    expect((await statusOf(viewer, customer, member)).map((row) => row?.['role'])).toEqual(['customer', 'customer', 'member']);
  });

  test('nobody is sent twice: which of two changes is meant, nobody knows', async () => {
    const member = await join('member');
    const twice = [{ id: idOf(member), role: 'viewer' as const }, { id: idOf(member), role: 'customer' as const }];
    expect(await codeOf(world.as(acme.owner, (cx) => world.members.updateRoles(cx, { changes: twice })))).toBe('VALIDATION_FAILED');
    for (const how of ['suspendMany', 'activateMany', 'removeMany'] as const) {
      expect(await codeOf(change(acme.owner, how, [idOf(member), idOf(member)]))).toBe('VALIDATION_FAILED');
      expect(await codeOf(change(acme.owner, how, ['nonsense', 'nonsense']))).toBe('VALIDATION_FAILED');
    }
  });

  test('the own role is refused as one alone is', async () => {
    const admin = await join('admin');
    expect(codes(await world.as(admin, (cx) => world.members.updateRoles(cx, { changes: [{ id: idOf(admin), role: 'viewer' }] })))).toEqual(['FORBIDDEN']);
    expect(await codeOf(world.as(admin, (cx) => world.members.updateRole(cx, { id: idOf(admin), role: 'viewer' })))).toBe('FORBIDDEN');
  });

  test('nobody becomes an owner, or stops being one, in this way', async () => {
    const member = await join('admin');
    const asked = [{ id: idOf(member), role: 'owner' as const }];
    expect(codes(await world.as(acme.owner, (cx) => world.members.updateRoles(cx, { changes: asked })))).toEqual(['CONFLICT']);
    const operator = { ...world.operator, tenant: { orgId: acme.orgId, membershipId: null, role: null }, permissions: acme.owner.permissions };
    for (const how of ['suspendMany', 'removeMany'] as const) expect(codes(await change(operator, how, [idOf(acme.owner)]))).toEqual(['CONFLICT']);
    expect((await statusOf(acme.owner))[0]).toEqual({ status: 'active', role: 'owner' });
  });

  test('is for whoever may manage members, 1 to 100 at once', async () => {
    const viewer = await join('viewer');
    expect(await codeOf(change(viewer, 'removeMany', [idOf(viewer)]))).toBe('FORBIDDEN');
    expect(await codeOf(change(acme.owner, 'removeMany', []))).toBe('VALIDATION_FAILED');
    expect(await codeOf(change(acme.owner, 'removeMany', Array.from({ length: 101 }, () => 'x')))).toBe('VALIDATION_FAILED');
    expect(codes(await change(acme.owner, 'removeMany', Array.from({ length: 100 }, (_, place) => `x${place}`)))).toHaveLength(100);
  });

  test('whose rights end while they wait do nothing', async () => {
    const admin = await join('admin');
    const member = await join('member');
    const demote = "UPDATE iam.memberships SET role = 'viewer' WHERE id = $1";
    const [outcome] = await world.contend(demote, [admin.tenant?.membershipId], [() => codeOf(change(admin, 'suspendMany', [idOf(member)]))]);
    expect(outcome).toBe('FORBIDDEN');
    expect((await statusOf(member))[0]).toMatchObject({ status: 'active' });
  });

  test('who rises while they wait is not touched', async () => {
    const manager = await join('manager');
    const viewers = [await join('viewer'), await join('viewer')];
    const rise = "UPDATE iam.memberships SET role = 'admin' WHERE id = $1";
    const [results] = await world.contend(rise, [viewers[0]!.tenant?.membershipId], [() => change(manager, 'removeMany', viewers.map(idOf))]);
    expect(codes(results!)).toEqual(['FORBIDDEN', 'ok']);
    expect((await statusOf(...viewers)).map((row) => row?.['status'])).toEqual(['active', 'left']);
  });

  test('two who change each other and the same others, in other orders, wait for nobody for ever', async () => {
    const admins = [await join('admin'), await join('admin')];
    const others = await Promise.all(Array.from({ length: 6 }, () => join('member')));
    const ids = others.map(idOf);
    const results = await Promise.all([
      codeOf(change(admins[0]!, 'suspendMany', [idOf(admins[1]!), ...ids])),
      codeOf(change(admins[1]!, 'activateMany', [...ids.toReversed(), idOf(admins[0]!)])),
      codeOf(change(acme.owner, 'suspendMany', [...ids, ...admins.map(idOf)])),
    ]);
    // Who was shut out while waiting is told so.
    for (const outcome of results) expect(['ok', 'FORBIDDEN']).toContain(outcome);
  });
});
