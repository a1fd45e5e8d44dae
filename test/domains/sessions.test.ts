import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
const DAY = 24 * 60 * MINUTE;

describe('a password sign-in', () => {
  test('opens a session whose tokens are stored only as hashes', async () => {
    const session = await openSessionBy(world.auth, { email: ` ${acme.ownerEmail.toUpperCase()} `, password: PASSWORD });
    expect(session.accessToken).toMatch(/^ta_[\w-]{43}$/);
    expect(session.refreshToken).toMatch(/^tr_[\w-]{86}$/);
    expect(session.userId).toBe(acme.owner.userId);
    expect(await world.auth.authenticate(session.accessToken, null)).toMatchObject({
      kind: 'user',
      tenant: { orgId: acme.orgId },
    });
    const rows = await world.sql('SELECT s::text AS everything FROM iam.sessions s');
    expect(JSON.stringify(rows)).not.toContain(session.accessToken.slice(3));
    expect(JSON.stringify(rows)).not.toContain(session.refreshToken.slice(3, 46));
    expect(JSON.stringify(rows)).not.toContain(session.refreshToken.slice(46));
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
    for (const change of [`status = 'suspended'`, `status = 'active', password_hash = NULL`]) {
      await world.sql(`UPDATE iam.users SET ${change} WHERE email = $1`, tenant.ownerEmail);
      expect(await attempt(tenant.ownerEmail)).toEqual(unknown);
    }
  });
});

describe('a session', () => {
  const open = (email = acme.ownerEmail) => openSessionBy(world.auth, { email, password: PASSWORD });
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

  test.each([2, 5])('is over for a thief who refreshed a copied token %i times, as soon as its owner refreshes', async (times) => {
    const stolen = await open();
    let thief = stolen;
    for (let each = 0; each < times; each += 1) thief = await world.auth.refresh({ refreshToken: thief.refreshToken });
    expect(await enters(thief.accessToken)).toBe('ok');
    expect(await codeOf(world.auth.refresh({ refreshToken: stolen.refreshToken }))).toBe('UNAUTHENTICATED');
    expect(await enters(thief.accessToken)).toBe('UNAUTHENTICATED');
    expect(await codeOf(world.auth.refresh({ refreshToken: thief.refreshToken }))).toBe('UNAUTHENTICATED');
  });

  test('is over for an owner who refreshed meanwhile, as soon as a thief refreshes an older token', async () => {
    const copied = await open();
    let own = copied;
    for (let each = 0; each < 3; each += 1) own = await world.auth.refresh({ refreshToken: own.refreshToken });
    expect(await codeOf(world.auth.refresh({ refreshToken: copied.refreshToken }))).toBe('UNAUTHENTICATED');
    expect(await enters(own.accessToken)).toBe('UNAUTHENTICATED');
  });

  test('is not ended by whoever has never held one of its tokens', async () => {
    const session = await open();
    const other = await open(globex.ownerEmail);
    const { credentialId } = await world.auth.authenticate(session.accessToken, null);
    const family = other.refreshToken.slice(0, 46);
    // What others can know of it: its id, its access token's form, and families of their own.
    for (const refreshToken of [`tr_${credentialId}`, `tr_${'a'.repeat(43)}`, `tr_${'a'.repeat(43)}${session.accessToken.slice(3)}`, session.refreshToken.slice(0, 45), `${session.refreshToken}x`])
      expect([refreshToken, await codeOf(world.auth.refresh({ refreshToken }))]).toEqual([refreshToken, 'UNAUTHENTICATED']);
    expect(await codeOf(world.auth.refresh({ refreshToken: family + session.refreshToken.slice(46) }))).toBe('UNAUTHENTICATED');
    expect(await enters(session.accessToken)).toBe('ok');
    expect(await enters(other.accessToken)).toBe('UNAUTHENTICATED');
  });

  test('that was opened before tokens had families goes on with its token, which from then on is one that was used', async () => {
    const { accessToken } = await open();
    const { credentialId } = await world.auth.authenticate(accessToken, null);
    const old = `tr_${'o'.repeat(43)}`;
    await world.sql('UPDATE iam.sessions SET refresh_hash = sha256($2::bytea), refresh_family_hash = sha256($2::bytea) WHERE id = $1', credentialId, old);
    const next = await world.auth.refresh({ refreshToken: old });
    expect(next.refreshToken).toMatch(/^tr_o{43}[\w-]{43}$/);
    const newest = await world.auth.refresh({ refreshToken: next.refreshToken });
    expect(await enters(newest.accessToken)).toBe('ok');
    expect(await codeOf(world.auth.refresh({ refreshToken: old }))).toBe('UNAUTHENTICATED');
    expect(await enters(newest.accessToken)).toBe('UNAUTHENTICATED');
  });

  test('of two that use one refresh token at once, at most one goes on, and then the session is over', async () => {
    const { accessToken, refreshToken } = await open();
    const { credentialId } = await world.auth.authenticate(accessToken, null);
    const attempts = Array.from({ length: 5 }, () => () => world.auth.refresh({ refreshToken }).catch(() => null));
    const results = await world.contend(
      'SELECT 1 FROM iam.sessions WHERE id = $1 FOR UPDATE',
      [credentialId],
      attempts,
    );
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

  test('is over at once in the process that ended it, and no other session of the person is', async () => {
    const [one, other] = [await open(), await open()];
    const auth = world.openAuth();
    await auth.signOut(await auth.authenticate(one.accessToken, null));
    expect(await codeOf(auth.authenticate(one.accessToken, null))).toBe('UNAUTHENTICATED');
    expect(await codeOf(auth.authenticate(other.accessToken, null))).toBe('ok');
    await auth.refresh({ refreshToken: other.refreshToken });
    expect(await codeOf(auth.authenticate(other.accessToken, null))).toBe('UNAUTHENTICATED');
  });

  test('is something that an API key does not have', async () => {
    const key = await world.auth.authenticate(acme.ownerKey, null);
    expect(await codeOf(world.auth.signOut(key))).toBe('VALIDATION_FAILED');
    expect(await enters(acme.ownerKey)).toBe('ok');
  });

  test("ends nobody else's session", async () => {
    const { accessToken } = await open(globex.ownerEmail);
    const { credentialId } = await world.auth.authenticate(accessToken, null);
    await world.auth.signOut({ ...acme.owner, credentialId });
    expect(await enters(accessToken)).toBe('ok');
  });
});
