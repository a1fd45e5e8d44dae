import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTransientFailure } from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createPreTenantDatabase, type PreTenantDatabase } from '../../src/platform/postgres/pre-tenant.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant, watch } from './world.ts';

let database: TestDatabase;
let a: Tenant;
let b: Tenant;
let access: Access;
let preTenant: PreTenantDatabase;

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
const asSuperuser = <Row>(sql: string, ...values: unknown[]): Promise<Row[]> =>
  withClient(database.superuserUrl, async (client) => (await client.query(sql, values)).rows as Row[]);

beforeAll(async () => {
  database = await createTestDatabase();
  [a, b] = (await insertTenants(database.superuserUrl, 2)) as [Tenant, Tenant];
  await asSuperuser(
    `UPDATE iam.api_keys SET fingerprint = $2, scopes = '{read,write}' WHERE id = $1`,
    a.apiKeyId,
    hash('key'),
  );
  await asSuperuser(
    'UPDATE iam.sessions SET access_hash = $2, refresh_hash = $3, refresh_family_hash = $4 WHERE id = $1',
    a.sessionId,
    hash('access'),
    hash('refresh'),
    hash('family'),
  );
  access = openAccess(database.runtimeUrl, { size: 1 });
  preTenant = createPreTenantDatabase(access.pool);
});

afterAll(async () => {
  await access.close();
  await database.drop();
});

test('an API key is found by its fingerprint, with every status that decides about it', async () => {
  expect(await preTenant.findApiKey(hash('key'))).toEqual({
    orgId: a.orgId,
    keyId: a.apiKeyId,
    userId: a.userId,
    membershipId: a.membershipId,
    secretHash: '$argon2id$secret',
    keyStatus: 'active',
    expiresAt: null,
    scopes: ['read', 'write'],
    rateLimitPerHour: 3600,
    organizationStatus: 'active',
    organizationName: 'tenant-1',
    organizationSlug: 'tenant-1',
    organizationSecondFactor: false,
    userStatus: 'active',
    membershipStatus: 'active',
    role: 'owner',
    allowedNetworks: [],
    allowedOrigins: [],
    requireSecondFactor: false,
    ownerSecondFactor: false,
    monthlyLimit: null,
    usageId: expect.any(String),
    issuerUserId: null,
    issuerActive: true,
  });
  expect(await preTenant.findApiKey(randomBytes(32))).toBeNull();
});

test('a session is found by its access token, with the organizations to choose from', async () => {
  await asSuperuser(
    `INSERT INTO iam.memberships (org_id, user_id, email, role) VALUES ($1, $2, 'guest@b.test', 'viewer')`,
    b.orgId,
    a.userId,
  );
  const found = await preTenant.findSession(hash('access'));
  expect(found).toMatchObject({
    sessionId: a.sessionId,
    userId: a.userId,
    endedAt: null,
    userStatus: 'active',
    systemRole: 'user',
  });
  expect(found?.accessExpiresAt.getTime()).toBeGreaterThan(Date.now());
  expect(found?.memberships).toMatchObject([
    {
      orgId: a.orgId,
      membershipId: a.membershipId,
      role: 'owner',
      status: 'active',
      organizationStatus: 'active',
      organizationSlug: 'tenant-1',
    },
    { orgId: b.orgId, role: 'viewer', organizationName: 'tenant-2' },
  ]);
  expect(await preTenant.findSession(hash('nothing'))).toBeNull();
});

test('a refresh token is found, and one that was used before is told', async () => {
  const find = (family: string, token: string) => preTenant.findRefresh(hash(family), hash(token));
  expect(await find('family', 'refresh')).toMatchObject({ sessionId: a.sessionId, reused: false });
  expect(await find('family', 'any other')).toMatchObject({ sessionId: a.sessionId, reused: true });
  expect((await find('family', 'any other'))?.refreshExpiresAt).toBeInstanceOf(Date);
  expect(await find('nothing', 'refresh')).toBeNull();
});

