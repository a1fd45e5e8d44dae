import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { World } from '../harness/world.ts';
import { HOUR_MS, MINUTE_MS, NEW_PASSWORD, openServer, PROOF_OVER_MS, type Server } from './server.ts';

// A session that somebody has copied ends with its password; an administrator whom it has made does not.

let server: Server;
let acme: World;
/** Of the owner, and a proof that is too old. */
let old: string;
beforeAll(async () => {
  server = await openServer();
  acme = await server.company('acme');
  old = await server.session(acme.email('owner'));
  server.pass(PROOF_OVER_MS);
});
afterAll(() => server?.close());

const fresh = () => server.session(acme.email('owner'));
let count = 0;
const address = () => `new${(count += 1)}@acme.test`;
/** Somebody new in the organization, who may be changed and removed. */
async function joined(role = 'VIEWER'): Promise<string> {
  const query = 'mutation ($input: AddMemberInput!) { addMember(input: $input) { ... on AddMemberSuccess { member { id } } } }';
  return (await server.call(query, { input: { email: address(), role } }, { as: await fresh() })).data.addMember.member.id as string;
}
const members = () => server.sql('SELECT id, role::text, status::text FROM iam.memberships WHERE org_id = $1 ORDER BY id', acme.orgUuid);
const invitations = () => server.sql('SELECT id, sent_count FROM iam.invitations WHERE org_id = $1 ORDER BY id', acme.orgUuid);

