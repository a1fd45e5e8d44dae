import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { generateApiKey } from '../../src/domains/api-keys/index.ts';
import type { Hashing } from '../../src/platform/crypto/passwords.ts';
import { watch } from '../isolation/world.ts';
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

const MINUTE = 60_000;

const newKey = (by: Principal, more: { expiresAt?: Date } = {}) =>
  world.as(by, (cx) => world.apiKeys.create(cx, { name: `key ${Math.random()}`, scopes: ['*'], ...more }));
const issueKey = async (by: Principal, more: { expiresAt?: Date } = {}) => {
  const { apiKeyId, secret } = await newKey(by, more);
  return { apiKeyId, secret: secret ?? '' };
};

/** How many statements `work` sends. */
const statementsOf = async (work: () => Promise<unknown>): Promise<number> => (await watch(world.pool, () => work().catch(() => undefined))).texts.length;

describe('an API key', () => {
  test('acts for its owner, in its own organization, within its scopes', async () => {
    const { secret } = await world.as(acme.owner, (cx) =>
      world.apiKeys.create(cx, { name: 'narrow', scopes: ['workflow:*', 'member:read'] }),
    );
    const principal = await world.auth.authenticate(secret ?? '', null);
    expect(principal).toMatchObject({
      kind: 'apiKey',
      userId: acme.owner.userId,
      systemRole: 'user',
      tenant: { orgId: acme.orgId },
    });
    expect([...principal.permissions].sort()).toEqual([
      'member:read',
      'workflow:delete',
      'workflow:execute',
      'workflow:read',
      'workflow:write',
    ]);
  });

  test('may name its own organization, in either form, and no other', async () => {
    const named = (organization: string) => outcomeOf(world.auth.authenticate(acme.ownerKey, organization));
    expect(await named(acme.orgId)).toMatchObject({ tenant: { orgId: acme.orgId } });
    expect(await named(toGlobalId('Organization', acme.orgId))).toMatchObject({ tenant: { orgId: acme.orgId } });
    const foreign = await named(globex.orgId);
    expect(foreign).toMatchObject({ code: 'FORBIDDEN' });
    for (const text of [
      '0192d3a4-1111-7222-8333-44445555beef',
      toGlobalId('Organization', globex.orgId),
      'nonsense',
      '',
    ]) {
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
      `UPDATE iam.api_keys SET secret_hash = (SELECT secret_hash FROM iam.api_keys WHERE name = 'Owner key' LIMIT 1)
       WHERE id = $1`,
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
    await world.as(world.operator, (cx) =>
      world.organizations.suspend(cx, { id: toGlobalId('Organization', tenant.orgId) }),
    );
    expect(await coming()).toBe('ORG_NOT_ACTIVE');
  });
});

describe('what is remembered', () => {
  test('a second request of the same key or session asks the database nothing', async () => {
    const { secret } = await issueKey(acme.owner);
    const { accessToken } = await openSessionBy(world.auth, { email: acme.ownerEmail, password: PASSWORD });
    for (const token of [secret, accessToken]) {
      expect(await statementsOf(() => world.auth.authenticate(token, null))).toBeGreaterThan(0);
      expect(await statementsOf(() => world.auth.authenticate(token, null))).toBe(0);
    }
  });

  test('also an operator in an organization that was asked for costs nothing the second time', async () => {
    await world.sql(`UPDATE iam.users SET status = 'active' WHERE id = $1`, world.operator.userId);
    const { accessToken } = await openSessionBy(world.auth, { email: 'operator@platform.test', password: PASSWORD });
    const enter = () => world.auth.authenticate(accessToken, globex.orgId);
    await enter();
    expect(await statementsOf(enter)).toBe(0);
  });

  test('is told apart by credential and by organization', async () => {
    const { accessToken } = await openSessionBy(world.auth, { email: 'operator@platform.test', password: PASSWORD });
    const namesOf = ({ tenant, memberships }: Principal) => [tenant?.orgId, ...memberships.map(({ organizationName }) => organizationName)];
    for (let round = 0; round < 2; round += 1) {
      expect(namesOf(await world.auth.authenticate(acme.ownerKey, null))).toEqual([acme.orgId, 'Acme']);
      expect(namesOf(await world.auth.authenticate(globex.ownerKey, null))).toEqual([globex.orgId, 'Globex']);
      for (const { orgId } of [acme, globex]) expect(namesOf(await world.auth.authenticate(accessToken, orgId))).toEqual([orgId]);
    }
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
    await world.as(world.operator, (cx) =>
      world.organizations.suspend(cx, { id: toGlobalId('Organization', tenant.orgId) }),
    );
    await hear('org');
    expect(await codeOf(other.authenticate(secret, null))).toBe('ORG_NOT_ACTIVE');
    stop();
  });

  test('is one argon2id for a process that has not seen the key, also while changes cannot be heard', async () => {
    const { secret } = await issueKey(acme.owner);
    let verified = 0;
    const hashing: Hashing = {
      hash: world.hashing.hash,
      verify: (...all) => {
        verified += 1;
        return world.hashing.verify(...all);
      },
    };
    for (const isListening of [true, false]) {
      verified = 0;
      const auth = world.openAuth({ isListening: () => isListening }, hashing);
      await Promise.all([auth.authenticate(secret, null), auth.authenticate(secret, null)]);
      await auth.authenticate(secret, null);
      expect(verified).toBe(1);
    }
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
