import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../harness/world.ts';
import { MINUTE_MS, NEW_PASSWORD, openServer, type Server } from './server.ts';

let server: Server;
let acme: World;
beforeAll(async () => {
  server = await openServer();
  acme = await server.company('acme');
});
afterAll(() => server?.close());

let count = 0;
/** An address that an administrator has invited, and the token that was sent to it. */
async function invited(name?: string): Promise<{ readonly email: string; readonly token: string }> {
  const email = `invited${(count += 1)}@there.test`;
  expect(await server.does('inviteMember', { email, name, role: 'VIEWER' }, acme.keys.admin)).toBe('done');
  return { email, token: (await server.outbox.last(email)).token };
}
const TOKENS = 'accessToken accessExpiresAt refreshToken refreshExpiresAt';
async function accept(input: object, as?: string) {
  const query = `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename ... on AcceptInvitationSuccess { organizationId memberId ${TOKENS} } ... on Error { code message } } }`;
  const answer = await server.call(query, { input }, { as });
  return { ...answer.data.acceptInvitation, setCookies: answer.headers.getSetCookie().map((cookie) => cookie.split('=')[0]) };
}
const identityOf = async (email: string) =>
  (await server.sql(`SELECT u.name, u.password_hash IS NOT NULL AS has_password, u.email_verified_at IS NOT NULL AS proved,
      (SELECT count(*)::int FROM iam.sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL) AS sessions
    FROM iam.users u WHERE u.email = $1`, email))[0];

describe('whoever is refused in the end', () => {
  const NOBODY_CAME_IN = { name: null, has_password: false, proved: false, sessions: 0 };

  test('by what the sender has lost, has set no password and opened no session, and comes in when the sender may again', async () => {
    const { email, token } = await invited();
    const give = (role: string) => server.sql(`UPDATE iam.memberships SET role = '${role}' WHERE org_id = $1 AND email = $2`, acme.orgUuid, acme.email('admin'));
    await give('viewer');
    expect(await accept({ token, password: NEW_PASSWORD, name: 'Too early' })).toMatchObject({ code: 'VALIDATION_FAILED', setCookies: [] });
    expect(await identityOf(email)).toEqual(NOBODY_CAME_IN);
    await give('admin');
    expect(await accept({ token, password: NEW_PASSWORD })).toMatchObject({ __typename: 'AcceptInvitationSuccess' });
    expect(await identityOf(email)).toEqual({ ...NOBODY_CAME_IN, has_password: true, proved: true, sessions: 1 });
  });

  test('because somebody has added the address meanwhile, has set no password either', async () => {
    const { email, token } = await invited();
    await server.does('addMember', { email, role: 'VIEWER' }, acme.keys.owner);
    expect(await accept({ token, password: NEW_PASSWORD })).toMatchObject({ code: 'CONFLICT' });
    expect(await identityOf(email)).toEqual(NOBODY_CAME_IN);
  });

  test('because a password was set at the same moment, has not used the invitation up', async () => {
    const { email, token } = await invited();
    // As when another request has done so between the look at the invitation and its use.
    await server.sql(`CREATE FUNCTION app.set_password_first() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      UPDATE iam.users SET password_hash = (SELECT password_hash FROM iam.users WHERE password_hash IS NOT NULL LIMIT 1) WHERE email = '${email}'; RETURN NEW; END $$`);
    await server.sql(`CREATE TRIGGER set_password_first AFTER UPDATE ON iam.invitations FOR EACH ROW EXECUTE FUNCTION app.set_password_first()`);
    try {
      expect(await accept({ token, password: NEW_PASSWORD })).toMatchObject({ code: 'CONFLICT', setCookies: [] });
    } finally {
      await server.sql('DROP TRIGGER set_password_first ON iam.invitations');
    }
    expect(await identityOf(email)).toMatchObject({ has_password: false, sessions: 0 });
    expect(await server.sql('SELECT 1 FROM iam.invitations WHERE email = $1 AND accepted_at IS NULL', email)).toHaveLength(1);
    expect(await server.sql('SELECT 1 FROM iam.memberships WHERE org_id = $1 AND email = $2', acme.orgUuid, email)).toEqual([]);
  });
});

describe('whoever joins', () => {
  test('is not kept out by what strangers have tried with the address before', async () => {
    const { email, token } = await invited();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await server.signsIn(email, NEW_PASSWORD)).toBe('UNAUTHENTICATED');
      server.pass(MINUTE_MS);
    }
    expect(await server.sql('SELECT failures FROM credentials.sign_in_attempts WHERE failures >= 5')).toHaveLength(1);
    expect(await accept({ token, password: NEW_PASSWORD })).toMatchObject({ __typename: 'AcceptInvitationSuccess' });
    expect(await server.signsIn(email, NEW_PASSWORD)).toBe('SignInSuccess');
  });

  test('is signed in, in the organization, and as a browser with cookies when it asks for them', async () => {
    const plain = await accept({ token: (await invited()).token, password: NEW_PASSWORD });
    expect(plain).toMatchObject({ accessToken: expect.stringMatching(/^ta_/), refreshToken: expect.stringMatching(/^tr_/), setCookies: [] });
    const { data } = await server.call('{ viewer { stepUpUntil } organization { id } }', {}, { as: plain.accessToken });
    expect(data.organization.id).toBe(acme.organizationId);
    expect(new Date(data.viewer.stepUpUntil).getTime()).toBeGreaterThan(server.now());
    const browser = await accept({ token: (await invited()).token, password: NEW_PASSWORD, cookie: true });
    expect(browser.setCookies).toHaveLength(2);
    expect(browser.accessExpiresAt).not.toBeNull();
  });

  test('and is signed in already keeps that session, and gets no other', async () => {
    const { email, token } = await invited();
    const as = await server.session(email);
    const before = await identityOf(email);
    expect(await accept({ token, cookie: true }, as)).toMatchObject({
      ...{ __typename: 'AcceptInvitationSuccess', accessToken: null, accessExpiresAt: null, refreshToken: null, refreshExpiresAt: null, setCookies: [] },
    });
    expect(await identityOf(email)).toEqual(before);
    expect((await server.call('{ organization { id } }', {}, { as })).data.organization.id).toBe(acme.organizationId);
  });

  test('is called as the person says, also where the address was known, and not as the organization has guessed', async () => {
    const [told, silent, known] = [await invited('Guessed'), await invited('Guessed'), await invited()];
    await server.ensureIdentity(known.email, 'A stranger’s word');
    await accept({ token: told.token, password: NEW_PASSWORD, name: 'Own Word' });
    await accept({ token: silent.token, password: NEW_PASSWORD });
    await accept({ token: known.token, password: NEW_PASSWORD, name: 'Own Word' });
    expect((await Promise.all([told, silent, known].map(({ email }) => identityOf(email)))).map((row) => row?.['name'])).toEqual(['Own Word', null, 'Own Word']);
  });

  test('and has a second factor signs in with it first, also without a password', async () => {
    const { email, token } = await invited();
    const userId = await server.ensureIdentity(email, null);
    await server.sql(`INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, confirmed_at, created_at) VALUES ($1, '00000000', decode(repeat('00', 40), 'hex'), now(), now())`, userId);
    expect(await accept({ token, password: NEW_PASSWORD })).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('sign in') });
    expect(await identityOf(email)).toMatchObject({ has_password: false, sessions: 0 });
  });
});
