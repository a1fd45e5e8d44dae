import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';
import { withClient } from '../../src/platform/postgres/client.ts';

let api: TestApp;
let world: World;
let operator: string;
let nowMs = Date.now();
let owner: string;
let member: string;
beforeAll(async () => {
  api = await startTestApp({ clock: { now: () => new Date(nowMs) } });
  const { userId, token } = await appointOperator(api);
  operator = token;
  world = await seedWorld(api, 'strict', userId, 1);
  owner = await signIn(api.app, world.email('owner'));
  member = await signIn(api.app, world.email('member'));
});
afterAll(() => api?.close());

const sql = (text: string, ...values: unknown[]) => withClient(api.database.superuserUrl, (client) => client.query(text, values));
const require = async (is: boolean, as: string): Promise<string> => {
  const query = 'mutation ($is: Boolean!) { updateOrganization(input: { requireSecondFactor: $is }) { __typename ... on Error { code } } }';
  const { data, errors } = await api.call(query, { is }, { as });
  return errors?.[0]?.extensions.code ?? data.updateOrganization.code ?? 'done';
};
const enter = async (as: string): Promise<string> => {
  const { errors } = await api.call('{ organization { slug } }', {}, { as, headers: { 'x-organization-id': world.organizationId } });
  return errors?.[0]?.extensions.code ?? 'in';
};
/** As a sign-in with a code does; every process is told by the database. */
const showSecondFactor = async (as: string) => {
  const { data } = await api.call('{ viewer { user { email } } }', {}, { as });
  await sql('UPDATE iam.sessions SET second_factor_at = $2 WHERE user_id = (SELECT id FROM iam.users WHERE email = $1)', data.viewer.user.email, new Date(nowMs));
  api.app.services.auth.forgetAll();
};

test('an organization asks for a second factor as soon as somebody who has shown one says so, and every live session without one is out', async () => {
  expect(await require(true, owner)).toBe('CONFLICT');
  expect([await enter(owner), await enter(member)]).toEqual(['in', 'in']);
  await showSecondFactor(owner);
  expect(await require(true, owner)).toBe('done');
  expect([await enter(owner), await enter(member), await enter(operator)]).toEqual(['in', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_REQUIRED']);
});

test('whoever is out is told why, also without the header, and can still set one up: the session works in no organization', async () => {
  const { data, errors } = await api.call('{ viewer { kind organizations { slug requiresSecondFactor } } }', {}, { as: member });
  expect(errors).toBeUndefined();
  expect(data.viewer).toEqual({ kind: 'USER', organizations: [{ slug: 'strict', requiresSecondFactor: true }] });
  const { errors: refused } = await api.call('{ organization { slug } workflows { totalCount } }', {}, { as: member });
  expect(refused?.map(({ extensions }) => extensions.code)).toEqual(['SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_REQUIRED']);
  expect((await api.call('mutation { updateOrganization(input: { name: "x" }) { __typename } }', {}, { as: member })).errors?.[0]?.extensions.code).toBe('SECOND_FACTOR_REQUIRED');
  const enrolled = await api.call('mutation { enrolTotp { __typename } }', {}, { as: member });
  expect(enrolled.data.enrolTotp.__typename).toBe('EnrolTotpSuccess');
  await showSecondFactor(member);
  expect(await enter(member)).toBe('in');
});

test('it is no rule for API keys, which cannot show one', async () => {
  expect(await enter(world.keys.member)).toBe('in');
});

test('to change it takes a person with a recent proof', async () => {
  expect(await require(false, world.keys.owner)).toBe('FORBIDDEN');
  const manager = await signIn(api.app, world.email('manager'));
  await showSecondFactor(manager);
  expect(await require(false, manager)).toBe('FORBIDDEN');
  // Not longer than an access token lives: it is the proof that is too old.
  nowMs += 11 * 60_000;
  expect(await require(false, owner)).toBe('STEP_UP_REQUIRED');
  const fresh = await signIn(api.app, world.email('owner'));
  await showSecondFactor(fresh);
  expect(await require(false, fresh)).toBe('done');
  expect(await enter(await signIn(api.app, world.email('viewer')))).toBe('in');
});
