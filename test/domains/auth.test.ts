import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { generateApiKey } from '../../src/domains/api-keys/index.ts';
import { codeOf, openWorld, outcomeOf, PASSWORD, type Tenant, type World } from './world.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
});
afterAll(() => world.close());

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const newKey = (by: Principal, more: { expiresAt?: Date } = {}) =>
  world.as(by, (cx) => world.apiKeys.create(cx, { name: `key ${Math.random()}`, scopes: ['*'], ...more }));
const issueKey = async (by: Principal, more: { expiresAt?: Date } = {}) => {
  const { apiKeyId, secret } = await newKey(by, more);
  return { apiKeyId, secret: secret ?? '' };
};

/** How many statements `work` sends. */
const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
  let count = 0;
  const stop = world.pool.observe(() => {
    count += 1;
  });
  await work().catch(() => undefined);
  stop();
  return count;
};

describe('an API key', () => {
  test('acts for its owner, in its own organization, within its scopes', async () => {
    const { secret } = await world.as(acme.owner, (cx) =>
      world.apiKeys.create(cx, { name: 'narrow', scopes: ['workflow:*', 'member:read'] }),
    );
    const principal = await world.auth.authenticate(secret ?? '', null);
    expect(principal).toMatchObject({ kind: 'apiKey', userId: acme.owner.userId, systemRole: 'user', tenant: { orgId: acme.orgId } });
    expect([...principal.permissions].sort()).toEqual([
      'member:read', 'workflow:delete', 'workflow:execute', 'workflow:read', 'workflow:write',
    ]);
  });

  test('may name its own organization, in either form, and no other', async () => {
    const named = (organization: string) => outcomeOf(world.auth.authenticate(acme.ownerKey, organization));
    expect(await named(acme.orgId)).toMatchObject({ tenant: { orgId: acme.orgId } });
    expect(await named(toGlobalId('Organization', acme.orgId))).toMatchObject({ tenant: { orgId: acme.orgId } });
    const foreign = await named(globex.orgId);
    expect(foreign).toMatchObject({ code: 'FORBIDDEN' });
    for (const text of ['0192d3a4-1111-7222-8333-44445555beef', toGlobalId('Organization', globex.orgId), 'nonsense', '']) {
      expect(await named(text)).toEqual(foreign);
    }
  });

  test('with a wrong checksum is refused without asking the database', async () => {
    const wrong = `${acme.ownerKey.slice(0, -1)}${acme.ownerKey.endsWith('0') ? '1' : '0'}`;
    expect(await codeOf(world.auth.authenticate(wrong, null))).toBe('UNAUTHENTICATED');
    expect(await statementsOf(() => world.auth.authenticate(wrong, null))).toBe(0);
  });

  test('that is unknown, wrong or revoked is answered with one and the same error', async () => {
    const unknown = await outcomeOf(world.auth.authenticate(generateApiKey(), null));
    const wrong = await issueKey(acme.owner);
    // The fingerprint of one secret with the hash of another: a key that is found and does not fit.
    await world.sql(
      `UPDATE iam.api_keys SET secret_hash = (SELECT secret_hash FROM iam.api_keys WHERE name = 'Owner key' LIMIT 1) WHERE id = $1`,
      wrong.apiKeyId,
    );
    const revoked = await issueKey(acme.owner);
    await world.as(acme.owner, (cx) => world.apiKeys.revoke(cx, { id: toGlobalId('ApiKey', revoked.apiKeyId) }));
    expect(unknown).toMatchObject({ code: 'UNAUTHENTICATED' });
    for (const token of [wrong.secret, revoked.secret, 'tk_short', '', 'Bearer x', `ta_${'x'.repeat(43)}`, 'ta_']) {
      expect(await outcomeOf(world.auth.authenticate(token, null))).toEqual(unknown);
    }
  });

  test('expires by the clock, also when it is remembered', async () => {
    const { secret } = await issueKey(acme.owner, { expiresAt: new Date(world.now().getTime() + 10_000) });
    await world.auth.authenticate(secret, null);
    world.pass(10_000);
    expect(await statementsOf(() => world.auth.authenticate(secret, null))).toBe(0);
    expect(await codeOf(world.auth.authenticate(secret, null))).toBe('API_KEY_EXPIRED');
  });

  test('of somebody suspended, or of a suspended organization, hears which of the two it is', async () => {
    const tenant = await world.found('Sleepy');
    const member = await world.join(tenant, 'admin');
    const { secret } = await issueKey(member);
    const set = (sql: string, value: string) => world.sql(sql, value, member.userId);
    const coming = () => codeOf(world.openAuth().authenticate(secret, null));
    await set('UPDATE iam.users SET status = $1::iam.user_status WHERE id = $2', 'suspended');
    expect(await coming()).toBe('USER_NOT_ACTIVE');
    await set('UPDATE iam.users SET status = $1::iam.user_status WHERE id = $2', 'active');
    await set('UPDATE iam.memberships SET status = $1::iam.membership_status WHERE user_id = $2', 'suspended');
    expect(await coming()).toBe('USER_NOT_ACTIVE');
    await set('UPDATE iam.memberships SET status = $1::iam.membership_status WHERE user_id = $2', 'active');
    await world.as(world.operator, (cx) => world.organizations.suspend(cx, { id: toGlobalId('Organization', tenant.orgId) }));
    expect(await coming()).toBe('ORG_NOT_ACTIVE');
  });
});

