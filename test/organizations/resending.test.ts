import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
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
/** An invitation that an administrator has sent. */
async function invited(role = 'VIEWER'): Promise<{ readonly email: string; readonly id: string }> {
  const email = `invited${(count += 1)}@there.test`;
  const query = 'mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { ... on InviteMemberSuccess { invitation { id } } } }';
  const { data } = await server.call(query, { input: { email, role } }, { as: acme.keys.admin });
  server.pass(2 * MINUTE_MS);
  return { email, id: data.inviteMember.invitation.id };
}
const inviterOf = async (id: string) => (await server.sql('SELECT invited_by_id FROM iam.invitations WHERE id = $1', uuidOf('Invitation', id)))[0]?.['invited_by_id'];
const accepts = async (email: string) => server.does('acceptInvitation', { token: (await server.outbox.last(email)).token, password: NEW_PASSWORD });

describe('an invitation that somebody else sends anew', () => {
  test('is that one’s from then on: it is accepted, although who has sent it before is shut out', async () => {
    const { email, id } = await invited();
    expect(await server.does('suspendMembers', { ids: [acme.members.admin] }, acme.keys.owner)).toBe('done');
    expect(await accepts(email)).toBe('VALIDATION_FAILED');
    expect(await server.does('resendInvitation', { id }, acme.keys.manager)).toBe('done');
    expect(await inviterOf(id)).toBe(uuidOf('Member', acme.members.manager));
    expect(await accepts(email)).toBe('done');
    expect(await server.does('activateMembers', { ids: [acme.members.admin] }, acme.keys.owner)).toBe('done');
  });

  test('ends with the one who has sent it last, and not with the first', async () => {
    const { email, id } = await invited();
    await server.does('resendInvitation', { id }, acme.keys.manager);
    await server.does('removeMember', { id: acme.members.manager }, acme.keys.owner);
    expect(await accepts(email)).toBe('VALIDATION_FAILED');
    expect(await server.sql('SELECT 1 FROM iam.invitations WHERE id = $1 AND revoked_at IS NOT NULL', uuidOf('Invitation', id))).toHaveLength(1);
  });

  test('stays the first one’s when the other may not give its role', async () => {
    const { id } = await invited('MEMBER');
    const before = await inviterOf(id);
    const world = await server.company('other', 1);
    expect(await server.does('resendInvitation', { id }, world.keys.owner)).toBe('NOT_FOUND');
    await server.does('addMember', { email: 'second@manager.test', role: 'MANAGER' }, acme.keys.owner);
    expect(await server.does('resendInvitation', { id }, await server.session('second@manager.test'))).toBe('FORBIDDEN');
    expect(await inviterOf(id)).toBe(before);
  });

  test('is sent by members alone: an operator takes it back', async () => {
    const { id } = await invited();
    const as = await server.operatorSession();
    const headers = { 'x-organization-id': acme.organizationId };
    expect(await server.does('resendInvitation', { id }, as, headers)).toBe('CONFLICT');
    expect(await server.does('revokeInvitation', { id }, as, headers)).toBe('done');
  });
});
