import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, outcomeOf, type Tenant, type World } from './world.ts';
import { openSessionBy } from '../harness/sessions.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
});
afterAll(() => world.close());

type AddInput = Parameters<World['members']['add']>[1];
const add = (by: Principal, input: AddInput) => world.as(by, (cx) => world.members.add(cx, input));
const remove = (by: Principal, id: string) => world.as(by, (cx) => world.members.remove(cx, { id }));
const updateRole = (by: Principal, id: string, role: OrganizationRole) =>
  world.as(by, (cx) => world.members.updateRole(cx, { id, role }));
const idOf = (principal: Principal): string => toGlobalId('Member', principal.tenant?.membershipId ?? '');
const rowOf = async (memberId: string) => (await world.sql('SELECT * FROM iam.memberships WHERE id = $1', memberId))[0];

test('whoever may not manage members is told so, whatever the id is', async () => {
  const viewer = await world.join(acme, 'viewer');
  for (const id of ['x', toGlobalId('Member', '01900000-0000-7000-8000-000000000000'), idOf(acme.owner)]) {
    expect([id, await codeOf(updateRole(viewer, id, 'viewer')), await codeOf(remove(viewer, id))]).toEqual([id, 'FORBIDDEN', 'FORBIDDEN']);
  }
});

describe('adding somebody', () => {
  test('makes an active member under the address in lower case', async () => {
    const { memberId } = await add(acme.owner, { email: ' New@Example.TEST ', name: 'New', role: 'manager' });
    expect(await rowOf(memberId)).toMatchObject({
      org_id: acme.orgId,
      email: 'new@example.test',
      name: 'New',
      role: 'manager',
      status: 'active',
      joined_at: expect.any(Date),
    });
  });

  test('looks the same for an address that is known elsewhere, and tells nothing of it', async () => {
    await add(globex.owner, { email: 'spy@globex.test', name: 'Real Name', role: 'admin' });
    const known = await add(acme.owner, { email: 'spy@globex.test', role: 'viewer' });
    const unknown = await add(acme.owner, { email: 'nobody@globex.test', role: 'viewer' });
    const shape = async ({ memberId, ...rest }: { memberId: string }) => {
      const { id, user_id, email, joined_at, created_at, updated_at, ...row } = (await rowOf(memberId)) ?? {};
      return { ...rest, ...row };
    };
    expect(await shape(known)).toEqual(await shape(unknown));
    expect(await shape(known)).toMatchObject({ name: null, role: 'viewer' });
  });

  test('who is here under another address is a conflict', async () => {
    const { memberId } = await add(acme.owner, { email: 'renamed@acme.test', role: 'viewer' });
    await world.sql("UPDATE iam.memberships SET email = 'known-as@acme.test' WHERE id = $1", memberId);
    expect(await codeOf(add(acme.owner, { email: 'renamed@acme.test', role: 'admin' }))).toBe('CONFLICT');
    expect(await rowOf(memberId)).toMatchObject({ role: 'viewer', status: 'active', email: 'known-as@acme.test' });
  });

  test('twice is a conflict in one organization, also at once and in another case', async () => {
    const attempts = [
      () => codeOf(add(acme.owner, { email: 'twin@x.test', role: 'viewer' })),
      () => codeOf(add(acme.owner, { email: 'TWIN@x.test', role: 'member' })),
    ];
    const lock = 'SELECT 1 FROM iam.organizations WHERE id = $1 FOR UPDATE';
    expect((await world.contend(lock, [acme.orgId], attempts)).sort()).toEqual(['CONFLICT', 'ok']);
    expect(await codeOf(add(acme.owner, { email: 'twin@x.test', role: 'viewer' }))).toBe('CONFLICT');
    expect(await codeOf(add(globex.owner, { email: 'twin@x.test', role: 'viewer' }))).toBe('ok');
  });

  test('who rises above a manager while the manager waits is neither changed nor removed by that one', async () => {
    const manager = await world.join(acme, 'manager', 'waits@x.test');
    const change = (id: string) => updateRole(manager, id, 'customer');
    for (const [place, attempt] of [change, (id: string) => remove(manager, id)].entries()) {
      const { memberId } = await add(acme.owner, { email: `rises-${place}@x.test`, role: 'viewer' });
      const rise = "UPDATE iam.memberships SET role = 'admin' WHERE id = $1";
      const [outcome] = await world.contend(rise, [memberId], [() => codeOf(attempt(toGlobalId('Member', memberId)))]);
      expect(outcome).toBe('FORBIDDEN');
      expect(await rowOf(memberId)).toMatchObject({ role: 'admin', status: 'active' });
    }
  });

  test('again after a repeated request changes nothing and answers the same', async () => {
    const input: AddInput = { email: 'again@x.test', role: 'viewer', idempotencyKey: 'add-1' };
    const first = await add(acme.owner, input);
    expect(await add(acme.owner, input)).toEqual({ ...first, replayed: true });
    expect(await codeOf(add(acme.owner, { ...input, role: 'member' }))).toBe('CONFLICT');
    // The same words in another organization are another request.
    expect(await add(globex.owner, input)).toMatchObject({ replayed: false });
  });

  test('who has left brings the same membership back, with nothing of what it could do before', async () => {
    const member = await world.join(acme, 'admin', 'boomerang@x.test');
    const { secret } = await world.as(member, (cx) => world.apiKeys.create(cx, { name: 'old', scopes: ['*'] }));
    await remove(acme.owner, idOf(member));
    const { memberId } = await add(acme.owner, { email: 'boomerang@x.test', role: 'viewer' });
    expect(memberId).toBe(member.tenant?.membershipId);
    expect(await rowOf(memberId)).toMatchObject({ status: 'active', role: 'viewer', left_at: null });
    expect(await codeOf(world.auth.authenticate(secret ?? '', null))).toBe('UNAUTHENTICATED');
  });

  test.each([
    [{ email: 'nobody', role: 'viewer' }, 'VALIDATION_FAILED'],
    [{ email: 'a\0b@x.test', role: 'viewer' }, 'VALIDATION_FAILED'],
    [{ email: `${'a'.repeat(250)}@x.test`, role: 'viewer' }, 'VALIDATION_FAILED'],
    [{ email: 'x@x.test', role: 'king' as 'viewer' }, 'VALIDATION_FAILED'],
    [{ email: 'x@x.test', role: 'viewer', name: '\0' }, 'VALIDATION_FAILED'],
    [{ email: 'x@x.test', role: 'viewer', idempotencyKey: '' }, 'VALIDATION_FAILED'],
    [{ email: 'x@x.test', role: 'viewer', orgId: 'smuggled' } as AddInput, 'VALIDATION_FAILED'],
    [{ email: 'x@x.test', role: 'owner' }, 'CONFLICT'],
  ] as [AddInput, string][])('%j by the owner is %s', async (input, code) => {
    expect(await codeOf(add(acme.owner, input))).toBe(code);
  });
});

