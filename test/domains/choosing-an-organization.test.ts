import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { codeOf, openWorld, outcomeOf, PASSWORD, type Tenant, type World } from './world.ts';
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

describe('a person of several organizations', () => {
  const email = 'both@worlds.test';
  let token: string;

  beforeAll(async () => {
    await world.join(acme, 'admin', email);
    await world.join(globex, 'viewer', email);
    token = (await openSessionBy(world.auth, { email, password: PASSWORD })).accessToken;
  });

  test('works in none until one is chosen, and then with the role there', async () => {
    expect(await world.auth.authenticate(token, null)).toMatchObject({ tenant: null, permissions: new Set() });
    expect(await world.auth.authenticate(token, acme.orgId)).toMatchObject({
      tenant: { orgId: acme.orgId, role: 'admin' },
    });
    const there = await world.auth.authenticate(token, toGlobalId('Organization', globex.orgId));
    expect(there.tenant).toMatchObject({ orgId: globex.orgId, role: 'viewer' });
    expect(there.permissions.has('workflow:write')).toBe(false);
    expect(there.memberships.map(({ organizationName }) => organizationName)).toEqual(['Acme', 'Globex']);
  });

  test('hears the same of an organization that exists and of one that does not', async () => {
    const { orgId } = await world.found('Secret Society');
    const existing = await outcomeOf(world.auth.authenticate(token, orgId));
    expect(existing).toMatchObject({ code: 'FORBIDDEN' });
    for (const text of ['0192d3a4-1111-7222-8333-44445555beef', 'org_x', '', '*']) {
      expect(await outcomeOf(world.auth.authenticate(token, text))).toEqual(existing);
    }
  });

  test('is shut out of one that was left, like of one never entered', async () => {
    const never = await outcomeOf(world.auth.authenticate(token, '0192d3a4-1111-7222-8333-44445555beef'));
    const here = await world.auth.authenticate(token, globex.orgId);
    await world.as(here, (cx) =>
      world.members.remove(cx, { id: toGlobalId('Member', here.tenant?.membershipId ?? '') }),
    );
    expect(await outcomeOf(world.auth.authenticate(token, globex.orgId))).toEqual(never);
    // Nothing falls to the organization that remains: whoever was in two must say which one is meant.
    expect((await world.auth.authenticate(token, null)).tenant).toBeNull();
    expect(await world.auth.authenticate(token, acme.orgId)).toMatchObject({ tenant: { orgId: acme.orgId } });
  });
});

describe('a super administrator', () => {
  let token: string;
  beforeAll(async () => {
    token = (await openSessionBy(world.auth, { email: 'operator@platform.test', password: PASSWORD })).accessToken;
  });

  test('administers the platform without an organization', async () => {
    const operator = await world.auth.authenticate(token, null);
    expect(operator.tenant).toBeNull();
    expect([...operator.permissions]).toEqual(['platform:admin']);
  });

  test('works in any active organization, above every role, one at a time', async () => {
    const operator = await world.auth.authenticate(token, acme.orgId);
    expect(operator.tenant).toEqual({ orgId: acme.orgId, membershipId: null, role: null });
    expect(operator.permissions.has('organization:delete')).toBe(true);
    expect(await codeOf(world.auth.authenticate(token, '0192d3a4-1111-7222-8333-44445555beef'))).toBe('FORBIDDEN');
  });

  test('cannot be narrowed by an organization that adds it as a member, nor led into it', async () => {
    await world.as(acme.owner, (cx) => world.members.add(cx, { email: 'operator@platform.test', role: 'viewer' }));
    expect((await world.auth.authenticate(token, null)).tenant).toBeNull();
    const inside = await world.auth.authenticate(token, acme.orgId);
    expect(inside.tenant).toEqual({ orgId: acme.orgId, membershipId: null, role: null });
    expect(inside.permissions.has('member:write')).toBe(true);
  });

  test('is one no longer at the next request after the role was taken away', async () => {
    await world.auth.authenticate(token, globex.orgId);
    const heard = new Promise<void>((resolve) => {
      world.feed.subscribe({ onChange: ({ id }) => id === world.operator.userId && resolve(), onGap: () => undefined });
    });
    await world.sql(`UPDATE iam.users SET system_role = 'user' WHERE id = $1`, world.operator.userId);
    await heard;
    expect(await codeOf(world.auth.authenticate(token, globex.orgId))).toBe('FORBIDDEN');
    await world.sql(`UPDATE iam.users SET system_role = 'super_admin' WHERE id = $1`, world.operator.userId);
  });
});
