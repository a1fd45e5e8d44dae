import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, setPassword, signIn, type World } from '../harness/world.ts';

// Anybody can be made a member of an organization without being asked. What belongs to the person stays the person's,
// whatever the organization does then.

let api: TestApp;
let world: World;
beforeAll(async () => {
  api = await startTestApp();
  world = await seedWorld(api, 'closing', (await appointOperator(api)).userId);
});
afterAll(() => api.close());

const codesOf = async (query: string, token: string): Promise<string[]> =>
  ((await api.call(query, {}, { as: token })).errors ?? []).map(({ extensions }) => extensions.code);

describe('who is suspended in the only organization there is', () => {
  let token: string;
  beforeAll(async () => {
    await setPassword(api.app, world.email('viewer'));
    token = await signIn(api.app, world.email('viewer'));
    const suspend = 'mutation ($ids: [ID!]!) { suspendMembers(input: { ids: $ids }) { ... on SuspendMembersSuccess { members { status } } } }';
    const { data } = await api.call(suspend, { ids: [world.members.viewer] }, { as: world.keys.owner });
    if (data.suspendMembers.members[0].status !== 'SUSPENDED') throw new Error('The member is not suspended.');
  });

  test('is refused there for the very reason', async () => {
    expect(await codesOf('{ workflows(first: 1) { totalCount } }', token)).toEqual(['USER_NOT_ACTIVE']);
  });

  test('still sees the account and its sessions, ends others, and signs out', async () => {
    const { data, errors } = await api.call('{ viewer { user { email } sessions { current } organizations { active } } }', {}, { as: token });
    expect(errors).toBeUndefined();
    expect(data.viewer).toEqual({ user: { email: world.email('viewer') }, sessions: [{ current: true }], organizations: [{ active: false }] });
    expect(await codesOf('mutation { revokeOtherSessions { __typename } }', token)).toEqual([]);
    expect(await codesOf('mutation { signOut { __typename } }', token)).toEqual([]);
    expect(await codesOf('{ viewer { kind } }', token)).toEqual(['UNAUTHENTICATED']);
  });
});
