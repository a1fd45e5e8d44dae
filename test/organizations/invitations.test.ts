import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { untilWaiting } from '../domains/world.ts';
import { PASSWORD } from '../harness/world.ts';
import { openInviting, type Inviting } from './inviting.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, NEW_PASSWORD, type Server } from './server.ts';

const WRONG_TOKEN = 'token: is unknown, used or too old: ask for a new one';

let inviting: Inviting;
let server: Server;
beforeAll(async () => {
  inviting = await openInviting();
  server = inviting.server;
});
afterAll(() => server?.close());

describe('somebody without an account', () => {
  test('joins with the token that was sent, and signs in with the password set by it', async () => {
    const world = await inviting.company();
    const invited = await inviting.invite(world, 'New@Comer.test', 'MEMBER');
    expect(invited.invitation).toMatchObject({ email: 'new@comer.test', role: 'MEMBER', status: 'PENDING', sentCount: 1 });
    const mail = await server.outbox.last('new@comer.test');
    expect(mail.text).toContain('Organization inviting');
    const joined = await inviting.accept({ token: mail.token, password: NEW_PASSWORD, name: 'Newcomer' });
    expect(joined).toMatchObject({ __typename: 'AcceptInvitationSuccess', organizationId: world.organizationId });
    expect(await inviting.membersOf(world, 'new@comer.test')).toEqual([{ role: 'member', status: 'active', name: 'Newcomer' }]);
    expect(await server.signsIn('new@comer.test', NEW_PASSWORD)).toBe('SignInSuccess');
    const events = await server.sql('SELECT type, data, actor_membership_id FROM events.events WHERE org_id = $1 ORDER BY position DESC LIMIT 2', world.orgUuid);
    expect(events).toEqual([
      expect.objectContaining({ type: 'MEMBER.ADDED', actor_membership_id: uuidOf('Member', joined.memberId) }),
      expect.objectContaining({ type: 'INVITATION.ACCEPTED', data: { role: 'member' } }),
    ]);
  });

  test('sets a password that is hard to guess, or does not join', async () => {
    const world = await inviting.company();
    await inviting.invite(world, 'easy@guess.test');
    const { token } = await server.outbox.last('easy@guess.test');
    expect(await inviting.accept({ token })).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.stringContaining('password') });
    expect(await inviting.accept({ token, password: 'password1' })).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.stringContaining('easy to guess') });
    expect(await inviting.membersOf(world, 'easy@guess.test')).toEqual([]);
    expect((await inviting.accept({ token, password: NEW_PASSWORD })).__typename).toBe('AcceptInvitationSuccess');
  });

  test('of ten who send the token at the same time one joins, with one password', async () => {
    const world = await inviting.company();
    await inviting.invite(world, 'crowd@comer.test');
    const { token } = await server.outbox.last('crowd@comer.test');
    const passwords = Array.from({ length: 10 }, (_, place) => `${NEW_PASSWORD} ${place}`);
    const answers = await Promise.all(passwords.map((password) => inviting.accept({ token, password })));
    const joined = answers.filter(({ __typename }) => __typename === 'AcceptInvitationSuccess');
    expect(joined).toHaveLength(1);
    const winner = passwords[answers.indexOf(joined[0])]!;
    for (const { code } of answers.filter((answer) => !joined.includes(answer))) expect(['CONFLICT', 'VALIDATION_FAILED', 'SERVICE_UNAVAILABLE']).toContain(code);
    expect(await inviting.membersOf(world, 'crowd@comer.test')).toHaveLength(1);
    expect(await server.signsIn('crowd@comer.test', winner)).toBe('SignInSuccess');
  });
});