describe('the ladder of roles', () => {
  const ROLES: OrganizationRole[] = ['viewer', 'customer', 'member', 'manager', 'admin', 'owner'];
  const GIVES: Record<string, OrganizationRole[]> = {
    viewer: [],
    customer: [],
    member: [],
    manager: ['viewer', 'customer'],
    admin: ['viewer', 'customer', 'member', 'manager'],
  };

  test.each(Object.entries(GIVES))('%s hands out %j and no more', async (role, gives) => {
    const tenant = await world.found(`Ladder ${role}`);
    const actor = await world.join(tenant, role as OrganizationRole);
    for (const given of ROLES) {
      const code = await codeOf(add(actor, { email: `${given}@below-${role}.test`, role: given }));
      expect([given, code]).toEqual([given, gives.includes(given) ? 'ok' : 'FORBIDDEN']);
    }
  });

  test('somebody of the same or a higher role is neither changed nor removed', async () => {
    const tenant = await world.found('Equals');
    const admin = await world.join(tenant, 'admin', 'one@equals.test');
    const peer = await world.join(tenant, 'admin', 'two@equals.test');
    for (const target of [peer, tenant.owner]) {
      expect(await codeOf(updateRole(admin, idOf(target), 'viewer'))).toBe('FORBIDDEN');
      expect(await codeOf(remove(admin, idOf(target)))).toBe('FORBIDDEN');
    }
  });

  test('nobody changes their own role, and nobody becomes a second owner', async () => {
    const tenant = await world.found('Ambition');
    const admin = await world.join(tenant, 'admin');
    expect(await codeOf(updateRole(admin, idOf(admin), 'manager'))).toBe('FORBIDDEN');
    expect(await codeOf(updateRole(tenant.owner, idOf(tenant.owner), 'admin'))).toBe('FORBIDDEN');
    expect(await codeOf(updateRole(tenant.owner, idOf(admin), 'owner'))).toBe('CONFLICT');
    expect(await codeOf(updateRole(admin, idOf(admin), 'owner'))).toBe('FORBIDDEN');
  });

  test('a new role counts at the next request', async () => {
    const tenant = await world.found('Promotion');
    const member = await world.join(tenant, 'viewer');
    const { secret } = await world.as(member, (cx) => world.apiKeys.create(cx, { name: 'k', scopes: ['*'] }));
    expect((await world.auth.authenticate(secret ?? '', null)).permissions.has('workflow:write')).toBe(false);
    await updateRole(tenant.owner, idOf(member), 'member');
    expect((await world.auth.authenticate(secret ?? '', null)).permissions.has('workflow:write')).toBe(true);
  });

  test('a key that may write members cannot make one that may do more than it', async () => {
    const { secret } = await world.as(acme.owner, (cx) =>
      world.apiKeys.create(cx, { name: 'members', scopes: ['member:*'] }),
    );
    const key = await world.auth.authenticate(secret ?? '', null);
    expect(await codeOf(add(key, { email: 'friend@evil.test', role: 'admin' }))).toBe('FORBIDDEN');
    expect(await codeOf(add(key, { email: 'friend@evil.test', role: 'viewer' }))).toBe('FORBIDDEN');
  });
});

