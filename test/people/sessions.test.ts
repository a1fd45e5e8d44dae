import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccessChange } from '../../src/domains/service-context.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld } from '../harness/world.ts';
import { ANOTHER, DAY, HOUR, openPeople, PASSWORD, type PeopleWorld } from './people.ts';

let world: PeopleWorld;
beforeAll(async () => {
  world = await openPeople();
});
afterAll(() => world?.close());

let count = 0;
const address = (): string => `person${(count += 1)}@sessions.test`;
const signIn = async (email: string, headers = {}): Promise<string> => (await world.does('signIn', { email, password: PASSWORD }, { headers })).accessToken;
const isIn = async (as: string, api: TestApp = world.api): Promise<boolean> => (await api.call('{ viewer { kind } }', {}, { as })).errors === undefined;
const LIST = '{ viewer { sessions { id current userAgent secondFactor createdAt lastUsedAt expiresAt } } }';
const listed = async (as: string): Promise<any[]> => (await world.api.call(LIST, {}, { as })).data.viewer.sessions;
const revokeOthers = (as: string) => world.api.call('mutation { revokeOtherSessions { __typename ... on RevokeOtherSessionsSuccess { sessionsEnded } } }', {}, { as });

describe('the list of sessions', () => {
  test("has a person's own, the newest first, and says which one asks", async () => {
    const email = address();
    await world.join(email);
    world.pass(HOUR);
    const as = await signIn(email, { 'user-agent': 'Firefox' });
    await world.join(address());
    const sessions = await listed(as);
    expect(sessions).toMatchObject([
      { id: expect.stringMatching(/^ses_/), current: true, userAgent: 'Firefox', secondFactor: false },
      { current: false, secondFactor: false },
    ]);
    expect(sessions).toHaveLength(2);
    expect(Date.parse(sessions[0].createdAt) - Date.parse(sessions[1].createdAt)).toBeGreaterThanOrEqual(HOUR);
  });

  test('leaves out those that are over: signed out, revoked, out of time', async () => {
    const email = address();
    const [first, second] = [await world.join(email), await signIn(email)];
    await world.api.call('mutation { signOut { __typename } }', {}, { as: second });
    expect(await listed(first)).toHaveLength(1);
    world.pass(8 * DAY);
    expect(await listed(await signIn(email))).toHaveLength(1);
  });

  test('is nothing that an API key has', async () => {
    const operator = await appointOperator(world.api);
    const { keys } = await seedWorld(world.api, 'sessions', operator.userId);
    expect((await world.api.call(LIST, {}, { as: keys.owner })).data.viewer.sessions).toBeNull();
    for (const mutation of [`revokeSession(input: { id: "${toGlobalId('Session', operator.userId)}" }) { __typename }`, 'revokeOtherSessions { __typename }']) {
      expect((await world.api.call(`mutation { ${mutation} }`, {}, { as: keys.owner })).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
  });
});

describe('a session that is revoked', () => {
  test('fails at the very next request here, and elsewhere as soon as that has heard of it', async () => {
    const elsewhere = await startTestApp({ database: world.api.database, clock: { now: world.now } });
    const email = address();
    const [own, other] = [await world.join(email), await signIn(email)];
    for (const api of [world.api, elsewhere]) expect(await isIn(other, api)).toBe(true);
    const { id } = (await listed(own)).find(({ current }) => !current);
    expect(await world.does('revokeSession', { id }, { as: own })).toEqual({ __typename: 'RevokeSessionSuccess', sessionId: id });
    expect(await isIn(other)).toBe(false);
    await expect.poll(() => isIn(other, elsewhere), { interval: 20 }).toBe(false);
    expect(await isIn(own)).toBe(true);
    await elsewhere.close();
  });

  test('may be the one that asks', async () => {
    const as = await world.join(address());
    const [{ id }] = await listed(as);
    expect(await world.does('revokeSession', { id }, { as })).toMatchObject({ sessionId: id });
    expect(await isIn(as)).toBe(false);
  });

  test('cannot be carried on with its refresh token', async () => {
    const email = address();
    const own = await world.join(email);
    const { refreshToken } = await world.does('signIn', { email, password: PASSWORD });
    await revokeOthers(own);
    const refresh = await world.api.call('mutation ($token: String) { refreshSession(input: { refreshToken: $token }) { __typename } }', { token: refreshToken });
    expect(refresh.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test("is never another person's: that one is NOT_FOUND like one that is unknown, over or no id", async () => {
    const email = address();
    const [own, others] = [await world.join(email), await world.join(address())];
    const [foreign] = await listed(others);
    await signIn(email);
    const gone = (await listed(own)).find(({ current }) => !current);
    await world.does('revokeSession', { id: gone.id }, { as: own });
    const answers = [foreign.id, gone.id, toGlobalId('Session', '0198f0c2-0000-7000-8000-000000000001'), 'ses_x', 'nonsense', toGlobalId('Member', '0198f0c2-0000-7000-8000-000000000001')];
    for (const id of answers) {
      expect([id, await world.does('revokeSession', { id }, { as: own })]).toEqual([id, { __typename: 'NotFoundError', code: 'NOT_FOUND', message: expect.any(String) }]);
    }
    expect(await isIn(others)).toBe(true);
  });
});

test('what ends is forgotten here before it is answered, whether or not the database is heard', async () => {
  const email = address();
  const [own] = [await world.join(email), await signIn(email), await signIn(email)];
  const { app } = world.api;
  const principal = await app.services.auth.authenticate(own, null);
  const told: AccessChange[] = [];
  const cx = { ...app.serviceContext(principal), accessChanged: (change: AccessChange) => void told.push(change) };
  await runInScope(createScope({ orgId: null, userId: principal.userId }), async () => {
    const { id } = (await app.services.auth.listSessions(cx)).find(({ current }) => !current)!;
    await app.services.auth.revokeSession(cx, { id: toGlobalId('Session', id) });
    await app.services.auth.revokeOtherSessions(cx);
    await app.services.people.changePassword(cx, { currentPassword: PASSWORD, newPassword: ANOTHER });
    const person = { kind: 'user', id: principal.userId };
    expect(told).toEqual([{ kind: 'session', id }, person, person]);
  });
});

test('every other session of a person ends at once, and nobody else is concerned', async () => {
  const email = address();
  const own = await world.join(email);
  const rest = [await signIn(email), await signIn(email), await signIn(email)];
  const stranger = await world.join(address());
  expect(await isIn(rest[0]!)).toBe(true);
  expect((await revokeOthers(own)).data.revokeOtherSessions).toEqual({ __typename: 'RevokeOtherSessionsSuccess', sessionsEnded: 3 });
  expect(await Promise.all([own, stranger, ...rest].map((as) => isIn(as)))).toEqual([true, true, false, false, false]);
});

describe('the profile', () => {
  const update = (input: Record<string, unknown>, as: string) => world.does('updateProfile', input, { as });

  test('is changed field by field; null empties, and what is left out stays', async () => {
    const as = await world.join(address());
    const user = { name: 'Ada', locale: 'de-CH', timezone: 'Europe/Zurich' };
    expect(await update({ name: ' Ada ', locale: 'DE-ch', timezone: 'Europe/Zurich' }, as)).toEqual({ __typename: 'UpdateProfileSuccess', user });
    expect((await update({ locale: null }, as)).user).toEqual({ ...user, locale: null });
    expect((await update({}, as)).user).toEqual({ ...user, locale: null });
  });

  test.each([
    ['name', ''],
    ['name', 'x'.repeat(201)],
    ['locale', 'not a tag'],
    ['timezone', 'Nowhere/Land'],
  ])('takes no %s that is %j', async (field, value) => {
    const as = await world.join(address());
    expect(await update({ [field]: value }, as)).toMatchObject({ __typename: 'ValidationError', message: expect.stringContaining(`${field}: must be`) });
  });
});