test('a sign-in gets what it compares against, and the same with nothing in it for an address that nobody has', async () => {
  const now = new Date();
  expect(await preTenant.beginSignIn('owner@tenant-1.test', hash('owner'), now)).toEqual({
    userId: a.userId,
    passwordHash: '$argon2id$secret',
    userStatus: 'active',
    secondFactor: false,
    locked: false,
    locksUntil: null,
  });
  const nothing = { userId: null, passwordHash: null, userStatus: null, secondFactor: false, locked: false, locksUntil: null };
  expect(await preTenant.beginSignIn('nobody@tenant-1.test', hash('nobody'), now)).toEqual(nothing);
  expect(await preTenant.beginSignIn(null, hash('no address'), now)).toEqual(nothing);
});

test('an identity is made once for an address', async () => {
  const made = await preTenant.ensureIdentity('new@tenant-1.test', 'New');
  expect(await preTenant.ensureIdentity('new@tenant-1.test', null)).toBe(made);
  expect(await preTenant.ensureIdentity('owner@tenant-1.test', 'Other')).toBe(a.userId);
  expect(await preTenant.beginSignIn('new@tenant-1.test', hash('new'), new Date())).toMatchObject({ userId: made, passwordHash: null });
});

test('only an active super administrator finds an organization by its id', async () => {
  expect(await preTenant.findOrganizationForOperator(a.userId, b.orgId)).toBeNull();
  await asSuperuser(`UPDATE iam.users SET system_role = 'super_admin' WHERE id = $1`, b.userId);
  expect(await preTenant.findOrganizationForOperator(b.userId, a.orgId)).toEqual({
    orgId: a.orgId,
    organizationStatus: 'active',
    requiresSecondFactor: false,
  });
  expect(await preTenant.findOrganizationForOperator(b.userId, randomUUID())).toBeNull();
  await asSuperuser(`UPDATE iam.users SET status = 'suspended' WHERE id = $1`, b.userId);
  expect(await preTenant.findOrganizationForOperator(b.userId, a.orgId)).toBeNull();
});

test('an invitation is found by its token for as long as it can be accepted, with the identity that has the address', async () => {
  const now = new Date();
  const [row] = await asSuperuser<{ id: string }>(
    `INSERT INTO iam.invitations (org_id, email, role, token_hash, invited_by_id, sent_at, expires_at)
     VALUES ($1, 'invited@tenant-1.test', 'viewer', $2, $3, $4::timestamptz, $4::timestamptz + interval '1 day') RETURNING id`,
    ...[a.orgId, hash('invitation'), a.membershipId, now],
  );
  const find = (at = now) => preTenant.findInvitation(hash('invitation'), at);
  const found = { orgId: a.orgId, invitationId: row?.id, email: 'invited@tenant-1.test', sentCount: 1 };
  expect(await find()).toEqual({ ...found, userId: null, userStatus: null, hasAccount: false });
  const userId = await preTenant.ensureIdentity('invited@tenant-1.test', null);
  expect(await find()).toEqual({ ...found, userId, userStatus: 'active', hasAccount: false });
  expect(await preTenant.findInvitation(hash('nothing'), now)).toBeNull();
  expect(await find(new Date(now.getTime() + 24 * 60 * 60_000))).toBeNull();
  for (const [broken, mended] of [
    ["UPDATE iam.invitations SET revoked_at = now() WHERE org_id = $1", 'UPDATE iam.invitations SET revoked_at = NULL WHERE org_id = $1'],
    ["UPDATE iam.invitations SET accepted_at = now() WHERE org_id = $1", 'UPDATE iam.invitations SET accepted_at = NULL WHERE org_id = $1'],
    ["UPDATE iam.organizations SET status = 'suspended' WHERE id = $1", "UPDATE iam.organizations SET status = 'active' WHERE id = $1"],
    ["UPDATE iam.memberships SET status = 'suspended' WHERE org_id = $1", "UPDATE iam.memberships SET status = 'active' WHERE org_id = $1"],
  ]) {
    await asSuperuser(broken!, a.orgId);
    expect([broken, await find()]).toEqual([broken, null]);
    await asSuperuser(mended!, a.orgId);
  }
  expect(await find()).not.toBeNull();
});

