import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrganizationStatus } from '../../src/domains/auth/access.rules.ts';
import { SYSTEM_ORGANIZATION_ID } from '../../src/domains/organizations/index.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { openSessionBy } from '../harness/sessions.ts';
import { codeOf, openWorld, PASSWORD, type Tenant, type World } from '../domains/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

let count = 0;
const found = () => world.found(`Ending ${(count += 1)}`);
const put = (orgId: string, status: OrganizationStatus) => world.sql('UPDATE iam.organizations SET status = $2::iam.organization_status WHERE id = $1', orgId, status);
const rowOf = async (orgId: string) => (await world.sql('SELECT slug, status::text, deleted_at FROM iam.organizations WHERE id = $1', orgId))[0]!;
const remove = (by: Principal, orgId: string, slug?: string) =>
  world.as(by, async (cx) => world.lifecycle.remove(cx, { id: toGlobalId('Organization', orgId), slug: slug ?? ((await rowOf(orgId))['slug'] as string) }));

/** Somebody as the person comes in now, with a session of before: in no organization, when nobody gets into it. */
async function outside({ ownerEmail, orgId }: Tenant, status: OrganizationStatus): Promise<Principal> {
  const { accessToken } = await openSessionBy(world.auth, { email: ownerEmail, password: PASSWORD });
  await put(orgId, status);
  world.auth.forgetAll();
  return world.auth.authenticate(accessToken, null);
}

const BY_OWNER: Readonly<Record<OrganizationStatus, string>> = {
  active: 'ok',
  inactive: 'ok',
  provisioning_failed: 'ok',
  suspended: 'INVALID_TRANSITION',
  provisioning: 'INVALID_TRANSITION',
  deleted: 'NOT_FOUND',
};
const STATUSES = Object.keys(BY_OWNER) as OrganizationStatus[];

