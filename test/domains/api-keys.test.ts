import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, outcomeOf, type Tenant, type World } from './world.ts';
import { openSessionBy } from '../harness/sessions.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;
let admin: Principal;
let viewer: Principal;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
  admin = await world.join(acme, 'admin');
  viewer = await world.join(acme, 'viewer');
});
afterAll(() => world.close());

type CreateInput = Parameters<World['apiKeys']['create']>[1];
type RotateInput = Parameters<World['apiKeys']['rotate']>[1];
const create = (by: Principal, input: Partial<CreateInput> = {}) =>
  world.as(by, (cx) => world.apiKeys.create(cx, { name: `key ${Math.random()}`, scopes: ['*'], ...input }));
const rotate = (by: Principal, input: RotateInput) => world.as(by, (cx) => world.apiKeys.rotate(cx, input));
const revoke = (by: Principal, id: string) => world.as(by, (cx) => world.apiKeys.revoke(cx, { id }));
const idOf = ({ apiKeyId }: { apiKeyId: string }): string => toGlobalId('ApiKey', apiKeyId);
const memberOf = (principal: Principal): string => toGlobalId('Member', principal.tenant?.membershipId ?? '');
const enters = ({ secret }: { secret: string | null }) => codeOf(world.auth.authenticate(secret ?? '', null));
const keyOf = async (issued: { secret: string | null }) => world.auth.authenticate(issued.secret ?? '', null);
const rowOf = async ({ apiKeyId }: { apiKeyId: string }) =>
  (await world.sql('SELECT * FROM iam.api_keys WHERE id = $1', apiKeyId))[0];

describe('creating', () => {
  test('gives the secret once, and stores neither it nor anything it could be guessed from', async () => {
    const issued = await create(viewer, {
      name: ' mine ',
      description: '',
      type: 'service',
      rateLimitPerHour: 5,
      scopes: ['workflow:read', 'workflow:read'],
    });
    const row = await rowOf(issued);
    expect(row).toMatchObject({
      org_id: acme.orgId,
      user_id: viewer.userId,
      name: 'mine',
      description: null,
      type: 'service',
      rate_limit_per_hour: 5,
      scopes: ['workflow:read'],
      status: 'active',
      prefix: issued.secret?.slice(0, 9),
      expires_at: null,
    });
    expect(JSON.stringify(row)).not.toContain(issued.secret?.slice(9));
  });

  test('a repeated request gives the same key without its secret, also when both come at once', async () => {
    const input = { name: 'repeated', idempotencyKey: 'k' };
    const both = await Promise.all([create(viewer, input), create(viewer, input)]);
    const made = both.find(({ replayed }) => !replayed);
    expect(both).toContainEqual({ apiKeyId: made?.apiKeyId, secret: null, replayed: true });
    expect(await create(viewer, input)).toEqual({ apiKeyId: made?.apiKeyId, secret: null, replayed: true });
    expect(await codeOf(create(viewer, { ...input, scopes: ['workflow:read'] }))).toBe('CONFLICT');
    expect(await enters(made ?? { secret: null })).toBe('ok');
  });

  test('a name is taken once among the live keys of a member, and free again when it was revoked', async () => {
    const issued = await create(viewer, { name: 'once' });
    expect(await codeOf(create(viewer, { name: 'once' }))).toBe('CONFLICT');
    expect(await codeOf(create(admin, { name: 'once' }))).toBe('ok');
    await revoke(viewer, idOf(issued));
    expect(await codeOf(create(viewer, { name: 'once' }))).toBe('ok');
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ name: 'a\0b' }, 'name'],
    [{ scopes: [] }, 'scopes'],
    [{ scopes: ['workflow:read', 'root'] }, 'scopes.1'],
    [{ scopes: ['platform:admin'] }, 'scopes.0'],
    [{ scopes: ['platform:*'] }, 'scopes.0'],
    [{ expiresAt: new Date(0) }, 'expiresAt'],
    [{ expiresAt: new Date(Number.NaN) }, 'expiresAt'],
    [{ rateLimitPerHour: 0 }, 'rateLimitPerHour'],
    [{ rateLimitPerHour: 10_001 }, 'rateLimitPerHour'],
    [{ rateLimitPerHour: 1.5 }, 'rateLimitPerHour'],
    [{ type: 'root' as 'personal' }, 'type'],
  ] as [Partial<CreateInput>, string][])('%j is refused for its %s', async (input, field) => {
    expect(await outcomeOf(create(acme.owner, input))).toMatchObject({
      code: 'VALIDATION_FAILED',
      fields: [{ path: field.split('.') }],
    });
  });
});