describe('what is remembered', () => {
  test('a second request of the same key or session asks the database nothing', async () => {
    const { secret } = await issueKey(acme.owner);
    const { accessToken } = await world.auth.signIn({ email: acme.ownerEmail, password: PASSWORD });
    for (const token of [secret, accessToken]) {
      expect(await statementsOf(() => world.auth.authenticate(token, null))).toBeGreaterThan(0);
      expect(await statementsOf(() => world.auth.authenticate(token, null))).toBe(0);
    }
  });

  test('also an operator in an organization that was asked for costs nothing the second time', async () => {
    await world.sql(`UPDATE iam.users SET status = 'active' WHERE id = $1`, world.operator.userId);
    const { accessToken } = await world.auth.signIn({ email: 'operator@platform.test', password: PASSWORD });
    const enter = () => world.auth.authenticate(accessToken, globex.orgId);
    await enter();
    expect(await statementsOf(enter)).toBe(0);
  });

  test('is gone at the next request when this process revokes the key', async () => {
    const { secret, apiKeyId } = await issueKey(acme.owner);
    await world.auth.authenticate(secret, null);
    await world.as(acme.owner, (cx) => world.apiKeys.revoke(cx, { id: toGlobalId('ApiKey', apiKeyId) }));
    expect(await codeOf(world.auth.authenticate(secret, null))).toBe('UNAUTHENTICATED');
  });

  test('is gone when another process changes what it was made of', async () => {
    const tenant = await world.found('Elsewhere');
    const member = await world.join(tenant, 'member');
    const { secret } = await issueKey(member);
    const other = world.openAuth();
    const heard: string[] = [];
    let wake = (): void => undefined;
    const stop = world.feed.subscribe({
      onChange: (change) => {
        other.forget(change);
        heard.push(change.kind);
        wake();
      },
      onGap: () => other.forgetAll(),
    });
    const hear = (kind: string) =>
      new Promise<void>((resolve) => {
        wake = () => heard.includes(kind) && resolve();
        wake();
      });
    const before = await other.authenticate(secret, null);
    expect(before.permissions.has('workflow:write')).toBe(true);
    await world.as(tenant.owner, (cx) =>
      world.members.updateRole(cx, { id: toGlobalId('Member', member.tenant?.membershipId ?? ''), role: 'viewer' }),
    );
    await hear('user');
    expect((await other.authenticate(secret, null)).permissions.has('workflow:write')).toBe(false);
    await world.as(world.operator, (cx) => world.organizations.suspend(cx, { id: toGlobalId('Organization', tenant.orgId) }));
    await hear('org');
    expect(await codeOf(other.authenticate(secret, null))).toBe('ORG_NOT_ACTIVE');
    stop();
  });

  test('is not used while changes cannot be heard, nor afterwards', async () => {
    const { secret, apiKeyId } = await issueKey(acme.owner);
    let listening = true;
    const deaf = world.openAuth({ isListening: () => listening });
    await deaf.authenticate(secret, null);
    listening = false;
    expect(await codeOf(deaf.authenticate(secret, null))).toBe('ok');
    await world.sql(`UPDATE iam.api_keys SET status = 'revoked', revoked_at = now() WHERE id = $1`, apiKeyId);
    expect(await codeOf(deaf.authenticate(secret, null))).toBe('UNAUTHENTICATED');
    listening = true;
    expect(await codeOf(deaf.authenticate(secret, null))).toBe('UNAUTHENTICATED');
  });

  test('is read again after a minute', async () => {
    const { secret } = await issueKey(acme.owner);
    await world.auth.authenticate(secret, null);
    world.pass(MINUTE);
    expect(await statementsOf(() => world.auth.authenticate(secret, null))).toBeGreaterThan(0);
  });

  test('is not what was read before a change that came in between', async () => {
    const { secret, apiKeyId } = await issueKey(acme.owner);
    const auth = world.openAuth();
    const underWay = auth.authenticate(secret, null);
    auth.forget({ kind: 'key', id: apiKeyId });
    await underWay;
    expect(await statementsOf(() => auth.authenticate(secret, null))).toBeGreaterThan(0);
    expect(await statementsOf(() => auth.authenticate(secret, null))).toBe(0);
  });
});