describe('an organization that is named', () => {
  test.each(STATUSES)('and is %s is deleted by its owner only where nobody but the owner has closed it', async (status) => {
    const tenant = await found();
    const owner = await outside(tenant, status);
    expect(owner.tenant === null).toBe(status !== 'active');
    expect(await codeOf(remove(owner, tenant.orgId))).toBe(BY_OWNER[status]);
    expect((await rowOf(tenant.orgId))['status']).toBe(BY_OWNER[status] === 'ok' ? 'deleted' : status);
  });

  test.each(STATUSES)('and is %s is deleted by an operator, once', async (status) => {
    const { orgId } = await found();
    await put(orgId, status);
    expect(await codeOf(remove(world.operator, orgId))).toBe(status === 'deleted' ? 'INVALID_TRANSITION' : 'ok');
    expect(await codeOf(remove(world.operator, orgId))).toBe('INVALID_TRANSITION');
  });

  test.each(['inactive', 'provisioning_failed', 'suspended'] as const)('and is %s is not there for an administrator of it, a stranger or a key', async (status) => {
    const [tenant, other] = [await found(), await found()];
    const admin = await world.join(tenant, 'admin');
    const key = await world.auth.authenticate(other.ownerKey, null);
    await put(tenant.orgId, status);
    for (const by of [{ ...admin, tenant: null }, other.owner]) expect(await codeOf(remove(by, tenant.orgId))).toBe('NOT_FOUND');
    expect(await codeOf(remove(key, tenant.orgId))).toBe('FORBIDDEN');
    expect((await rowOf(tenant.orgId))['status']).toBe(status);
  });

  test('is meant by its slug too, whoever names it, and is never the system organization', async () => {
    const tenant = await found();
    const owner = await outside(tenant, 'inactive');
    for (const by of [owner, world.operator]) expect(await codeOf(remove(by, tenant.orgId, 'another'))).toBe('VALIDATION_FAILED');
    expect(await codeOf(remove(world.operator, SYSTEM_ORGANIZATION_ID))).toBe('CONFLICT');
    expect(await codeOf(world.as(owner, (cx) => world.lifecycle.remove(cx, { id: 'org_nothing', slug: 'x' })))).toBe('NOT_FOUND');
  });

  test('that asks for a second factor asks its owner for one from outside, too', async () => {
    const tenant = await found();
    await world.sql('UPDATE iam.organizations SET require_second_factor = true WHERE id = $1', tenant.orgId);
    const owner = await outside(tenant, 'inactive');
    expect(await codeOf(remove(owner, tenant.orgId))).toBe('SECOND_FACTOR_REQUIRED');
    expect(await codeOf(remove({ ...owner, secondFactorAt: new Date() }, tenant.orgId))).toBe('ok');
  });

  test('and is the one of the request is deleted as one that is not named', async () => {
    const tenant = await found();
    const admin = await world.join(tenant, 'admin');
    expect(await codeOf(remove(admin, tenant.orgId))).toBe('FORBIDDEN');
    expect(await codeOf(remove(tenant.owner, tenant.orgId))).toBe('ok');
  });

  test('frees its name and its slug, whatever it was: a typing error does not keep them', async () => {
    for (const [index, status] of (['provisioning_failed', 'suspended', 'inactive'] as const).entries()) {
      const { orgId } = await world.found(`Once more ${index}`);
      await put(orgId, status);
      await remove(world.operator, orgId);
      const again = await world.found(`Once more ${index}`);
      expect((await rowOf(again.orgId))['slug']).toBe(`once-more-${index}`);
    }
  });

  test('is told of in its own log, as done by its owner or by an operator who is no member of it', async () => {
    const [own, platform] = [await found(), await found()];
    await remove(await outside(own, 'inactive'), own.orgId);
    // The operator works somewhere else at that moment: nothing of that is told.
    const visiting = { ...world.operator, tenant: { orgId: own.orgId, membershipId: null, role: null } };
    await put(platform.orgId, 'suspended');
    await remove(visiting, platform.orgId);
    const deleted = `SELECT actor_membership_id, actor_user_id, data FROM events.events WHERE org_id = $1 AND type = 'ORGANIZATION.DELETED'`;
    expect(await world.sql(deleted, own.orgId)).toEqual([
      { actor_membership_id: own.owner.tenant?.membershipId, actor_user_id: own.owner.userId, data: { before: { status: 'inactive' }, after: { status: 'deleted' } } },
    ]);
    expect(await world.sql(deleted, platform.orgId)).toEqual([
      { actor_membership_id: null, actor_user_id: world.operator.userId, data: { before: { status: 'suspended' }, after: { status: 'deleted' } } },
    ]);
    expect(await world.sql('SELECT status::text FROM iam.api_keys WHERE org_id = $1', platform.orgId)).toEqual([{ status: 'revoked' }]);
  });

  test('is not deleted by an owner who has stepped down meanwhile', async () => {
    const tenant = await found();
    const heir = await world.join(tenant, 'admin');
    const stale = await outside(tenant, 'inactive');
    await put(tenant.orgId, 'active');
    await world.as(tenant.owner, (cx) => world.members.transferOwnership(cx, { memberId: toGlobalId('Member', heir.tenant!.membershipId!) }));
    await put(tenant.orgId, 'inactive');
    expect(await codeOf(remove(stale, tenant.orgId))).toBe('FORBIDDEN');
  });
});

test('an organization that is deleted while the engine sets it up is not told as made, and the engine is asked to let go once more', async () => {
  const engine = { ensureNamespace: () => Promise.resolve(), retireNamespace: () => Promise.resolve() };
  const slow = await openWorld({
    engine: {
      ...engine,
      async ensureNamespace({ orgId }) {
        await slow.sql("UPDATE iam.organizations SET status = 'deleted', deleted_at = now(), namespace_retired_at = now() WHERE id = $1", orgId);
      },
    },
  });
  try {
    expect(await codeOf(slow.as(slow.operator, (cx) => slow.onboarding.createOrganization(cx, { name: 'Too late', adminEmail: 'a@late.test' })))).toBe('CONFLICT');
    expect(await slow.sql("SELECT namespace_retired_at FROM iam.organizations WHERE name = 'Too late'")).toEqual([{ namespace_retired_at: null }]);
    expect(await slow.sql('SELECT 1 FROM iam.api_keys k JOIN iam.organizations o ON o.id = k.org_id AND o.name = $1', 'Too late')).toEqual([]);
  } finally {
    await slow.close();
  }
});