describe('a session whose person has proved nothing lately', () => {
  test.each(['MANAGER', 'ADMIN'])('makes nobody a %s', async (role) => {
    const member = await joined();
    const before = [await members(), await invitations()];
    expect(await server.does('inviteMember', { email: address(), role }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('addMember', { email: address(), role }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('updateMemberRole', { id: member, role }, old)).toBe('STEP_UP_REQUIRED');
    // One of them is enough, and the others are not changed then either.
    const changes = [{ id: acme.members.viewer, role: 'CUSTOMER' }, { id: member, role }];
    expect(await server.does('updateMemberRoles', { changes }, old)).toBe('STEP_UP_REQUIRED');
    expect([await members(), await invitations()]).toEqual(before);
  });

  test('sends nobody an invitation anew that would make an administrator', async () => {
    const email = address();
    const query = 'mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { ... on InviteMemberSuccess { invitation { id } } } }';
    const { data } = await server.call(query, { input: { email, role: 'ADMIN' } }, { as: await fresh() });
    server.pass(2 * MINUTE_MS);
    expect(await server.does('resendInvitation', { id: data.inviteMember.invitation.id }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('resendInvitation', { id: data.inviteMember.invitation.id }, await fresh())).toBe('done');
  });

  test('removes and suspends nobody else, alone or with others', async () => {
    const member = await joined('MEMBER');
    const before = await members();
    expect(await server.does('removeMember', { id: member }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('removeMembers', { ids: [acme.members.owner, member] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('suspendMembers', { ids: [member] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await members()).toEqual(before);
  });

  test.each(['MANAGER', 'ADMIN'])('neither lets a suspended %s in again nor takes that role away', async (role) => {
    const [suspended, active, other] = [await joined(role), await joined(role), await joined()];
    expect(await server.does('suspendMembers', { ids: [suspended] }, await fresh())).toBe('done');
    const before = await members();
    expect(await server.does('activateMembers', { ids: [suspended] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('activateMembers', { ids: [other, suspended] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await server.does('updateMemberRole', { id: active, role: 'VIEWER' }, old)).toBe('STEP_UP_REQUIRED');
    const changes = [{ id: other, role: 'CUSTOMER' }, { id: active, role: 'VIEWER' }];
    expect(await server.does('updateMemberRoles', { changes }, old)).toBe('STEP_UP_REQUIRED');
    expect(await members()).toEqual(before);
    const as = await fresh();
    expect(await server.does('activateMembers', { ids: [suspended] }, as)).toBe('done');
    expect(await server.does('updateMemberRole', { id: active, role: 'VIEWER' }, as)).toBe('done');
    expect(await server.does('updateMemberRoles', { changes: [{ id: suspended, role: 'VIEWER' }] }, as)).toBe('done');
  });

  test('goes on with everything that gives nobody a way to let others in, and lets members in again who cannot', async () => {
    const member = await joined();
    expect(await server.does('inviteMember', { email: address(), role: 'MEMBER' }, old)).toBe('done');
    expect(await server.does('addMember', { email: address(), role: 'MEMBER' }, old)).toBe('done');
    expect(await server.does('updateMemberRole', { id: member, role: 'CUSTOMER' }, old)).toBe('done');
    expect(await server.does('updateMemberRoles', { changes: [{ id: member, role: 'MEMBER' }] }, old)).toBe('done');
    expect(await server.does('suspendMembers', { ids: [member] }, await fresh())).toBe('done');
    expect(await server.does('activateMembers', { ids: [member] }, old)).toBe('done');
  });

  test('leaves, because nobody is kept', async () => {
    const [first, second] = [await server.session(acme.email('member')), await server.session(acme.email('customer'))];
    server.pass(PROOF_OVER_MS);
    expect(await server.does('leaveOrganization', null, first)).toBe('done');
    expect(await server.does('removeMember', { id: acme.members.customer }, second)).toBe('done');
    old = await fresh();
    server.pass(PROOF_OVER_MS);
  });

  test('whose role may not do it at all is not asked to prove anything', async () => {
    const manager = await server.session(acme.email('manager'));
    server.pass(PROOF_OVER_MS);
    expect(await server.does('updateMemberRole', { id: acme.members.viewer, role: 'ADMIN' }, manager)).toBe('FORBIDDEN');
    expect(await server.does('removeMember', { id: acme.members.admin }, manager)).toBe('FORBIDDEN');
    expect(await server.does('inviteMember', { email: address(), role: 'MANAGER' }, manager)).toBe('FORBIDDEN');
    expect(await server.does('removeMembers', { ids: [acme.members.admin] }, manager)).toBe('done');
    old = await fresh();
    server.pass(PROOF_OVER_MS);
  });

  test('is written down as refused', async () => {
    await server.does('removeMember', { id: acme.members.viewer }, old);
    const [denial] = await server.sql(`SELECT data FROM events.events WHERE org_id = $1 AND type = 'ACCESS.DENIED' ORDER BY position DESC LIMIT 1`, acme.orgUuid);
    expect(denial?.['data']).toMatchObject({ code: 'STEP_UP_REQUIRED', field: 'Mutation.removeMember' });
  });
});

test('who has just proved to be there does all of it, and a key by its scopes as ever', async () => {
  for (const as of [await fresh(), acme.keys.owner]) {
    const member = await joined();
    expect(await server.does('inviteMember', { email: address(), role: 'ADMIN' }, as)).toBe('done');
    expect(await server.does('addMember', { email: address(), role: 'MANAGER' }, as)).toBe('done');
    expect(await server.does('updateMemberRole', { id: member, role: 'MANAGER' }, as)).toBe('done');
    expect(await server.does('updateMemberRoles', { changes: [{ id: member, role: 'ADMIN' }] }, as)).toBe('done');
    expect(await server.does('suspendMembers', { ids: [member] }, as)).toBe('done');
    expect(await server.does('removeMembers', { ids: [member] }, as)).toBe('done');
    expect(await server.does('removeMember', { id: await joined() }, as)).toBe('done');
  }
});

describe('the owner is told by mail of another administrator', () => {
  // So many mails are sent within an hour: no test takes those of the next.
  beforeEach(() => server.pass(HOUR_MS));
  const told = async () => (await server.outbox.all(acme.email('owner'))).filter(({ subject }) => subject.includes('another administrator'));
  const visiting = () => ({ 'x-organization-id': acme.organizationId });

  test.each<[string, () => Promise<[as: string, headers: Record<string, string>]>]>([
    ['by a key of the owner, which may be in other hands', async () => [acme.keys.owner, {}]],
    ['by an operator of the platform', async () => [await server.operatorSession(), visiting()]],
  ])('who was made one %s', async (_how, who) => {
    const [as, headers] = await who();
    const [one, two, three] = [await joined(), await joined(), await joined('ADMIN')];
    const email = address();
    const before = (await told()).length;
    expect(await server.does('addMember', { email, role: 'ADMIN' }, as, headers)).toBe('done');
    expect((await told()).slice(before).map(({ text }) => text.includes(email))).toEqual([true]);
    expect(await server.does('updateMemberRole', { id: one, role: 'ADMIN' }, as, headers)).toBe('done');
    expect(await told()).toHaveLength(before + 2);
    // Who is one already, and who becomes something else, is no news.
    const changes = [{ id: two, role: 'ADMIN' }, { id: three, role: 'ADMIN' }, { id: acme.members.viewer, role: 'CUSTOMER' }];
    expect(await server.does('updateMemberRoles', { changes }, as, headers)).toBe('done');
    expect(await told()).toHaveLength(before + 3);
    const repeated = { email: address(), role: 'ADMIN', idempotencyKey: `once ${email}` };
    await server.does('addMember', repeated, as, headers);
    await server.does('addMember', repeated, as, headers);
    expect(await told()).toHaveLength(before + 4);
  });

  test('who was suspended and is let in again as one', async () => {
    const [one, two] = [await joined('ADMIN'), await joined('MANAGER')];
    expect(await server.does('suspendMembers', { ids: [one, two] }, await fresh())).toBe('done');
    const before = (await told()).length;
    expect(await server.does('activateMembers', { ids: [two] }, acme.keys.owner)).toBe('done');
    expect(await told()).toHaveLength(before);
    expect(await server.does('activateMembers', { ids: [one] }, acme.keys.owner)).toBe('done');
    // Who is at work already is no news.
    expect(await server.does('activateMembers', { ids: [one] }, acme.keys.owner)).toBe('done');
    expect(await told()).toHaveLength(before + 1);
  });

  test('five times an hour, by whoever makes one in turns', async () => {
    const id = await joined();
    const before = (await told()).length;
    for (let turn = 0; turn < 7; turn += 1) for (const role of ['ADMIN', 'VIEWER']) expect(await server.does('updateMemberRole', { id, role }, acme.keys.owner)).toBe('done');
    expect(await told()).toHaveLength(before + 5);
  });

  test('who has joined by an invitation, because that was a while ago', async () => {
    const email = address();
    await server.does('inviteMember', { email, role: 'ADMIN' }, await fresh());
    const { token } = await server.outbox.last(email);
    const before = (await told()).length;
    await server.does('acceptInvitation', { token, password: NEW_PASSWORD });
    expect((await told()).slice(before).map(({ text }) => text.includes(email))).toEqual([true]);
  });

  test('and not of what the owner does in person, nor of other roles', async () => {
    const before = (await told()).length;
    const as = await fresh();
    await server.does('addMember', { email: address(), role: 'ADMIN' }, as);
    await server.does('updateMemberRole', { id: await joined(), role: 'ADMIN' }, as);
    await server.does('addMember', { email: address(), role: 'MANAGER' }, acme.keys.owner);
    expect(await told()).toHaveLength(before);
  });
});
