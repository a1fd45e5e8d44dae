import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, type Tenant, type World } from '../domains/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const idOf = (principal: Principal): string => toGlobalId('Member', principal.tenant!.membershipId!);
const transfer = (by: Principal, to: Principal) => world.as(by, (cx) => world.members.transferOwnership(cx, { memberId: idOf(to) }));
const leave = (by: Principal) => world.as(by, (cx) => world.members.leave(cx));
const roles = async ({ orgId }: Tenant) =>
  Object.fromEntries((await world.sql("SELECT email, role::text FROM iam.memberships WHERE org_id = $1 AND status <> 'left'", orgId)).map(({ email, role }) => [email, role]));
const ownersOf = async (tenant: Tenant) => Object.values(await roles(tenant)).filter((role) => role === 'owner').length;
/** Who comes with a fresh look at its role. */
const again = (principal: Principal, email: string) => world.signIn(email, principal.tenant!.orgId);

let count = 0;
async function company(...others: OrganizationRole[]) {
  const tenant = await world.found(`Company ${(count += 1)}`);
  const members = await Promise.all(others.map((role, place) => world.join(tenant, role, `${role}-${place}@${tenant.orgId}.test`)));
  return { tenant, members };
}

describe('an organization is handed over', () => {
  test('to an active member, and who owned it administers it: the two change places at once', async () => {
    const { tenant, members: [heir] } = await company('viewer');
    expect(await transfer(tenant.owner, heir!)).toEqual({ previousOwnerId: tenant.owner.tenant?.membershipId, ownerId: heir?.tenant?.membershipId });
    expect(await roles(tenant)).toEqual({ [tenant.ownerEmail]: 'admin', [`viewer-0@${tenant.orgId}.test`]: 'owner' });
    expect((await again(heir!, `viewer-0@${tenant.orgId}.test`)).permissions.has('organization:delete')).toBe(true);
    expect((await world.auth.authenticate(tenant.ownerKey, null)).permissions.has('organization:delete')).toBe(false);
  });

  test('by its owner alone, and by the operator in its place', async () => {
    const { tenant, members: [admin, heir] } = await company('admin', 'member');
    expect(await codeOf(transfer(admin!, heir!))).toBe('FORBIDDEN');
    const operator = { ...world.operator, tenant: { orgId: tenant.orgId, membershipId: null, role: null }, permissions: tenant.owner.permissions };
    expect(await codeOf(transfer(operator, heir!))).toBe('ok');
    expect(await ownersOf(tenant)).toBe(1);
    // Who has just stepped down and has not noticed.
    expect(await codeOf(transfer(tenant.owner, admin!))).toBe('FORBIDDEN');
  });

  test('to nobody who is shut out, has left, belongs elsewhere, or owns it', async () => {
    const { tenant, members: [paused, gone] } = await company('member', 'member');
    const other = await company('member');
    await world.as(tenant.owner, (cx) => world.members.suspendMany(cx, { ids: [idOf(paused!)] }));
    await leave(gone!);
    expect(await codeOf(transfer(tenant.owner, paused!))).toBe('CONFLICT');
    expect(await codeOf(transfer(tenant.owner, gone!))).toBe('NOT_FOUND');
    expect(await codeOf(transfer(tenant.owner, other.members[0]!))).toBe('NOT_FOUND');
    expect(await codeOf(transfer(tenant.owner, tenant.owner))).toBe('CONFLICT');
    expect(await roles(tenant)).toMatchObject({ [tenant.ownerEmail]: 'owner' });
  });

  test('and the log has who owned it, who does, and both new roles', async () => {
    const { tenant, members: [heir] } = await company('manager');
    await transfer(tenant.owner, heir!);
    const events = await world.sql('SELECT type, data FROM events.events WHERE org_id = $1 ORDER BY position DESC LIMIT 3', tenant.orgId);
    expect(events.toReversed()).toEqual([
      { type: 'ORGANIZATION.OWNER_CHANGED', data: { before: { owner: idOf(tenant.owner) }, after: { owner: idOf(heir!) } } },
      { type: 'MEMBER.ROLE_CHANGED', data: { before: { role: 'owner' }, after: { role: 'admin' } } },
      { type: 'MEMBER.ROLE_CHANGED', data: { before: { role: 'manager' }, after: { role: 'owner' } } },
    ]);
  });
});

