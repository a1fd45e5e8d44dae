import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { outboxOf, type TestOutbox } from '../harness/outbox.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

const PASSWORD = 'seventeen green lanterns drift';
const MINUTES_2_MS = 120_000;

let api: TestApp;
let outbox: TestOutbox;
let acme: World;
let operator: { readonly userId: string; readonly token: string };
let nowMs = Date.now();
beforeAll(async () => {
  api = await startTestApp({ clock: { now: () => new Date(nowMs) } });
  outbox = outboxOf(api);
  operator = await appointOperator(api);
  acme = await seedWorld(api, 'acme', operator.userId);
});
afterAll(() => api?.close());

const sql = (text: string, ...values: unknown[]) => withClient(api.database.superuserUrl, async (client) => (await client.query<Record<string, unknown>>(text, values)).rows);
async function does(name: string, input: object, as?: string, headers: Record<string, string> = {}): Promise<string> {
  const { data, errors } = await api.call(mutationQuery(name, input), { input }, { as, headers });
  return errors?.[0]?.extensions.code ?? data[name].code ?? 'done';
}

let count = 0;
/** An invitation that an administrator has sent. */
async function invited(role = 'VIEWER'): Promise<{ readonly email: string; readonly id: string }> {
  const email = `invited${(count += 1)}@there.test`;
  const query = 'mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { ... on InviteMemberSuccess { invitation { id } } } }';
  const { data } = await api.call(query, { input: { email, role } }, { as: acme.keys.admin });
  nowMs += MINUTES_2_MS;
  return { email, id: data.inviteMember.invitation.id };
}
const inviterOf = async (id: string) => (await sql('SELECT invited_by_id FROM iam.invitations WHERE id = $1', uuidOf('Invitation', id)))[0]?.['invited_by_id'];
const accepts = async (email: string) => does('acceptInvitation', { token: (await outbox.last(email)).token, password: PASSWORD });

describe('an invitation that somebody else sends anew', () => {
  test('is that one’s from then on: it is accepted, although who has sent it before is shut out', async () => {
    const { email, id } = await invited();
    expect(await does('suspendMembers', { ids: [acme.members.admin] }, acme.keys.owner)).toBe('done');
    expect(await accepts(email)).toBe('VALIDATION_FAILED');
    expect(await does('resendInvitation', { id }, acme.keys.manager)).toBe('done');
    expect(await inviterOf(id)).toBe(uuidOf('Member', acme.members.manager));
    expect(await accepts(email)).toBe('done');
    expect(await does('activateMembers', { ids: [acme.members.admin] }, acme.keys.owner)).toBe('done');
  });

  test('ends with the one who has sent it last, and not with the first', async () => {
    const { email, id } = await invited();
    await does('resendInvitation', { id }, acme.keys.manager);
    await does('removeMember', { id: acme.members.manager }, acme.keys.owner);
    expect(await accepts(email)).toBe('VALIDATION_FAILED');
    expect(await sql('SELECT 1 FROM iam.invitations WHERE id = $1 AND revoked_at IS NOT NULL', uuidOf('Invitation', id))).toHaveLength(1);
  });

  test('stays the first one’s when the other may not give its role', async () => {
    const { id } = await invited('MEMBER');
    const before = await inviterOf(id);
    const world = await seedWorld(api, 'other', operator.userId, 1);
    expect(await does('resendInvitation', { id }, world.keys.owner)).toBe('NOT_FOUND');
    await does('addMember', { email: 'second@manager.test', role: 'MANAGER' }, acme.keys.owner);
    expect(await does('resendInvitation', { id }, await signIn(api.app, 'second@manager.test'))).toBe('FORBIDDEN');
    expect(await inviterOf(id)).toBe(before);
  });

  test('is sent by members alone: an operator takes it back', async () => {
    const { id } = await invited();
    const as = await signIn(api.app, 'operator@platform.test');
    const headers = { 'x-organization-id': acme.organizationId };
    expect(await does('resendInvitation', { id }, as, headers)).toBe('CONFLICT');
    expect(await does('revokeInvitation', { id }, as, headers)).toBe('done');
  });
});