describe('nobody makes a key stronger than themselves', () => {
  test('a scope that the maker lacks is refused', async () => {
    expect(await codeOf(create(viewer, { scopes: ['workflow:write'] }))).toBe('FORBIDDEN');
    expect(await codeOf(create(viewer, { scopes: ['workflow:*'] }))).toBe('ok');
  });

  test('a narrow key makes no wide one, nor by rotating the wide one of its owner', async () => {
    const narrow = await keyOf(await create(acme.owner, { scopes: ['apiKey:write', 'workflow:read'] }));
    expect(await codeOf(create(narrow, { scopes: ['*'] }))).toBe('FORBIDDEN');
    expect(await codeOf(create(narrow, { scopes: ['workflow:*'] }))).toBe('FORBIDDEN');
    expect(await codeOf(create(narrow, { scopes: ['workflow:read'] }))).toBe('ok');
    const wide = await create(acme.owner);
    expect(await codeOf(rotate(narrow, { id: idOf(wide) }))).toBe('FORBIDDEN');
    expect(await enters(wide)).toBe('ok');
  });

  test('a key without the permission manages no keys, but may give itself up', async () => {
    const issued = await create(acme.owner, { scopes: ['workflow:read'] });
    const key = await keyOf(issued);
    const other = await create(acme.owner);
    expect(await codeOf(create(key, { scopes: ['workflow:read'] }))).toBe('FORBIDDEN');
    expect(await codeOf(rotate(key, { id: idOf(issued) }))).toBe('FORBIDDEN');
    expect(await codeOf(revoke(key, idOf(other)))).toBe('FORBIDDEN');
    expect(await codeOf(revoke(key, idOf(issued)))).toBe('ok');
    expect(await enters(issued)).toBe('UNAUTHENTICATED');
  });
});

describe('the keys of others', () => {
  test('are managed by those above them who have the permission, and by nobody else', async () => {
    const manager = await world.join(acme, 'manager');
    const viewers = await create(manager, { memberId: memberOf(viewer) });
    expect(await rowOf(viewers)).toMatchObject({ user_id: viewer.userId });
    const admins = await create(admin);
    for (const by of [manager, viewer]) {
      expect(await codeOf(create(by, { memberId: memberOf(admin) }))).toBe('FORBIDDEN');
      expect(await codeOf(rotate(by, { id: idOf(admins) }))).toBe('FORBIDDEN');
      expect(await codeOf(revoke(by, idOf(admins)))).toBe('FORBIDDEN');
    }
    expect(await codeOf(revoke(admin, idOf(viewers)))).toBe('ok');
    expect(await codeOf(revoke(acme.owner, idOf(admins)))).toBe('ok');
  });

  test('an operator makes keys for members, having no membership for one of their own', async () => {
    const { accessToken } = await openSessionBy(world.auth, {
      email: 'operator@platform.test',
      password: 'correct horse battery staple',
    });
    const operator = await world.auth.authenticate(accessToken, acme.orgId);
    expect(await outcomeOf(create(operator))).toMatchObject({
      code: 'VALIDATION_FAILED',
      fields: [{ path: ['memberId'] }],
    });
    expect(await codeOf(create(operator, { memberId: memberOf(viewer) }))).toBe('ok');
  });
});