describe('at the same time', () => {
  const WHOLE = 'SELECT 1 FROM iam.organizations WHERE id = $1 FOR UPDATE';
  const ROW = 'SELECT 1 FROM iam.memberships WHERE org_id = $1 AND id = $2 FOR UPDATE';

  test('two transfers to different members leave one owner', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { tenant, members: [one, other] } = await company('admin', 'admin');
      const both = [() => codeOf(transfer(tenant.owner, one!)), () => codeOf(transfer(tenant.owner, other!))];
      expect((await world.contend(WHOLE, [tenant.orgId], both)).sort()).toEqual(['FORBIDDEN', 'ok']);
      expect(await ownersOf(tenant)).toBe(1);
    }
  });

  test('a transfer and the leaving of who would take over leave one owner', async () => {
    const { tenant, members: [heir] } = await company('admin');
    const both = [() => codeOf(transfer(tenant.owner, heir!)), () => codeOf(leave(heir!))];
    const [transferred, left] = await world.contend(ROW, [tenant.orgId, heir!.tenant!.membershipId], both);
    // Whoever comes first decides: the owner cannot leave, and who has left takes nothing over.
    expect([['ok', 'CONFLICT'], ['NOT_FOUND', 'ok']]).toContainEqual([transferred, left]);
    expect(await ownersOf(tenant)).toBe(1);
  });

  test('whoever may not remove the owner does not wait for it either: with a transfer the other way, both would wait for ever', async () => {
    const { tenant, members: [heir] } = await company('admin');
    const remove = () => codeOf(world.as(heir!, (cx) => world.members.remove(cx, { id: idOf(tenant.owner) })));
    const row = [tenant.orgId, tenant.owner.tenant!.membershipId];
    const isHeld = async () => (await world.sql(`${ROW} SKIP LOCKED`, ...row)).length === 0;
    const inTurn = async () => [await remove(), await isHeld(), await codeOf(transfer(tenant.owner, heir!))];
    // Somebody holds the owner's row until the transfer waits for it.
    const [outcomes] = await world.contend(ROW, row, [inTurn]);
    expect(outcomes).toEqual(['FORBIDDEN', true, 'ok']);
    expect(await ownersOf(tenant)).toBe(1);
  });

  test('whatever twenty requests want of who owns and who leaves, there is one owner, and nobody who owns has left', async () => {
    const { tenant, members } = await company('admin', 'admin', 'manager', 'member');
    const people = [tenant.owner, ...members];
    const wishes = Array.from({ length: 20 }, (_, place) => {
      const from = people[place % people.length]!;
      const to = people[(place * 3 + 1) % people.length]!;
      return place % 3 === 0 ? () => codeOf(leave(from)) : () => codeOf(transfer(from, to));
    });
    await Promise.all(wishes.map((wish) => wish()));
    expect(await ownersOf(tenant)).toBe(1);
    expect(await world.sql("SELECT 1 FROM iam.memberships WHERE org_id = $1 AND role = 'owner' AND status = 'left'", tenant.orgId)).toEqual([]);
  });
});

describe('leaving', () => {
  test('is for whoever is a member and does not own the organization', async () => {
    const { tenant, members: [member] } = await company('viewer');
    expect(await codeOf(leave(tenant.owner))).toBe('CONFLICT');
    expect(await leave(member!)).toEqual({ organizationId: tenant.orgId });
    expect(await codeOf(leave(member!))).toBe('NOT_FOUND');
    const operator = { ...world.operator, tenant: { orgId: tenant.orgId, membershipId: null, role: null } };
    expect(await codeOf(leave(operator))).toBe('CONFLICT');
  });

  test('is nothing that a key does for its owner', async () => {
    const { tenant, members: [member] } = await company('member');
    const { secret } = await world.as(member!, (cx) => world.apiKeys.create(cx, { name: 'all', scopes: ['*'] }));
    expect(await codeOf(world.auth.authenticate(secret ?? '', null).then(leave))).toBe('FORBIDDEN');
    expect(await roles(tenant)).toEqual({ [tenant.ownerEmail]: 'owner', [`member-0@${tenant.orgId}.test`]: 'member' });
  });
});
