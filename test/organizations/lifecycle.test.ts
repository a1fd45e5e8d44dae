import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
const found = () => world.found(`Living ${(count += 1)}`);
const slugOf = async (orgId: string) => (await world.sql('SELECT slug FROM iam.organizations WHERE id = $1', orgId))[0]?.['slug'] as string;
const deactivate = (by: Principal) => world.as(by, (cx) => world.lifecycle.deactivate(cx, { reason: 'holidays' }));
const reactivate = (by: Principal, orgId: string) => world.as(by, (cx) => world.lifecycle.reactivate(cx, { id: toGlobalId('Organization', orgId) }));
const remove = async (by: Principal, orgId: string) => world.as(by, async (cx) => world.lifecycle.remove(cx, { slug: await slugOf(orgId) }));
const enters = (key: string) => codeOf(world.auth.authenticate(key, null));
const typesOf = async (orgId: string) => (await world.sql('SELECT type FROM events.events WHERE org_id = $1 ORDER BY position', orgId)).map(({ type }) => type);
/** An access token, and not what it leads to now. */
const tokenOf = async (email: string) => (await openSessionBy(world.auth, { email, password: PASSWORD })).accessToken;

describe('an organization that its owner closes for now', () => {
  test('lets nobody in from the next request on, and everybody when its owner opens it again', async () => {
    const { owner, ownerKey, ownerEmail, orgId } = await found();
    expect(await enters(ownerKey)).toBe('ok');
    await deactivate(owner);
    expect(await enters(ownerKey)).toBe('ORG_NOT_ACTIVE');
    const outside = await world.auth.authenticate(await tokenOf(ownerEmail), null);
    expect(outside.tenant).toBeNull();
    await reactivate(outside, orgId);
    expect(await enters(ownerKey)).toBe('ok');
    expect((await typesOf(orgId)).slice(-2)).toEqual(['ORGANIZATION.DEACTIVATED', 'ORGANIZATION.REACTIVATED']);
  });

  test('is opened by its owner alone; to everybody else it is not there', async () => {
    const { owner, orgId, ...tenant } = await found();
    const admin = await world.join({ owner, orgId, ...tenant }, 'admin');
    const other = await found();
    await deactivate(owner);
    for (const by of [admin, other.owner, world.operator]) expect(await codeOf(reactivate(by, orgId))).toBe('NOT_FOUND');
    expect(await codeOf(reactivate(await world.auth.authenticate(other.ownerKey, null), orgId))).toBe('FORBIDDEN');
    expect(await codeOf(deactivate(admin))).toBe('FORBIDDEN');
  });

  test('is not opened by who owned it when the platform has closed it, or when it was open', async () => {
    const { owner, orgId } = await found();
    expect(await codeOf(reactivate(owner, orgId))).toBe('INVALID_TRANSITION');
    await world.as(world.operator, (cx) => world.organizations.suspend(cx, { id: toGlobalId('Organization', orgId) }));
    expect(await codeOf(reactivate(owner, orgId))).toBe('INVALID_TRANSITION');
    expect(await codeOf(deactivate(owner))).toBe('INVALID_TRANSITION');
  });

  test('is not opened by who has stepped down meanwhile', async () => {
    const { owner, orgId, ...tenant } = await found();
    const heir = await world.join({ owner, orgId, ...tenant }, 'admin');
    await world.as(owner, (cx) => world.members.transferOwnership(cx, { memberId: toGlobalId('Member', heir.tenant!.membershipId!) }));
    await world.sql("UPDATE iam.organizations SET status = 'inactive' WHERE id = $1", orgId);
    expect(await codeOf(reactivate(owner, orgId))).toBe('FORBIDDEN');
  });
});