test('organizations that were left half-way are found when nobody has touched them for a minute, and no others', async () => {
  const find = async () => (await preTenant.findUnsettledOrganizations()).map(({ orgId, organizationStatus }) => [orgId, organizationStatus]);
  expect(await find()).toEqual([]);
  await asSuperuser("UPDATE iam.organizations SET status = 'provisioning' WHERE id = $1", a.orgId);
  await asSuperuser("UPDATE iam.organizations SET status = 'deleted', deleted_at = now() WHERE id = $1", b.orgId);
  expect(await find()).toEqual([]);
  for (const { orgId } of [a, b]) {
    await asSuperuser('ALTER TABLE iam.organizations DISABLE TRIGGER touch_updated_at');
    await asSuperuser("UPDATE iam.organizations SET updated_at = now() - interval '61 seconds' WHERE id = $1", orgId);
    await asSuperuser('ALTER TABLE iam.organizations ENABLE TRIGGER touch_updated_at');
  }
  expect(await find()).toEqual([[a.orgId, 'provisioning'], [b.orgId, 'deleted']]);
  await asSuperuser('UPDATE iam.organizations SET namespace_retired_at = now() WHERE id = $1', b.orgId);
  await asSuperuser("UPDATE iam.organizations SET status = 'active', deleted_at = NULL, namespace_retired_at = NULL WHERE id = ANY($1)", [a.orgId, b.orgId]);
  expect(await find()).toEqual([]);
});

test('of the keys that seal second factors, those that the server lacks are found, each once, and nothing of whom they belong to', async () => {
  const insert = `INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, created_at) VALUES ($1, $2, decode(repeat('00', 48), 'hex'), now())`;
  await asSuperuser(insert, a.userId, 'aaaaaaaa');
  await asSuperuser(insert, b.userId, 'bbbbbbbb');
  await asSuperuser(insert, await preTenant.ensureIdentity('third@tenant-1.test', null), 'bbbbbbbb');
  expect(await preTenant.findOtherSeals(['cccccccc'])).toEqual(['aaaaaaaa', 'bbbbbbbb']);
  expect(await preTenant.findOtherSeals(['cccccccc', 'aaaaaaaa'])).toEqual(['bbbbbbbb']);
  expect(await preTenant.findOtherSeals(['bbbbbbbb', 'aaaaaaaa'])).toEqual([]);
  await asSuperuser('DELETE FROM credentials.second_factors');
});

test('a look-up is one round trip and needs no scope', async () => {
  const { roundTrips } = await watch(access.pool, () => preTenant.findApiKey(hash('key')));
  expect(roundTrips).toBe(1);
});

test('a look-up between two requests sees neither tenant, and neither sees it', async () => {
  await runInScope(scopeOf(a), () => access.db.workflow.count());
  await preTenant.findSession(hash('access'));
  expect(await runInScope(scopeOf(b), () => access.db.workflow.findMany({ select: { orgId: true } }))).toEqual(
    Array.from({ length: 3 }, () => ({ orgId: b.orgId })),
  );
});

test('the tables behind the look-ups stay closed to the role that calls them', async () => {
  const pool = access.pool;
  for (const text of [
    'SELECT password_hash FROM iam.users',
    'SELECT secret_hash FROM iam.api_keys',
    'SELECT access_hash FROM iam.sessions',
    'SELECT token_hash FROM iam.invitations',
    'SELECT iam.memberships_of(NULL)',
  ]) {
    await expect(pool.run([{ text, values: [] }])).rejects.toMatchObject({ code: '42501' });
  }
  await expect(pool.run([{ text: 'SELECT id FROM iam.users', values: [] }])).rejects.toMatchObject({ code: 'TN002' });
});

test('a lost database is told like everywhere else', async () => {
  const nowhere = openAccess('postgresql://nobody:x@127.0.0.1:1/nothing');
  const error = await createPreTenantDatabase(nowhere.pool)
    .beginSignIn('x@y.test', hash('x'), new Date())
    .catch((failure: unknown) => failure);
  expect(isTransientFailure(error)).toBe(true);
  await nowhere.close();
});
