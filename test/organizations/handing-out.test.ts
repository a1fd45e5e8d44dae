import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { outboxOf, type TestOutbox } from '../harness/outbox.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

// A session that somebody has copied ends with its password; an administrator whom it has made does not.

const ELEVEN_MINUTES_MS = 11 * 60_000;

let api: TestApp;
let outbox: TestOutbox;
let operator: { readonly userId: string; readonly token: string };
let acme: World;
/** Of the owner, and a proof that is too old. */
let old: string;
let nowMs = Date.now();
beforeAll(async () => {
  api = await startTestApp({ clock: { now: () => new Date(nowMs) } });
  outbox = outboxOf(api);
  operator = await appointOperator(api);
  acme = await seedWorld(api, 'acme', operator.userId);
  old = await signIn(api.app, acme.email('owner'));
  nowMs += ELEVEN_MINUTES_MS;
});
afterAll(() => api?.close());

const sql = (text: string, ...values: unknown[]) => withClient(api.database.superuserUrl, async (client) => (await client.query<Record<string, unknown>>(text, values)).rows);
const fresh = () => signIn(api.app, acme.email('owner'));
async function does(name: string, input: object | null, as: string, headers: Record<string, string> = {}): Promise<string> {
  const { data, errors } = await api.call(mutationQuery(name, input), { input }, { as, headers });
  return errors?.[0]?.extensions.code ?? data[name].code ?? 'done';
}

let count = 0;
const address = () => `new${(count += 1)}@acme.test`;
/** Somebody new in the organization, who may be changed and removed. */
async function joined(role = 'VIEWER'): Promise<string> {
  const query = 'mutation ($input: AddMemberInput!) { addMember(input: $input) { ... on AddMemberSuccess { member { id } } } }';
  return (await api.call(query, { input: { email: address(), role } }, { as: await fresh() })).data.addMember.member.id as string;
}
const members = () => sql('SELECT id, role::text, status::text FROM iam.memberships WHERE org_id = $1 ORDER BY id', acme.orgUuid);
const invitations = () => sql('SELECT id, sent_count FROM iam.invitations WHERE org_id = $1 ORDER BY id', acme.orgUuid);

