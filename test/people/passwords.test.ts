import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashSecret } from '../../src/platform/crypto/passwords.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { untilWaiting } from '../domains/world.ts';
import { startTestApp } from '../harness/app.ts';
import { ANOTHER, calls, HOUR, MINUTE, openPeople, PASSWORD, type PeopleWorld } from './people.ts';

let world: PeopleWorld;
beforeAll(async () => {
  world = await openPeople();
});
afterAll(() => world?.close());

let count = 0;
const address = (): string => `person${(count += 1)}@passwords.test`;
const signIn = (email: string, password = PASSWORD) => world.does('signIn', { email, password });
const isIn = async (as: string, api = world.api): Promise<boolean> => (await api.call('{ viewer { kind } }', {}, { as })).errors === undefined;
const DONE = { __typename: 'ResetPasswordSuccess', accessToken: expect.stringMatching(/^ta_/), refreshToken: expect.stringMatching(/^tr_/) };
const USELESS = 'token: is unknown, used or too old: ask for a new one';

describe('a password', () => {
  const chosen = (password: string, more: object = {}) => world.does('register', { email: address(), password, ...more });

  test.each([
    ['8 characters', 'vK3 q!zR'],
    ['128 characters', 'seven green bottles on a wall, '.repeat(5).slice(0, 128)],
    ['8 characters of four bytes each', '🦊🌵🪐🎷🧂🪜🦉🧭'],
    ['words alone', ANOTHER],
  ])('may have %s', async (_what, password) => {
    expect(await chosen(password)).toMatchObject({ __typename: 'RegisterSuccess' });
  });

  test.each([
    ['7 characters', 'vK3 q!z', 'password: must be 8 to 128 characters long'],
    ['7 characters that are 14 units', '🦊🌵🪐🎷🧂🪜🦉', 'password: must be 8 to 128 characters long'],
    ['129 characters', 'a long one '.repeat(12).slice(0, 129), 'password: must be 8 to 128 characters long'],
    ['half a character', `${ANOTHER}\ud800`, 'password: must be made of whole Unicode characters'],
    ['what everybody takes', 'password123', '. Take a few words that do not belong together'],
    ['one key pressed', 'aaaaaaaaaaaaaaaaaaaa', 'password: is easy to guess: Repeated characters like "aaa" are easy to guess. Take a few words that do not belong together'],
    ['what a keyboard has in a row', 'qwertyuiop', 'password: is easy to guess: '],
  ])('may not have %s', async (_what, password, message) => {
    const result = await chosen(password);
    expect(result).toMatchObject({ __typename: 'ValidationError', message: expect.stringContaining(message) });
    expect(result.message).not.toContain(password);
  });

  test('may not be what whoever knows the person tries first', async () => {
    const name = 'Grisebach Wennerholt';
    expect(await chosen('GrisebachWennerholt', {})).toMatchObject({ __typename: 'RegisterSuccess' });
    expect(await chosen('GrisebachWennerholt', { name })).toMatchObject({ __typename: 'ValidationError' });
    expect(await world.does('register', { email: 'grisebach.wennerholt@passwords.test', password: 'grisebachwennerholt' })).toMatchObject({ __typename: 'ValidationError' });
  });

  const own = { __typename: 'ValidationError', message: expect.stringMatching(/^(password|newPassword): is (your address|easy to guess): .*Take a few words that do not belong together$/) };

  test.each([
    ['the address', (email: string) => email],
    ['the address in capitals', (email: string) => email.toUpperCase()],
    ['what stands before the @', (email: string) => email.split('@')[0]!],
  ])('may not be %s, wherever one is chosen', async (_what, passwordOf) => {
    // As parts it is hard to guess for whoever does not know the person.
    const email = `carl${(count += 1)}.wennerholt.grisebach@passwords.test`;
    const password = passwordOf(email);
    expect(await world.does('register', { email, password, name: 'Carl Brown' })).toMatchObject(own);
    const as = await world.join(email);
    expect(await world.does('changePassword', { currentPassword: PASSWORD, newPassword: password }, { as })).toMatchObject(own);
    await world.does('requestPasswordReset', { email });
    const { token } = await world.outbox.last(email);
    expect(await world.does('resetPassword', { token, password })).toMatchObject(own);
  });

  test('is held to it wherever one is chosen', async () => {
    const email = address();
    const as = await world.join(email);
    const changed = await world.does('changePassword', { currentPassword: PASSWORD, newPassword: 'password123' }, { as });
    expect(changed).toMatchObject({ __typename: 'ValidationError', message: expect.stringMatching(/^newPassword: is easy to guess: /) });
    await world.does('requestPasswordReset', { email });
    const { token } = await world.outbox.last(email);
    expect(await world.does('resetPassword', { token, password: 'password123' })).toMatchObject({ __typename: 'ValidationError' });
    expect(await world.does('resetPassword', { token, password: ANOTHER })).toEqual(DONE);
  });

  test('keeps every character: spaces around it and capitals count', async () => {
    const email = address();
    await world.join(email, ` ${PASSWORD} `);
    expect(await signIn(email)).toBe('UNAUTHENTICATED');
    expect((await signIn(email, ` ${PASSWORD} `)).__typename).toBe('SignInSuccess');
  });
});