describe('an organization that its owner deletes', () => {
  test('asks for its slug, of its owner', async () => {
    const { owner, orgId, ...tenant } = await found();
    const admin = await world.join({ owner, orgId, ...tenant }, 'admin');
    expect(await codeOf(remove(admin, orgId))).toBe('FORBIDDEN');
    for (const slug of ['', 'another', (await slugOf(orgId)).toUpperCase()]) {
      expect(await codeOf(world.as(owner, (cx) => world.lifecycle.remove(cx, { slug })))).toBe('VALIDATION_FAILED');
    }
    expect(await codeOf(remove(owner, orgId))).toBe('ok');
    expect(await codeOf(remove(owner, orgId))).toBe('INVALID_TRANSITION');
  });

  test('is gone at the next request: its keys are revoked, its invitations void, its log says so', async () => {
    const { owner, ownerKey, orgId, ...tenant } = await found();
    await world.join({ owner, ownerKey, orgId, ...tenant }, 'viewer');
    await world.sql(
      `INSERT INTO iam.invitations (org_id, email, role, token_hash, invited_by_id, sent_at, expires_at) VALUES ($1, 'invited@x.test', 'viewer', sha256($2), $3, now(), now() + interval '1 day')`,
      orgId,
      orgId,
      owner.tenant?.membershipId,
    );
    await world.auth.authenticate(ownerKey, null);
    await remove(owner, orgId);
    expect(await enters(ownerKey)).toBe('UNAUTHENTICATED');
    expect(await world.sql('SELECT status::text, revoked_reason FROM iam.api_keys WHERE org_id = $1', orgId)).toEqual([{ status: 'revoked', revoked_reason: 'organization_deleted' }]);
    expect((await world.sql('SELECT revoked_at FROM iam.invitations WHERE org_id = $1', orgId))[0]?.['revoked_at']).toBeInstanceOf(Date);
    expect((await typesOf(orgId)).slice(-3)).toEqual(['ORGANIZATION.DELETED', 'API_KEY.REVOKED', 'INVITATION.REVOKED']);
  });

  test('signs those out who belong nowhere else, and nobody who does', async () => {
    const [gone, kept] = [await found(), await found()];
    await world.join(gone, 'member', 'only@here.test');
    await world.join(gone, 'member', 'both@here.test');
    await world.join(kept, 'viewer', 'both@here.test');
    const left = await world.join(gone, 'member', 'left@here.test');
    await world.as(left, (cx) => world.members.leave(cx));
    const tokens = { only: await tokenOf('only@here.test'), both: await tokenOf('both@here.test'), left: await tokenOf('left@here.test') };
    await remove(gone.owner, gone.orgId);
    expect(await codeOf(world.auth.authenticate(tokens.only, null))).toBe('UNAUTHENTICATED');
    expect(await codeOf(world.auth.authenticate(tokens.both, gone.orgId))).not.toBe('ok');
    expect((await world.auth.authenticate(tokens.both, kept.orgId)).tenant?.orgId).toBe(kept.orgId);
    // Who had left has no part in it.
    expect(await codeOf(world.auth.authenticate(tokens.left, null))).toBe('ok');
  });

  test('gives its name and its slug to the next one', async () => {
    const { owner, orgId } = await world.found('Phoenix');
    await remove(owner, orgId);
    const risen = await world.found('Phoenix');
    expect(await slugOf(risen.orgId)).toBe('phoenix');
    expect(risen.orgId).not.toBe(orgId);
  });

  test('is never the system organization', async () => {
    const inSystem = { ...world.operator, tenant: { orgId: SYSTEM_ORGANIZATION_ID, membershipId: null, role: null }, permissions: new Set(['organization:delete'] as const) };
    expect(await codeOf(remove(inSystem, SYSTEM_ORGANIZATION_ID))).toBe('CONFLICT');
    expect(await codeOf(deactivate(inSystem))).toBe('CONFLICT');
  });

  test('is deleted once, whoever else moves it at the same time', async () => {
    const { owner, orgId }: Tenant = await found();
    const attempts = [() => codeOf(remove(owner, orgId)), () => codeOf(remove(owner, orgId)), () => codeOf(deactivate(owner))];
    const outcomes = await world.contend('SELECT 1 FROM iam.organizations WHERE id = $1 FOR UPDATE', [orgId], attempts);
    expect(outcomes.slice(0, 2).sort()).toEqual(['INVALID_TRANSITION', 'ok']);
    expect((await world.sql('SELECT status::text FROM iam.organizations WHERE id = $1', orgId))[0]).toEqual({ status: 'deleted' });
  });
});

describe('what an organization says about itself', () => {
  const update = (by: Principal, input: Parameters<World['organizations']['update']>[1]) => world.as(by, (cx) => world.organizations.update(cx, input));

  test('is kept in one form each', async () => {
    const { owner, orgId } = await found();
    await update(owner, { website: 'HTTPS://Example.com', contactEmail: ' Hello@Example.COM ', timezone: 'europe/berlin', locale: 'DE-ch', settings: { theme: 'dark' } });
    const [row] = await world.sql('SELECT website, contact_email, timezone, locale, settings FROM iam.organizations WHERE id = $1', orgId);
    expect(row).toEqual({ website: 'https://example.com/', contact_email: 'hello@example.com', timezone: 'Europe/Berlin', locale: 'de-CH', settings: { theme: 'dark' } });
    const [event] = await world.sql('SELECT data FROM events.events WHERE org_id = $1 ORDER BY position DESC LIMIT 1', orgId);
    // No address, and of the settings their names alone: nothing can be taken out of the log again.
    expect(event?.['data']).toEqual({
      before: { website: null, timezone: 'UTC', locale: 'en' },
      after: { website: 'https://example.com/', timezone: 'Europe/Berlin', locale: 'de-CH' },
      contactEmailChanged: true,
      settingsNow: ['theme'],
    });
    await update(owner, { website: null, contactEmail: null, settings: {} });
    expect((await world.sql('SELECT website, contact_email, settings FROM iam.organizations WHERE id = $1', orgId))[0]).toEqual({ website: null, contact_email: null, settings: {} });
  });

  test.each([
    [{ website: 'javascript:alert(1)' }],
    [{ website: 'https://user:secret@example.com' }],
    [{ contactEmail: 'nobody' }],
    [{ timezone: 'Middle/Earth' }],
    [{ locale: 'not a language' }],
    [{ settings: [] as never }],
    [{ settings: { much: 'x'.repeat(17_000) } }],
    [{ slug: 'ab' }],
    [{ slug: 'admin' }],
  ])('%j is refused', async (input) => {
    const { owner } = await found();
    expect(await codeOf(update(owner, input))).toBe('VALIDATION_FAILED');
  });
});
