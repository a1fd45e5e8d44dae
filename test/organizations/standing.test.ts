import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, type Tenant, type World } from '../domains/world.ts';

/** Whoever loses what lets them in while their request waits for somebody else, does nothing with it any more. */
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

let count = 0;
const found = () => world.found(`Waiting ${(count += 1)}`);
const idOf = ({ orgId }: Tenant) => toGlobalId('Organization', orgId);
const statusOf = async ({ orgId }: Tenant) => (await world.sql('SELECT status::text FROM iam.organizations WHERE id = $1', orgId))[0]?.['status'];

/** An operator of its own, because it is dismissed. */
async function appoint(): Promise<Principal> {
  const email = `operator${(count += 1)}@platform.test`;
  await world.sql(`INSERT INTO iam.users (email, system_role) VALUES ($1, 'super_admin')`, email);
  return world.signIn(email, null);
}

describe('who is removed while the request waits for the organization', () => {
  const lose = (membershipId: string | null) =>
    [`WITH held AS (SELECT 1 FROM iam.organizations o JOIN iam.memberships m ON m.org_id = o.id WHERE m.id = $1 FOR UPDATE OF o)
      UPDATE iam.memberships SET status = 'left', left_at = now() WHERE id = $1 AND EXISTS (SELECT 1 FROM held)`, [membershipId]] as const;

  test.each([{ name: 'Mine now' }, { requireSecondFactor: false }])('changes nothing of it: %j', async (input) => {
    const tenant = await found();
    const admin = await world.join(tenant, 'admin');
    await world.sql('UPDATE iam.organizations SET require_second_factor = true WHERE id = $1', tenant.orgId);
    const [text, values] = lose(admin.tenant!.membershipId);
    expect(await world.contend(text, [...values], [() => codeOf(world.as(admin, (cx) => world.organizations.update(cx, input)))])).toEqual(['FORBIDDEN']);
    const [row] = await world.sql('SELECT name, require_second_factor FROM iam.organizations WHERE id = $1', tenant.orgId);
    expect(row).toMatchObject({ require_second_factor: true });
    expect(row?.['name']).not.toBe('Mine now');
  });
});

describe('an operator who is dismissed while the request waits', () => {
  const ACTS: Readonly<Record<string, [from: string, act: (by: Principal, tenant: Tenant) => Promise<unknown>]>> = {
    suspendOrganization: ['active', (by, tenant) => world.as(by, (cx) => world.organizations.suspend(cx, { id: idOf(tenant) }))],
    activateOrganization: ['suspended', (by, tenant) => world.as(by, (cx) => world.organizations.activate(cx, { id: idOf(tenant) }))],
    retryProvisioning: ['provisioning_failed', (by, tenant) => world.as(by, (cx) => world.onboarding.retryProvisioning(cx, { id: idOf(tenant) }))],
    deleteOrganization: ['suspended', (by, tenant) => world.as(by, async (cx) => world.lifecycle.remove(cx, { id: idOf(tenant), slug: `waiting-${count - 1}` }))],
  };

  test.each(Object.keys(ACTS))('does no %s any more', async (name) => {
    const [from, act] = ACTS[name]!;
    const tenant = await found();
    const operator = await appoint();
    await world.sql('UPDATE iam.organizations SET status = $2::iam.organization_status WHERE id = $1', tenant.orgId, from);
    const dismiss = "UPDATE iam.users SET system_role = 'user' WHERE id = $1";
    expect(await world.contend(dismiss, [operator.userId], [() => codeOf(act(operator, tenant))])).toEqual(['FORBIDDEN']);
    expect(await statusOf(tenant)).toBe(from);
  });

  test.each([
    ['dismissed', "UPDATE iam.users SET system_role = 'user' WHERE id = $1"],
    ['suspended', "UPDATE iam.users SET status = 'suspended' WHERE id = $1"],
  ])('makes no organization: %s', async (how, text) => {
    const operator = await appoint();
    const create = () => codeOf(world.as(operator, (cx) => world.onboarding.createOrganization(cx, { name: `Never ${how}`, adminEmail: 'a@never.test' })));
    expect(await world.contend(text, [operator.userId], [create])).toEqual(['FORBIDDEN']);
    expect(await world.sql('SELECT 1 FROM iam.organizations WHERE name = $1', `Never ${how}`)).toEqual([]);
  });

  test('does nothing as a visitor of an organization either', async () => {
    const tenant = await found();
    const operator = await appoint();
    const visiting = { ...operator, tenant: { orgId: tenant.orgId, membershipId: null, role: null }, permissions: new Set(['organization:write'] as const) };
    const rename = () => codeOf(world.as(visiting, (cx) => world.organizations.update(cx, { name: 'Visited' })));
    expect(await world.contend("UPDATE iam.users SET system_role = 'user' WHERE id = $1", [operator.userId], [rename])).toEqual(['FORBIDDEN']);
  });
});