describe('changing the password', () => {
  test('ends every session but the one that asks, in this process at once, and is told by mail', async () => {
    const email = address();
    const [own, other] = [await world.join(email), (await signIn(email)).accessToken as string];
    expect(await isIn(other)).toBe(true);
    const result = await world.does('changePassword', { currentPassword: PASSWORD, newPassword: ANOTHER }, { as: own });
    expect(result).toEqual({ __typename: 'ChangePasswordSuccess', sessionsEnded: 1 });
    expect([await isIn(own), await isIn(other)]).toEqual([true, false]);
    expect(await signIn(email)).toBe('UNAUTHENTICATED');
    expect((await signIn(email, ANOTHER)).__typename).toBe('SignInSuccess');
    expect((await world.outbox.last(email)).subject).toBe('Your password for Tenantry was changed');
  });

  test('asks for the password that is, and changes nothing with another', async () => {
    const email = address();
    const as = await world.join(email);
    const result = await world.does('changePassword', { currentPassword: ANOTHER, newPassword: ANOTHER }, { as });
    expect(result).toMatchObject({ __typename: 'ValidationError', message: 'currentPassword: is wrong, or wrong ones were sent too often: try again later' });
    expect((await signIn(email)).__typename).toBe('SignInSuccess');
  });

  test('of two at the same time is done once', async () => {
    const email = address();
    const as = await world.join(email);
    const change = (newPassword: string) => world.does('changePassword', { currentPassword: PASSWORD, newPassword }, { as });
    const results = await Promise.all([change(ANOTHER), change('a third one, long enough')]);
    expect(results.map(({ __typename }) => __typename as string).toSorted()).toEqual(['ChangePasswordSuccess', 'ValidationError']);
  });

  test('makes links for a new password void that were sent before', async () => {
    const email = address();
    const as = await world.join(email);
    await world.does('requestPasswordReset', { email });
    const { token } = await world.outbox.last(email);
    await world.does('changePassword', { currentPassword: PASSWORD, newPassword: ANOTHER }, { as });
    expect(await world.does('resetPassword', { token, password: PASSWORD })).toMatchObject({ message: USELESS });
  });

  test('is nothing for an API key', async () => {
    const { app } = world.api;
    const principal = { ...(await app.services.auth.authenticate(await world.join(address()), null)), kind: 'apiKey' as const };
    const change = app.services.people.changePassword(app.serviceContext(principal), { currentPassword: PASSWORD, newPassword: ANOTHER });
    await expect(change).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a password that was forgotten', () => {
  const asked = async (email: string): Promise<string> => {
    await world.does('requestPasswordReset', { email });
    return (await world.outbox.last(email)).token;
  };

  test('is set anew by a link; every session ends, and one is opened for whoever has the mailbox', async () => {
    const email = address();
    const sessions = [await world.join(email), (await signIn(email)).accessToken as string];
    const opened = await world.does('resetPassword', { token: await asked(email), password: ANOTHER });
    expect(opened).toEqual(DONE);
    expect(await Promise.all(sessions.map((as) => isIn(as)))).toEqual([false, false]);
    const { data } = await world.api.call('{ viewer { user { email } stepUpUntil } }', {}, { as: opened.accessToken });
    expect(data.viewer).toEqual({ user: { email }, stepUpUntil: expect.any(String) });
    expect(await signIn(email)).toBe('UNAUTHENTICATED');
    expect((await signIn(email, ANOTHER)).__typename).toBe('SignInSuccess');
  });

  test('has a link for 2 hours and not a moment longer', async () => {
    const [early, late] = [address(), address()];
    for (const email of [early, late]) await world.join(email);
    const tokens = [await asked(early), await asked(late)] as const;
    world.pass(2 * HOUR - MINUTE);
    expect(await world.does('resetPassword', { token: tokens[0], password: ANOTHER })).toEqual(DONE);
    world.pass(MINUTE);
    expect(await world.does('resetPassword', { token: tokens[1], password: ANOTHER })).toMatchObject({ message: USELESS });
  });

  test('has a link that works once, also for ten at the same time, and makes the others void', async () => {
    const email = address();
    await world.join(email);
    const first = await asked(email);
    world.pass(2 * MINUTE);
    const second = await asked(email);
    const results = await Promise.all(Array.from({ length: 10 }, () => world.does('resetPassword', { token: second, password: ANOTHER })));
    expect(results.filter(({ accessToken }) => accessToken !== undefined)).toHaveLength(1);
    expect(await world.does('resetPassword', { token: first, password: PASSWORD })).toMatchObject({ message: USELESS });
  });

  test('has a link that leaves one session and no other, also when ten use it at the same time', async () => {
    const email = address();
    await world.join(email);
    const token = await asked(email);
    const results = await Promise.all(Array.from({ length: 10 }, () => world.does('resetPassword', { token, password: ANOTHER })));
    const [opened] = results.filter(({ accessToken }) => accessToken !== undefined);
    expect(await isIn(opened.accessToken)).toBe(true);
    const live = 'SELECT count(*)::int AS live FROM iam.sessions s JOIN iam.users u ON u.id = s.user_id WHERE u.email = $1 AND s.ended_at IS NULL';
    expect(await world.sql(live, email)).toEqual([{ live: 1 }]);
  });

  test('sets cookies for a browser that asks for them', async () => {
    const email = address();
    await world.join(email);
    const { headers } = await calls(world.api, 'resetPassword', { token: await asked(email), password: ANOTHER, cookie: true });
    expect(headers.getSetCookie().join('\n')).toMatch(/ta_[\w-]{43}/);
  });

  test('is set by an identity that never had one, which proves its address by it', async () => {
    const email = address();
    await world.api.app.preTenant.ensureIdentity(email, null);
    expect(await world.does('resetPassword', { token: await asked(email), password: PASSWORD })).toEqual(DONE);
    expect(await world.sql('SELECT email_verified_at IS NOT NULL AS proved FROM iam.users WHERE email = $1', email)).toEqual([{ proved: true }]);
    expect((await signIn(email)).__typename).toBe('SignInSuccess');
  });

  test('is void for somebody who was suspended since', async () => {
    const email = address();
    await world.join(email);
    const token = await asked(email);
    await world.sql(`UPDATE iam.users SET status = 'suspended' WHERE email = $1`, email);
    expect(await world.does('resetPassword', { token, password: ANOTHER })).toMatchObject({ message: USELESS });
  });
});

test('a sign-in whose password was right, and is another one when its session is there, opens nothing', async () => {
  const email = address();
  await world.join(email);
  const before = await world.sql('SELECT count(*)::int AS live FROM iam.sessions WHERE ended_at IS NULL');
  const outcome = await withClient(world.api.database.superuserUrl, async (client) => {
    // No session can be written while this is held: the sign-in has compared, and waits.
    await client.query('BEGIN');
    await client.query('LOCK TABLE iam.sessions IN SHARE MODE');
    const signingIn = signIn(email);
    await untilWaiting(world.sql, 1);
    await world.sql('UPDATE iam.users SET password_hash = $2 WHERE email = $1', email, await hashSecret(ANOTHER, 'test'));
    await client.query('COMMIT');
    return signingIn;
  });
  expect(outcome).toBe('UNAUTHENTICATED');
  expect(await world.sql('SELECT count(*)::int AS live FROM iam.sessions WHERE ended_at IS NULL')).toEqual(before);
});

test('sessions ended by a new password are ended in another process too, as soon as that has heard of it', async () => {
  const elsewhere = await startTestApp({ database: world.api.database, clock: { now: world.now } });
  const email = address();
  const as = await world.join(email);
  expect(await isIn(as, elsewhere)).toBe(true);
  await world.does('requestPasswordReset', { email });
  await world.does('resetPassword', { token: (await world.outbox.last(email)).token, password: ANOTHER });
  await expect.poll(() => isIn(as, elsewhere), { interval: 20 }).toBe(false);
  await elsewhere.close();
});
