import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

let api: TestApp;
let world: World;

beforeAll(async () => {
  api = await startTestApp();
  world = await seedWorld(api, 'bulky', (await appointOperator(api)).userId);
});
afterAll(() => api.close());

test('of several members each is told what became of it, and why', async () => {
  const ids = [world.members.viewer, 'mem_unknown', world.members.owner];
  const { data, errors } = await api.call(
    `mutation ($ids: [ID!]!) { suspendMembers(input: { ids: $ids }) { ... on SuspendMembersSuccess {
       results { memberId error { __typename code message } } members { id status } } } }`,
    { ids },
    { as: world.keys.admin },
  );
  expect(errors).toBeUndefined();
  expect(data.suspendMembers.results).toEqual([
    { memberId: ids[0], error: null },
    { memberId: ids[1], error: { __typename: 'MemberChangeError', code: 'NOT_FOUND', message: 'Member not found.' } },
    { memberId: ids[2], error: { __typename: 'MemberChangeError', code: 'CONFLICT', message: expect.stringMatching(/role below your own/) } },
  ]);
  expect(data.suspendMembers.members).toEqual([{ id: ids[0], status: 'SUSPENDED' }]);
});