describe('a password sign-in', () => {
  test('opens a session whose tokens are stored only as hashes', async () => {
    const session = await world.auth.signIn({ email: ` ${acme.ownerEmail.toUpperCase()} `, password: PASSWORD, userAgent: 'x'.repeat(900) });
    expect(session.accessToken).toMatch(/^ta_[\w-]{43}$/);
    expect(session.refreshToken).toMatch(/^tr_[\w-]{43}$/);
    expect(await world.auth.authenticate(session.accessToken, null)).toMatchObject({ kind: 'user', tenant: { orgId: acme.orgId } });
    const rows = await world.sql('SELECT s::text AS everything FROM iam.sessions s');
    expect(JSON.stringify(rows)).not.toContain(session.accessToken.slice(3));
    expect(JSON.stringify(rows)).not.toContain(session.refreshToken.slice(3));
  });

  test('fails with one and the same error, whatever is wrong', async () => {
    const tenant = await world.found('Locked Out');
    const attempt = (email: string, password = PASSWORD) => outcomeOf(world.auth.signIn({ email, password }));
    const unknown = await attempt('nobody@nowhere.test');
    expect(unknown).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await attempt(tenant.ownerEmail, 'wrong')).toEqual(unknown);
    expect(await attempt(tenant.ownerEmail, '')).toEqual(unknown);
    expect(await attempt('not an address')).toEqual(unknown);
    expect(await attempt(`${'a'.repeat(300)}@x.test`)).toEqual(unknown);
    expect(await attempt(`a\0${tenant.ownerEmail}`)).toEqual(unknown);
    for (const change of ['locked_until = now() + interval \'1 day\'', `status = 'suspended', locked_until = NULL`, `status = 'active', password_hash = NULL`]) {
      await world.sql(`UPDATE iam.users SET ${change} WHERE email = $1`, tenant.ownerEmail);
      expect(await attempt(tenant.ownerEmail)).toEqual(unknown);
    }
  });
});