describe('somebody with an account', () => {
  test('joins when signed in with the invited address, and in no other way', async () => {
    const [home, away] = [await inviting.company(), await inviting.company()];
    const email = home.email('member');
    await inviting.invite(away, email, 'CUSTOMER');
    const { token } = await server.outbox.last(email);
    const stranger = await server.session(home.email('viewer'));
    const person = await server.session(email);
    expect(await inviting.accept({ token, password: NEW_PASSWORD })).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('sign in') });
    expect(await inviting.accept({ token }, stranger)).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('another address') });
    expect(await inviting.accept({ token }, home.keys.member)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await inviting.membersOf(away, email)).toEqual([]);
    expect(await inviting.accept({ token }, person)).toMatchObject({ organizationId: away.organizationId });
    expect(await inviting.membersOf(away, email)).toEqual([{ role: 'customer', status: 'active', name: null }]);
    // The password stays the person's own.
    expect(await server.signsIn(email, PASSWORD)).toBe('SignInSuccess');
  });

  test('who has left comes back with the invited role and none of the keys', async () => {
    const world = await inviting.company();
    await inviting.mutate('removeMember', { id: world.members.admin }, world.keys.owner);
    await inviting.invite(world, world.email('admin'));
    const { token } = await server.outbox.last(world.email('admin'));
    await inviting.accept({ token }, await server.session(world.email('admin')));
    expect(await inviting.membersOf(world, world.email('admin'))).toMatchObject([{ role: 'viewer', status: 'active' }]);
    expect((await server.call('{ viewer { role } }', {}, { as: world.keys.admin })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('a token', () => {
  const sent = async (role = 'VIEWER') => {
    const world = await inviting.company();
    const email = `late-${world.slug}@comer.test`;
    const { invitation } = await inviting.invite(world, email, role, role === 'VIEWER' ? world.keys.owner : world.keys.admin);
    return { world, email, id: invitation.id as string, token: (await server.outbox.last(email)).token };
  };
  const isVoid = async (token: string) => expect(await inviting.accept({ token, password: NEW_PASSWORD })).toEqual({ __typename: 'ValidationError', code: 'VALIDATION_FAILED', message: WRONG_TOKEN });

  test('that is unknown, or no token at all, is answered with the one text', async () => {
    for (const token of ['', 'x', `ti_${'a'.repeat(43)}`, `tv_${'a'.repeat(43)}`]) await isVoid(token);
  });

  test('works for 7 days', async () => {
    const { token } = await sent();
    const since = server.now();
    server.passUntil(since + 7 * DAY_MS - 1);
    const other = await sent();
    server.passUntil(since + 7 * DAY_MS);
    await isVoid(token);
    expect((await inviting.accept({ token: other.token, password: NEW_PASSWORD })).__typename).toBe('AcceptInvitationSuccess');
  });

  test('works once', async () => {
    const { token, email } = await sent();
    await inviting.accept({ token, password: NEW_PASSWORD });
    await isVoid(token);
    expect(await inviting.accept({ token }, await server.session(email))).toMatchObject({ message: WRONG_TOKEN });
  });

  test('is void when the invitation is taken back, and when it is sent anew', async () => {
    const { world, email, id, token } = await sent();
    server.pass(MINUTE_MS);
    expect((await inviting.mutate('resendInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ sentCount: 2, status: 'PENDING' });
    await isVoid(token);
    const next = (await server.outbox.last(email)).token;
    expect(next).not.toBe(token);
    expect((await inviting.mutate('revokeInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ status: 'REVOKED' });
    await isVoid(next);
    expect((await inviting.mutate('revokeInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ status: 'REVOKED' });
    expect(await inviting.mutate('resendInvitation', { id }, world.keys.owner)).toMatchObject({ code: 'CONFLICT' });
  });

  test('gives nothing that who sent it has lost: the membership, the role, or for now the way in', async () => {
    const removed = await sent('MEMBER');
    await inviting.mutate('removeMember', { id: removed.world.members.admin }, removed.world.keys.owner);
    await isVoid(removed.token);
    const demoted = await sent('MEMBER');
    await inviting.mutate('updateMemberRole', { id: demoted.world.members.admin, role: 'MANAGER' }, demoted.world.keys.owner);
    await isVoid(demoted.token);
    const paused = await sent('MEMBER');
    await server.sql("UPDATE iam.memberships SET status = 'suspended' WHERE id = $1", uuidOf('Member', paused.world.members.admin));
    await isVoid(paused.token);
    const quietly = await sent('MEMBER');
    await server.sql("UPDATE iam.memberships SET role = 'viewer' WHERE id = $1", uuidOf('Member', quietly.world.members.admin));
    await isVoid(quietly.token);
    expect(await server.sql('SELECT 1 FROM iam.memberships WHERE email = ANY($1)', [removed, demoted, paused, quietly].map(({ email }) => email))).toEqual([]);
  });

  test.each([
    ['taken back', 'UPDATE iam.invitations SET revoked_at = now() WHERE org_id = $1'],
    ['sent anew', 'UPDATE iam.invitations SET sent_count = sent_count + 1, token_hash = sha256(token_hash) WHERE org_id = $1'],
    ['accepted', 'UPDATE iam.invitations SET accepted_at = now() WHERE org_id = $1'],
    ['worth less, as who sent it has another role', "UPDATE iam.memberships SET role = 'viewer' WHERE org_id = $1 AND role = 'admin'"],
    ['sent by nobody any more', "UPDATE iam.memberships SET status = 'left', left_at = now() WHERE org_id = $1 AND role = 'admin'"],
    ['for an organization that is gone', "UPDATE iam.organizations SET status = 'deleted' WHERE id = $1"],
  ])('that is %s while it is being accepted is void', async (_what, change) => {
    const { world, email, token } = await sent('MEMBER');
    const answer = await withClient(server.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(change, [world.orgUuid]);
      let over = false;
      const accepting = inviting.accept({ token, password: NEW_PASSWORD }).finally(() => (over = true));
      await untilWaiting(server.sql, 1, () => over);
      await client.query('COMMIT');
      return accepting;
    });
    expect(answer).toMatchObject({ message: WRONG_TOKEN });
    expect(await inviting.membersOf(world, email)).toEqual([]);
  });

  test('opens nothing of an organization that is closed', async () => {
    const { world, token } = await sent();
    await server.sql("UPDATE iam.organizations SET status = 'suspended' WHERE id = $1", world.orgUuid);
    await isVoid(token);
  });

  test('opens nothing for an identity that is shut out', async () => {
    const { token, email } = await sent();
    await server.sql("INSERT INTO iam.users (email, status) VALUES ($1, 'suspended')", email);
    await isVoid(token);
  });

  test('is stored as its hash, is in no answer and in no log', async () => {
    const { world, token, id } = await sent();
    const [row] = await server.sql('SELECT token_hash FROM iam.invitations WHERE id = $1', uuidOf('Invitation', id));
    expect(row?.['token_hash']).toEqual(createHash('sha256').update(token).digest());
    const { data } = await server.call('{ invitations { edges { node { id email status invitedBy { email } } } } }', {}, { as: world.keys.owner });
    expect(JSON.stringify(data)).not.toContain(token);
    expect(JSON.stringify(await server.sql('SELECT data, tags, metadata FROM events.events WHERE org_id = $1', world.orgUuid))).not.toMatch(/ti_|@comer/);
  });
});

describe('inviting', () => {
  test('looks the same for an address that is known elsewhere', async () => {
    const [world, other] = [await inviting.company(), await inviting.company()];
    const shape = ({ invitation: { id, email, ...rest } }: { invitation: Record<string, unknown> }) => rest;
    const known = await inviting.invite(world, other.email('owner'));
    const unknown = await inviting.invite(world, 'nobody@nowhere.test');
    expect(shape(known)).toEqual(shape(unknown));
    expect((await server.outbox.last(other.email('owner'))).subject).toBe((await server.outbox.last('nobody@nowhere.test')).subject);
  });

  test('a member, or twice, is a conflict, also at the same time; after it was taken back it is none', async () => {
    const world = await inviting.company();
    expect(await inviting.invite(world, world.email('viewer'))).toMatchObject({ code: 'CONFLICT' });
    const answers = await Promise.all(Array.from({ length: 4 }, () => inviting.invite(world, 'twice@comer.test')));
    expect(answers.filter(({ invitation }) => invitation)).toHaveLength(1);
    expect(await server.outbox.all('twice@comer.test')).toHaveLength(1);
    const { invitation } = answers.find((answer) => answer.invitation)!;
    await inviting.mutate('revokeInvitation', { id: invitation.id }, world.keys.owner);
    server.pass(MINUTE_MS);
    expect((await inviting.invite(world, 'twice@comer.test')).invitation.id).not.toBe(invitation.id);
  });

  test('to a role that is not below one’s own is refused, at sending it anew and taking it back too', async () => {
    const world = await inviting.company();
    expect(await inviting.invite(world, 'boss@comer.test', 'ADMIN', world.keys.admin)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await inviting.invite(world, 'boss@comer.test', 'OWNER')).toMatchObject({ code: 'CONFLICT' });
    const { invitation } = await inviting.invite(world, 'boss@comer.test', 'ADMIN');
    for (const name of ['resendInvitation', 'revokeInvitation']) expect(await inviting.mutate(name, { id: invitation.id }, world.keys.manager)).toMatchObject({ code: 'FORBIDDEN' });
  });

  test('again by the same key sends no second mail', async () => {
    const world = await inviting.company();
    const send = () => inviting.mutate('inviteMember', { email: 'once@comer.test', role: 'VIEWER', idempotencyKey: 'one' }, world.keys.owner);
    expect(await send()).toEqual(await send());
    expect(await server.outbox.all('once@comer.test')).toHaveLength(1);
  });

  test('causes 20 mails an hour and organization, also when all are asked for at once', async () => {
    const world = await inviting.company();
    const answers = await Promise.all(Array.from({ length: 25 }, (_, place) => inviting.invite(world, `flood${place}@comer.test`)));
    expect(answers.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(5);
    const { id } = answers.find(({ invitation }) => invitation)!.invitation;
    expect(await inviting.mutate('resendInvitation', { id }, world.keys.owner)).toMatchObject({ code: 'RATE_LIMITED' });
    server.pass(HOUR_MS);
    expect((await inviting.mutate('resendInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ sentCount: 2 });
  });

  test("another organization's invitation is not found", async () => {
    const [world, other] = [await inviting.company(), await inviting.company()];
    const { invitation } = await inviting.invite(other, 'theirs@comer.test');
    for (const name of ['resendInvitation', 'revokeInvitation']) expect(await inviting.mutate(name, { id: invitation.id }, world.keys.owner)).toMatchObject({ code: 'NOT_FOUND' });
    expect((await server.call('query ($id: ID!) { node(id: $id) { id } }', { id: invitation.id }, { as: world.keys.owner })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('is done by members: an operator of the platform is told to let one', async () => {
    const world = await inviting.company();
    expect(await inviting.mutate('inviteMember', { email: 'x@comer.test', role: 'VIEWER' }, await server.operatorSession(), { 'x-organization-id': world.organizationId })).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

test('invitations are listed by where they stand now, a page at a time', async () => {
  const world = await inviting.company();
  const ids: string[] = [];
  for (const place of [0, 1, 2]) ids.push((await inviting.invite(world, `listed${place}@${world.slug}.test`)).invitation.id);
  await inviting.mutate('revokeInvitation', { id: ids[0] }, world.keys.owner);
  await server.sql('UPDATE iam.invitations SET expires_at = $2 WHERE id = $1', uuidOf('Invitation', ids[1]!), new Date(server.now()));
  const list = async (filter: string) => {
    const { data } = await server.call(`{ invitations(orderBy: { field: CREATED_AT, direction: ASC }, ${filter}) { totalCount edges { node { id status } } } }`, {}, { as: world.keys.owner });
    return [data.invitations.totalCount, data.invitations.edges.map((edge: { node: { id: string; status: string } }) => [ids.indexOf(edge.node.id), edge.node.status])];
  };
  // The company had two before, whose time is over by this test's clock.
  const former = [[-1, 'EXPIRED'], [-1, 'EXPIRED']];
  expect(await list('first: 4')).toEqual([5, [...former, [0, 'REVOKED'], [1, 'EXPIRED']]]);
  expect(await list('filter: { status: { eq: PENDING } }')).toEqual([1, [[2, 'PENDING']]]);
  expect(await list('filter: { status: { in: [EXPIRED, REVOKED] } }')).toEqual([4, [...former, [0, 'REVOKED'], [1, 'EXPIRED']]]);
  expect(await list('filter: { status: { in: [] } }')).toEqual([0, []]);
});