describe('a session whose person has proved nothing lately', () => {
  test.each(['MANAGER', 'ADMIN'])('makes nobody a %s', async (role) => {
    const member = await joined();
    const before = [await members(), await invitations()];
    expect(await does('inviteMember', { email: address(), role }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('addMember', { email: address(), role }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('updateMemberRole', { id: member, role }, old)).toBe('STEP_UP_REQUIRED');
    // One of them is enough, and the others are not changed then either.
    const changes = [{ id: acme.members.viewer, role: 'CUSTOMER' }, { id: member, role }];
    expect(await does('updateMemberRoles', { changes }, old)).toBe('STEP_UP_REQUIRED');
    expect([await members(), await invitations()]).toEqual(before);
  });

  test('sends nobody an invitation anew that would make an administrator', async () => {
    const email = address();
    const query = 'mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { ... on InviteMemberSuccess { invitation { id } } } }';
    const { data } = await api.call(query, { input: { email, role: 'ADMIN' } }, { as: await fresh() });
    nowMs += 120_000;
    expect(await does('resendInvitation', { id: data.inviteMember.invitation.id }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('resendInvitation', { id: data.inviteMember.invitation.id }, await fresh())).toBe('done');
  });

  test('removes and suspends nobody else, alone or with others', async () => {
    const member = await joined('MEMBER');
    const before = await members();
    expect(await does('removeMember', { id: member }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('removeMembers', { ids: [acme.members.owner, member] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('suspendMembers', { ids: [member] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await members()).toEqual(before);
  });

  test.each(['MANAGER', 'ADMIN'])('neither lets a suspended %s in again nor takes that role away', async (role) => {
    const [suspended, active, other] = [await joined(role), await joined(role), await joined()];
    expect(await does('suspendMembers', { ids: [suspended] }, await fresh())).toBe('done');
    const before = await members();
    expect(await does('activateMembers', { ids: [suspended] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('activateMembers', { ids: [other, suspended] }, old)).toBe('STEP_UP_REQUIRED');
    expect(await does('updateMemberRole', { id: active, role: 'VIEWER' }, old)).toBe('STEP_UP_REQUIRED');
    const changes = [{ id: other, role: 'CUSTOMER' }, { id: active, role: 'VIEWER' }];
    expect(await does('updateMemberRoles', { changes }, old)).toBe('STEP_UP_REQUIRED');
    expect(await members()).toEqual(before);
    const as = await fresh();
    expect(await does('activateMembers', { ids: [suspended] }, as)).toBe('done');
    expect(await does('updateMemberRole', { id: active, role: 'VIEWER' }, as)).toBe('done');
    expect(await does('updateMemberRoles', { changes: [{ id: suspended, role: 'VIEWER' }] }, as)).toBe('done');
  });

  test('goes on with everything that gives nobody a way to let others in, and lets members in again who cannot', async () => {
    const member = await joined();
    expect(await does('inviteMember', { email: address(), role: 'MEMBER' }, old)).toBe('done');
    expect(await does('addMember', { email: address(), role: 'MEMBER' }, old)).toBe('done');
    expect(await does('updateMemberRole', { id: member, role: 'CUSTOMER' }, old)).toBe('done');
    expect(await does('updateMemberRoles', { changes: [{ id: member, role: 'MEMBER' }] }, old)).toBe('done');
    expect(await does('suspendMembers', { ids: [member] }, await fresh())).toBe('done');
    expect(await does('activateMembers', { ids: [member] }, old)).toBe('done');
  });

  test('leaves, because nobody is kept', async () => {
    const [first, second] = [await signIn(api.app, acme.email('member')), await signIn(api.app, acme.email('customer'))];
    nowMs += ELEVEN_MINUTES_MS;
    expect(await does('leaveOrganization', null, first)).toBe('done');
    expect(await does('removeMember', { id: acme.members.customer }, second)).toBe('done');
    old = await fresh();
    nowMs += ELEVEN_MINUTES_MS;
  });

  test('whose role may not do it at all is not asked to prove anything', async () => {
    const manager = await signIn(api.app, acme.email('manager'));
    nowMs += ELEVEN_MINUTES_MS;
    expect(await does('updateMemberRole', { id: acme.members.viewer, role: 'ADMIN' }, manager)).toBe('FORBIDDEN');
    expect(await does('removeMember', { id: acme.members.admin }, manager)).toBe('FORBIDDEN');
    expect(await does('inviteMember', { email: address(), role: 'MANAGER' }, manager)).toBe('FORBIDDEN');
    expect(await does('removeMembers', { ids: [acme.members.admin] }, manager)).toBe('done');
    old = await fresh();
    nowMs += ELEVEN_MINUTES_MS;
  });

  test('is written down as refused', async () => {
    await does('removeMember', { id: acme.members.viewer }, old);
    const [denial] = await sql(`SELECT data FROM events.events WHERE org_id = $1 AND type = 'ACCESS.DENIED' ORDER BY position DESC LIMIT 1`, acme.orgUuid);
    expect(denial?.['data']).toMatchObject({ code: 'STEP_UP_REQUIRED', field: 'Mutation.removeMember' });
  });
});

test('who has just proved to be there does all of it, and a key by its scopes as ever', async () => {
  for (const as of [await fresh(), acme.keys.owner]) {
    const member = await joined();
    expect(await does('inviteMember', { email: address(), role: 'ADMIN' }, as)).toBe('done');
    expect(await does('addMember', { email: address(), role: 'MANAGER' }, as)).toBe('done');
    expect(await does('updateMemberRole', { id: member, role: 'MANAGER' }, as)).toBe('done');
    expect(await does('updateMemberRoles', { changes: [{ id: member, role: 'ADMIN' }] }, as)).toBe('done');
    expect(await does('suspendMembers', { ids: [member] }, as)).toBe('done');
    expect(await does('removeMembers', { ids: [member] }, as)).toBe('done');
    expect(await does('removeMember', { id: await joined() }, as)).toBe('done');
  }
});

describe('the owner is told by mail of another administrator', () => {
  // So many mails are sent within an hour: no test takes those of the next.
  beforeEach(() => void (nowMs += 60 * 60_000));
  const told = async () => (await outbox.all(acme.email('owner'))).filter(({ subject }) => subject.includes('another administrator'));
  const visiting = () => ({ 'x-organization-id': acme.organizationId });

  test.each<[string, () => Promise<[as: string, headers: Record<string, string>]>]>([
    ['by a key of the owner, which may be in other hands', async () => [acme.keys.owner, {}]],
    ['by an operator of the platform', async () => [await signIn(api.app, 'operator@platform.test'), visiting()]],
  ])('who was made one %s', async (_how, who) => {
    const [as, headers] = await who();
    const [one, two, three] = [await joined(), await joined(), await joined('ADMIN')];
    const email = address();
    const before = (await told()).length;
    expect(await does('addMember', { email, role: 'ADMIN' }, as, headers)).toBe('done');
    expect((await told()).slice(before).map(({ text }) => text.includes(email))).toEqual([true]);
    expect(await does('updateMemberRole', { id: one, role: 'ADMIN' }, as, headers)).toBe('done');
    expect(await told()).toHaveLength(before + 2);
    // Who is one already, and who becomes something else, is no news.
    const changes = [{ id: two, role: 'ADMIN' }, { id: three, role: 'ADMIN' }, { id: acme.members.viewer, role: 'CUSTOMER' }];
    expect(await does('updateMemberRoles', { changes }, as, headers)).toBe('done');
    expect(await told()).toHaveLength(before + 3);
    const repeated = { email: address(), role: 'ADMIN', idempotencyKey: `once ${email}` };
    await does('addMember', repeated, as, headers);
    await does('addMember', repeated, as, headers);
    expect(await told()).toHaveLength(before + 4);
  });

  test('who was suspended and is let in again as one', async () => {
    const [one, two] = [await joined('ADMIN'), await joined('MANAGER')];
    expect(await does('suspendMembers', { ids: [one, two] }, await fresh())).toBe('done');
    const before = (await told()).length;
    expect(await does('activateMembers', { ids: [two] }, acme.keys.owner)).toBe('done');
    expect(await told()).toHaveLength(before);
    expect(await does('activateMembers', { ids: [one] }, acme.keys.owner)).toBe('done');
    // Who is at work already is no news.
    expect(await does('activateMembers', { ids: [one] }, acme.keys.owner)).toBe('done');
    expect(await told()).toHaveLength(before + 1);
  });

  test('five times an hour, by whoever makes one in turns', async () => {
    const id = await joined();
    const before = (await told()).length;
    for (let turn = 0; turn < 7; turn += 1) for (const role of ['ADMIN', 'VIEWER']) expect(await does('updateMemberRole', { id, role }, acme.keys.owner)).toBe('done');
    expect(await told()).toHaveLength(before + 5);
  });

  test('who has joined by an invitation, because that was a while ago', async () => {
    const email = address();
    await does('inviteMember', { email, role: 'ADMIN' }, await fresh());
    const { token } = await outbox.last(email);
    const before = (await told()).length;
    await api.call(mutationQuery('acceptInvitation', {}), { input: { token, password: 'seventeen green lanterns drift' } });
    expect((await told()).slice(before).map(({ text }) => text.includes(email))).toEqual([true]);
  });

  test('and not of what the owner does in person, nor of other roles', async () => {
    const before = (await told()).length;
    const as = await fresh();
    await does('addMember', { email: address(), role: 'ADMIN' }, as);
    await does('updateMemberRole', { id: await joined(), role: 'ADMIN' }, as);
    await does('addMember', { email: address(), role: 'MANAGER' }, acme.keys.owner);
    expect(await told()).toHaveLength(before);
  });
});