describe('a session', () => {
  const open = (email = acme.ownerEmail) => world.auth.signIn({ email, password: PASSWORD });
  const enters = (token: string) => codeOf(world.auth.authenticate(token, null));

  test('ends by the clock after a quarter of an hour, also when it is remembered', async () => {
    const { accessToken } = await open();
    expect(await enters(accessToken)).toBe('ok');
    world.pass(15 * MINUTE);
    expect(await enters(accessToken)).toBe('UNAUTHENTICATED');
  });

  test('goes on with new tokens, and the old ones are void at once', async () => {
    const first = await open();
    expect(await enters(first.accessToken)).toBe('ok');
    const second = await world.auth.refresh({ refreshToken: first.refreshToken });
    expect(await enters(first.accessToken)).toBe('UNAUTHENTICATED');
    expect(await enters(second.accessToken)).toBe('ok');
  });

  test('is over for everybody when a refresh token is used a second time', async () => {
    const first = await open();
    const second = await world.auth.refresh({ refreshToken: first.refreshToken });
    expect(await enters(second.accessToken)).toBe('ok');
    expect(await codeOf(world.auth.refresh({ refreshToken: first.refreshToken }))).toBe('UNAUTHENTICATED');
    expect(await enters(second.accessToken)).toBe('UNAUTHENTICATED');
    expect(await codeOf(world.auth.refresh({ refreshToken: second.refreshToken }))).toBe('UNAUTHENTICATED');
  });

  test('of two that use one refresh token at once, at most one goes on, and then the session is over', async () => {
    const { accessToken, refreshToken } = await open();
    const { credentialId } = await world.auth.authenticate(accessToken, null);
    const attempts = Array.from({ length: 5 }, () => () => world.auth.refresh({ refreshToken }).catch(() => null));
    const results = await world.contend('SELECT 1 FROM iam.sessions WHERE id = $1 FOR UPDATE', [credentialId], attempts);
    const issued = results.filter((result) => result !== null);
    expect(issued).toHaveLength(1);
    expect(await enters(issued[0]?.accessToken ?? '')).toBe('UNAUTHENTICATED');
  });

  test('cannot be carried on after seven days, nor by somebody suspended', async () => {
    const old = await open();
    world.pass(7 * DAY);
    expect(await codeOf(world.auth.refresh({ refreshToken: old.refreshToken }))).toBe('UNAUTHENTICATED');
    const tenant = await world.found('Suspended Later');
    const { refreshToken } = await open(tenant.ownerEmail);
    await world.sql(`UPDATE iam.users SET status = 'suspended' WHERE email = $1`, tenant.ownerEmail);
    expect(await codeOf(world.auth.refresh({ refreshToken }))).toBe('UNAUTHENTICATED');
  });

  test('is over at the next request after signing out', async () => {
    const { accessToken, refreshToken } = await open();
    await world.auth.signOut(await world.auth.authenticate(accessToken, null));
    expect(await enters(accessToken)).toBe('UNAUTHENTICATED');
    expect(await codeOf(world.auth.refresh({ refreshToken }))).toBe('UNAUTHENTICATED');
  });

  test('is something that an API key does not have', async () => {
    const key = await world.auth.authenticate(acme.ownerKey, null);
    expect(await codeOf(world.auth.signOut(key))).toBe('VALIDATION_FAILED');
    expect(await enters(acme.ownerKey)).toBe('ok');
  });

  test('ends nobody else\'s session', async () => {
    const { accessToken } = await open(globex.ownerEmail);
    const { credentialId } = await world.auth.authenticate(accessToken, null);
    await world.auth.signOut({ ...acme.owner, credentialId });
    expect(await enters(accessToken)).toBe('ok');
  });
});

describe('a person of several organizations', () => {
  const email = 'both@worlds.test';
  let token: string;

  beforeAll(async () => {
    await world.join(acme, 'admin', email);
    await world.join(globex, 'viewer', email);
    token = (await world.auth.signIn({ email, password: PASSWORD })).accessToken;
  });

  test('works in none until one is chosen, and then with the role there', async () => {
    expect(await world.auth.authenticate(token, null)).toMatchObject({ tenant: null, permissions: new Set() });
    expect(await world.auth.authenticate(token, acme.orgId)).toMatchObject({ tenant: { orgId: acme.orgId, role: 'admin' } });
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
    await world.as(here, (cx) => world.members.remove(cx, { id: toGlobalId('Member', here.tenant?.membershipId ?? '') }));
    expect(await outcomeOf(world.auth.authenticate(token, globex.orgId))).toEqual(never);
    expect(await world.auth.authenticate(token, null)).toMatchObject({ tenant: { orgId: acme.orgId } });
  });
});

describe('a super administrator', () => {
  let token: string;
  beforeAll(async () => {
    token = (await world.auth.signIn({ email: 'operator@platform.test', password: PASSWORD })).accessToken;
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

  test('has the role of a member where it is one, and stays the operator', async () => {
    await world.as(acme.owner, (cx) => world.members.add(cx, { email: 'operator@platform.test', role: 'viewer' }));
    const operator = await world.auth.authenticate(token, null);
    expect(operator.tenant).toMatchObject({ orgId: acme.orgId, role: 'viewer' });
    expect(operator.permissions.has('platform:admin')).toBe(true);
    expect(operator.permissions.has('workflow:write')).toBe(false);
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