describe('rotating', () => {
  test('without an overlap ends the old key at once and gives its rights to the new one', async () => {
    const expiresAt = new Date(world.now().getTime() + 3_600_000);
    const old = await create(admin, {
      name: 'rotated',
      scopes: ['workflow:read'],
      rateLimitPerHour: 7,
      expiresAt,
      description: 'd',
    });
    await enters(old);
    const fresh = await rotate(admin, { id: idOf(old) });
    expect(await enters(old)).toBe('UNAUTHENTICATED');
    expect(await enters(fresh)).toBe('ok');
    expect(await rowOf(fresh)).toMatchObject({
      name: 'rotated',
      description: 'd',
      scopes: ['workflow:read'],
      rate_limit_per_hour: 7,
      expires_at: expiresAt,
      status: 'active',
    });
    expect(await rowOf(old)).toMatchObject({
      status: 'revoked',
      superseded_by_id: fresh.apiKeyId,
      revoked_at: expect.any(Date),
    });
  });

  test('with an overlap lets both in until it is over', async () => {
    const old = await create(admin);
    const fresh = await rotate(admin, { id: idOf(old), overlapSeconds: 60 });
    expect([await enters(old), await enters(fresh)]).toEqual(['ok', 'ok']);
    world.pass(60_000);
    expect([await enters(old), await enters(fresh)]).toEqual(['API_KEY_EXPIRED', 'ok']);
  });

  test('never lets a key live longer than it would have', async () => {
    const expiresAt = new Date(world.now().getTime() + 60_000);
    const old = await create(admin, { expiresAt });
    const fresh = await rotate(admin, { id: idOf(old), overlapSeconds: 604_800 });
    for (const key of [old, fresh]) expect(await rowOf(key)).toMatchObject({ expires_at: expiresAt });
  });

  test('is done once, also by two at once and by a repeated request', async () => {
    const old = await create(admin);
    const attempt = () => codeOf(rotate(admin, { id: idOf(old), overlapSeconds: 60 }));
    const both = await world.contend(
      'SELECT 1 FROM iam.api_keys WHERE id = $1 FOR UPDATE',
      [old.apiKeyId],
      [attempt, attempt],
    );
    expect(both.sort()).toEqual(['CONFLICT', 'ok']);
    const other = await create(admin);
    const input = { id: idOf(other), idempotencyKey: 'r' };
    const first = await rotate(admin, input);
    expect(await rotate(admin, input)).toEqual({ apiKeyId: first.apiKeyId, secret: null, replayed: true });
  });

  test('is refused when the owner of the key rises above the manager while it waits', async () => {
    const manager = await world.join(acme, 'manager', 'waits@acme.test');
    const rising = await world.join(acme, 'viewer', 'rises@acme.test');
    const key = await create(admin, { memberId: memberOf(rising) });
    const rise = `WITH risen AS (UPDATE iam.memberships SET role = 'admin' WHERE id = $1)
                  SELECT FROM iam.api_keys WHERE id = $2 FOR UPDATE`;
    const [outcome] = await world.contend(rise, [rising.tenant?.membershipId, key.apiKeyId], [() => codeOf(rotate(manager, { id: idOf(key) }))]);
    expect(outcome).toBe('FORBIDDEN');
    expect(await enters(key)).toBe('ok');
  });

  test('is not answered again to whoever may not do it any more', async () => {
    const email = 'boss@acme.test';
    const boss = await world.join(acme, 'manager', email);
    const input = { id: idOf(await create(admin, { memberId: memberOf(viewer) })), idempotencyKey: 'again' };
    await rotate(boss, input);
    await world.as(acme.owner, (cx) => world.members.updateRole(cx, { id: memberOf(boss), role: 'viewer' }));
    expect(await codeOf(rotate(await world.signIn(email, acme.orgId), input))).toBe('FORBIDDEN');
  });

  test('is for keys that work: a revoked or expired one is a conflict', async () => {
    const revoked = await create(admin);
    await revoke(admin, idOf(revoked));
    const expired = await create(admin, { expiresAt: new Date(world.now().getTime() + 1_000) });
    world.pass(1_000);
    for (const key of [revoked, expired]) expect(await codeOf(rotate(admin, { id: idOf(key) }))).toBe('CONFLICT');
  });

  test.each([-1, 604_801, 0.5])('an overlap of %d seconds is refused', async (overlapSeconds) => {
    const key = await create(admin);
    expect(await codeOf(rotate(admin, { id: idOf(key), overlapSeconds }))).toBe('VALIDATION_FAILED');
    expect(await enters(key)).toBe('ok');
  });
});

test('revoking twice is fine and keeps the first time', async () => {
  const key = await create(viewer);
  await revoke(viewer, idOf(key));
  const { revoked_at: first } = (await rowOf(key)) ?? {};
  world.pass(1_000);
  expect(await codeOf(revoke(viewer, idOf(key)))).toBe('ok');
  expect(await rowOf(key)).toMatchObject({ status: 'revoked', revoked_at: first });
});

test('a key of another organization is like one that does not exist', async () => {
  const foreign = await create(globex.owner);
  const unknown = await outcomeOf(revoke(acme.owner, toGlobalId('ApiKey', '0192d3a4-1111-7222-8333-44445555beef')));
  expect(unknown).toMatchObject({ code: 'NOT_FOUND', message: 'API key not found.' });
  for (const id of [idOf(foreign), foreign.apiKeyId, toGlobalId('Member', foreign.apiKeyId), '']) {
    expect(await outcomeOf(revoke(acme.owner, id))).toEqual(unknown);
    expect(await outcomeOf(rotate(acme.owner, { id }))).toEqual(unknown);
  }
  expect(await enters(foreign)).toBe('ok');
  expect(await outcomeOf(create(acme.owner, { memberId: memberOf(globex.owner) }))).toMatchObject({
    message: 'Member not found.',
  });
});