describe('leaving', () => {
  test('ends the membership and revokes its keys, here only', async () => {
    const email = 'leaver@x.test';
    const here = await world.join(acme, 'member', email);
    const there = await world.join(globex, 'member', email);
    const keyOf = async (principal: Principal) =>
      (await world.as(principal, (cx) => world.apiKeys.create(cx, { name: 'k', scopes: ['*'] }))).secret ?? '';
    const [key, otherKey] = [await keyOf(here), await keyOf(there)];
    await world.auth.authenticate(key, null);
    await remove(acme.owner, idOf(here));
    expect(await rowOf(here.tenant?.membershipId ?? '')).toMatchObject({ status: 'left', left_at: expect.any(Date) });
    expect(await codeOf(world.auth.authenticate(key, null))).toBe('UNAUTHENTICATED');
    expect(await codeOf(world.auth.authenticate(otherKey, null))).toBe('ok');
  });

  test("is everybody's right, but a narrow key does not leave for its owner", async () => {
    const viewer = await world.join(acme, 'viewer', 'free@x.test');
    const { secret } = await world.as(viewer, (cx) => world.apiKeys.create(cx, { name: 'k', scopes: ['*'] }));
    const key = await world.auth.authenticate(secret ?? '', null);
    expect(await codeOf(remove(key, idOf(viewer)))).toBe('FORBIDDEN');
    expect(await codeOf(remove(viewer, idOf(viewer)))).toBe('ok');
  });

  test('is not for the owner, whoever asks and however many ask at once', async () => {
    const operator = await world.auth.authenticate(
      (await openSessionBy(world.auth, { email: 'operator@platform.test', password: 'correct horse battery staple' }))
        .accessToken,
      acme.orgId,
    );
    const attempts = [acme.owner, operator, acme.owner, operator].map((by) => codeOf(remove(by, idOf(acme.owner))));
    expect(await Promise.all(attempts)).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT', 'CONFLICT']);
    expect(await codeOf(updateRole(operator, idOf(acme.owner), 'admin'))).toBe('CONFLICT');
    expect(await rowOf(acme.owner.tenant?.membershipId ?? '')).toMatchObject({ role: 'owner', status: 'active' });
  });
});

test('a member of another organization is like one that does not exist, has left, or has a malformed id', async () => {
  const foreign = await world.join(globex, 'viewer', 'foreign@globex.test');
  const gone = await world.join(acme, 'viewer', 'gone@acme.test');
  await remove(acme.owner, idOf(gone));
  const unknown = await outcomeOf(remove(acme.owner, toGlobalId('Member', '0192d3a4-1111-7222-8333-44445555beef')));
  expect(unknown).toMatchObject({ code: 'NOT_FOUND', message: 'Member not found.' });
  const ids = [
    idOf(foreign),
    idOf(gone),
    foreign.tenant?.membershipId ?? '',
    toGlobalId('Workflow', acme.orgId),
    '',
    'x'.repeat(10_000),
  ];
  for (const id of ids) {
    expect(await outcomeOf(remove(acme.owner, id))).toEqual(unknown);
    expect(await outcomeOf(updateRole(acme.owner, id, 'viewer'))).toEqual(unknown);
  }
  expect(await rowOf(foreign.tenant?.membershipId ?? '')).toMatchObject({ status: 'active' });
});

test('without an organization there are no members to manage', async () => {
  expect(await codeOf(add({ ...acme.owner, tenant: null }, { email: 'x@x.test', role: 'viewer' }))).toBe(
    'TENANT_CONTEXT_REQUIRED',
  );
  expect(await codeOf(add(world.operator, { email: 'x@x.test', role: 'viewer' }))).toBe('FORBIDDEN');
});
