import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_ORGANIZATION_ID } from '../../src/domains/organizations/index.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, outcomeOf, type Tenant, type World } from './world.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
});
afterAll(() => world.close());

type UpdateInput = Parameters<World['organizations']['update']>[1];
const update = (by: Principal, input: UpdateInput) => world.as(by, (cx) => world.organizations.update(cx, input));
const suspend = (by: Principal, orgId: string, reason?: string) =>
  world.as(by, (cx) => world.organizations.suspend(cx, { id: toGlobalId('Organization', orgId), reason }));
const activate = (by: Principal, orgId: string) =>
  world.as(by, (cx) => world.organizations.activate(cx, { id: toGlobalId('Organization', orgId) }));
const rowOf = async (orgId: string) => (await world.sql('SELECT * FROM iam.organizations WHERE id = $1', orgId))[0];

describe("changing one's own organization", () => {
  test("changes what is given and nothing else, and nobody else's", async () => {
    const before = await rowOf(globex.orgId);
    await update(acme.owner, { name: 'Acme Corporation', description: 'Makes everything.' });
    expect(await rowOf(acme.orgId)).toMatchObject({
      name: 'Acme Corporation',
      slug: 'acme',
      description: 'Makes everything.',
    });
    await update(acme.owner, { description: null });
    expect(await rowOf(acme.orgId)).toMatchObject({ name: 'Acme Corporation', description: null });
    expect(await rowOf(globex.orgId)).toEqual(before);
  });

  test('keeps the namespace on the engine, whatever the slug becomes', async () => {
    const before = await rowOf(acme.orgId);
    await update(acme.owner, { slug: 'acme-corp' });
    expect(await rowOf(acme.orgId)).toMatchObject({ slug: 'acme-corp', engine_namespace: before?.engine_namespace });
  });

  test('a name or slug that is taken is a conflict with one text', async () => {
    const taken = await outcomeOf(update(acme.owner, { name: 'GLOBEX' }));
    expect(taken).toMatchObject({ code: 'CONFLICT' });
    expect(await outcomeOf(update(acme.owner, { slug: 'globex' }))).toEqual(taken);
  });

  test('shows the new name at the next request', async () => {
    await world.auth.authenticate(acme.ownerKey, null);
    await update(acme.owner, { name: 'Renamed Acme' });
    const { memberships } = await world.auth.authenticate(acme.ownerKey, null);
    expect(memberships).toMatchObject([{ organizationName: 'Renamed Acme' }]);
  });

  test('is for administrators, and smuggles nothing in', async () => {
    const manager = await world.join(acme, 'manager');
    expect(await codeOf(update(manager, { name: 'Mine' }))).toBe('FORBIDDEN');
    for (const extra of [{ status: 'active' }, { plan: 'enterprise' }, { id: globex.orgId }, { isSystem: true }]) {
      expect(await codeOf(update(acme.owner, { name: 'Fine', ...extra }))).toBe('VALIDATION_FAILED');
    }
  });
});

describe('suspending and activating', () => {
  test('shuts members and keys out at the next request, and lets them in again', async () => {
    const tenant = await world.found('On And Off');
    const enters = () => codeOf(world.auth.authenticate(tenant.ownerKey, null));
    expect(await enters()).toBe('ok');
    await suspend(world.operator, tenant.orgId, 'unpaid');
    expect(await rowOf(tenant.orgId)).toMatchObject({ status: 'suspended', status_reason: 'unpaid' });
    expect(await enters()).toBe('ORG_NOT_ACTIVE');
    await activate(world.operator, tenant.orgId);
    expect(await rowOf(tenant.orgId)).toMatchObject({ status: 'active', status_reason: null });
    expect(await enters()).toBe('ok');
  });

  test('only legal moves are made, each once', async () => {
    const { orgId } = await world.found('Moves');
    expect(await codeOf(activate(world.operator, orgId))).toBe('INVALID_TRANSITION');
    const attempt = () => codeOf(suspend(world.operator, orgId));
    const both = await world.contend(
      'SELECT 1 FROM iam.organizations WHERE id = $1 FOR UPDATE',
      [orgId],
      [attempt, attempt],
    );
    expect(both.sort()).toEqual(['INVALID_TRANSITION', 'ok']);
  });

  test("is an act of the platform: no owner, no key, not even on one's own", async () => {
    const key = await world.auth.authenticate(acme.ownerKey, null);
    for (const by of [acme.owner, key]) {
      expect(await codeOf(suspend(by, acme.orgId))).toBe('FORBIDDEN');
      expect(await codeOf(activate(by, globex.orgId))).toBe('FORBIDDEN');
    }
  });

  test('an id that is unknown or malformed is not found', async () => {
    const unknown = await outcomeOf(suspend(world.operator, '0192d3a4-1111-7222-8333-44445555beef'));
    expect(unknown).toMatchObject({ code: 'NOT_FOUND', message: 'Organization not found.' });
    const malformed = world.as(world.operator, (cx) => world.organizations.suspend(cx, { id: 'nonsense' }));
    expect(await outcomeOf(malformed)).toEqual(unknown);
  });

  test('the system organization is never suspended', async () => {
    expect(await codeOf(suspend(world.operator, SYSTEM_ORGANIZATION_ID))).toBe('CONFLICT');
  });
});
