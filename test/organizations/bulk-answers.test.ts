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
    { memberId: ids[2], error: { __typename: 'MemberChangeError', code: 'FORBIDDEN', message: expect.stringMatching(/role below your own/) } },
  ]);
  expect(data.suspendMembers.members).toEqual([{ id: ids[0], status: 'SUSPENDED' }]);
});

test('each result has its member as it is now, changed or not, and all of them together cost one statement', async () => {
  const { viewer, customer, owner } = world.members;
  const ask = (ids: string[]) =>
    api.statementsOf(() =>
      api.call(
        `mutation ($ids: [ID!]!) {
           first: activateMembers(input: { ids: $ids }) { ... on ActivateMembersSuccess { results { member { id status } other: member { role } } } }
           second: suspendMembers(input: { ids: $ids }) { ... on SuspendMembersSuccess { results { member { email status } error { code } } } } }`,
        { ids },
        { as: world.keys.admin },
      ),
    );
  const { result, statements } = await ask([viewer, 'mem_unknown', owner]);
  expect(result.errors).toBeUndefined();
  expect(result.data.first.results).toEqual([
    { member: { id: viewer, status: 'ACTIVE' }, other: { role: 'VIEWER' } },
    { member: null, other: null },
    { member: { id: owner, status: 'ACTIVE' }, other: { role: 'OWNER' } },
  ]);
  expect(result.data.second.results).toEqual([
    { member: { email: world.email('viewer'), status: 'SUSPENDED' }, error: null },
    { member: null, error: { code: 'NOT_FOUND' } },
    { member: { email: world.email('owner'), status: 'ACTIVE' }, error: { code: 'FORBIDDEN' } },
  ]);
  // One of the two is changed as before; the third costs no read of its own.
  const more = await ask([viewer, 'mem_unknown', owner, customer]);
  const reads = (sent: typeof statements) => sent.filter(({ text }) => /^SELECT .*"iam"\."memberships"/s.test(text)).length;
  expect(reads(statements)).toBeGreaterThan(0);
  expect(reads(more.statements)).toBe(reads(statements));
});
