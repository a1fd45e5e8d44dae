import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { outboxOf, type TestOutbox } from '../harness/outbox.ts';
import { appointOperator, PASSWORD, seedWorld, signIn, type World } from '../harness/world.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { untilWaiting } from '../domains/world.ts';

const NEW_PASSWORD = 'seventeen green lanterns drift';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WRONG_TOKEN = 'token: is unknown, used or too old: ask for a new one';

let api: TestApp;
let outbox: TestOutbox;
let operatorId: string;
let nowMs = Date.now();
let worlds = 0;
beforeAll(async () => {
  api = await startTestApp({ clock: { now: () => new Date(nowMs) } });
  outbox = outboxOf(api);
  operatorId = (await appointOperator(api)).userId;
});
afterAll(() => api?.close());

const company = () => seedWorld(api, `inviting${(worlds += 1)}`, operatorId, 1);
const sql = (text: string, ...values: unknown[]) => withClient(api.database.superuserUrl, async (client) => (await client.query<Record<string, unknown>>(text, values)).rows);

const INVITATION = 'invitation { id email role status sentCount }';
const SUCCESSES: Record<string, string> = { acceptInvitation: 'organizationId memberId', inviteMember: INVITATION, resendInvitation: INVITATION, revokeInvitation: INVITATION };

const mutate = async (name: string, input: object, as?: string, headers: Record<string, string> = {}) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}`;
  const success = SUCCESSES[name] ?? '__typename';
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${type}Success { ${success} } ... on Error { code message } } }`;
  const { data, errors } = await api.call(query, { input }, { as, headers });
  return errors ? { code: errors[0]!.extensions.code, message: errors[0]!.message } : data[name];
};
const invite = (world: World, email: string, role = 'VIEWER', as = world.keys.owner) => mutate('inviteMember', { email, role }, as);
const accept = (input: object, as?: string) => mutate('acceptInvitation', input, as);
const membersOf = (world: World, email: string) => sql('SELECT role::text, status::text, name FROM iam.memberships WHERE org_id = $1 AND email = $2', world.orgUuid, email);
const signsIn = async (email: string, password: string) => {
  const { data, errors } = await api.call('mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { __typename } }', { email, password });
  return errors ? errors[0]!.extensions.code : data.signIn.__typename;
};

describe('somebody without an account', () => {
  test('joins with the token that was sent, and signs in with the password set by it', async () => {
    const world = await company();
    const invited = await invite(world, 'New@Comer.test', 'MEMBER');
    expect(invited.invitation).toMatchObject({ email: 'new@comer.test', role: 'MEMBER', status: 'PENDING', sentCount: 1 });
    const mail = await outbox.last('new@comer.test');
    expect(mail.text).toContain('Organization inviting');
    const joined = await accept({ token: mail.token, password: NEW_PASSWORD, name: 'Newcomer' });
    expect(joined).toMatchObject({ __typename: 'AcceptInvitationSuccess', organizationId: world.organizationId });
    expect(await membersOf(world, 'new@comer.test')).toEqual([{ role: 'member', status: 'active', name: 'Newcomer' }]);
    expect(await signsIn('new@comer.test', NEW_PASSWORD)).toBe('SignInSuccess');
    const events = await sql('SELECT type, data, actor_membership_id FROM events.events WHERE org_id = $1 ORDER BY position DESC LIMIT 2', world.orgUuid);
    expect(events).toEqual([
      expect.objectContaining({ type: 'MEMBER.ADDED', actor_membership_id: uuidOf('Member', joined.memberId) }),
      expect.objectContaining({ type: 'INVITATION.ACCEPTED', data: { role: 'member' } }),
    ]);
  });

  test('sets a password that is hard to guess, or does not join', async () => {
    const world = await company();
    await invite(world, 'easy@guess.test');
    const { token } = await outbox.last('easy@guess.test');
    expect(await accept({ token })).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.stringContaining('password') });
    expect(await accept({ token, password: 'password1' })).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.stringContaining('easy to guess') });
    expect(await membersOf(world, 'easy@guess.test')).toEqual([]);
    expect((await accept({ token, password: NEW_PASSWORD })).__typename).toBe('AcceptInvitationSuccess');
  });

  test('of ten who send the token at the same time one joins, with one password', async () => {
    const world = await company();
    await invite(world, 'crowd@comer.test');
    const { token } = await outbox.last('crowd@comer.test');
    const passwords = Array.from({ length: 10 }, (_, place) => `${NEW_PASSWORD} ${place}`);
    const answers = await Promise.all(passwords.map((password) => accept({ token, password })));
    const joined = answers.filter(({ __typename }) => __typename === 'AcceptInvitationSuccess');
    expect(joined).toHaveLength(1);
    const winner = passwords[answers.indexOf(joined[0])]!;
    for (const { code } of answers.filter((answer) => !joined.includes(answer))) expect(['CONFLICT', 'VALIDATION_FAILED', 'SERVICE_UNAVAILABLE']).toContain(code);
    expect(await membersOf(world, 'crowd@comer.test')).toHaveLength(1);
    expect(await signsIn('crowd@comer.test', winner)).toBe('SignInSuccess');
  });
});

describe('somebody with an account', () => {
  test('joins when signed in with the invited address, and in no other way', async () => {
    const [home, away] = [await company(), await company()];
    const email = home.email('member');
    await invite(away, email, 'CUSTOMER');
    const { token } = await outbox.last(email);
    const stranger = await signIn(api.app, home.email('viewer'));
    const person = await signIn(api.app, email);
    expect(await accept({ token, password: NEW_PASSWORD })).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('sign in') });
    expect(await accept({ token }, stranger)).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('another address') });
    expect(await accept({ token }, home.keys.member)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await membersOf(away, email)).toEqual([]);
    expect(await accept({ token }, person)).toMatchObject({ organizationId: away.organizationId });
    expect(await membersOf(away, email)).toEqual([{ role: 'customer', status: 'active', name: null }]);
    // The password stays the person's own.
    expect(await signsIn(email, PASSWORD)).toBe('SignInSuccess');
  });

  test('who has left comes back with the invited role and none of the keys', async () => {
    const world = await company();
    await mutate('removeMember', { id: world.members.admin }, world.keys.owner);
    await invite(world, world.email('admin'));
    const { token } = await outbox.last(world.email('admin'));
    await accept({ token }, await signIn(api.app, world.email('admin')));
    expect(await membersOf(world, world.email('admin'))).toMatchObject([{ role: 'viewer', status: 'active' }]);
    expect((await api.call('{ viewer { role } }', {}, { as: world.keys.admin })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('a token', () => {
  const sent = async (role = 'VIEWER') => {
    const world = await company();
    const email = `late${worlds}@comer.test`;
    const { invitation } = await invite(world, email, role, role === 'VIEWER' ? world.keys.owner : world.keys.admin);
    return { world, email, id: invitation.id as string, token: (await outbox.last(email)).token };
  };
  const isVoid = async (token: string) => expect(await accept({ token, password: NEW_PASSWORD })).toEqual({ __typename: 'ValidationError', code: 'VALIDATION_FAILED', message: WRONG_TOKEN });

  test('that is unknown, or no token at all, is answered with the one text', async () => {
    for (const token of ['', 'x', `ti_${'a'.repeat(43)}`, `tv_${'a'.repeat(43)}`]) await isVoid(token);
  });

  test('works for 7 days', async () => {
    const { token } = await sent();
    const since = nowMs;
    nowMs = since + 7 * 24 * 60 * 60_000 - 1;
    const other = await sent();
    nowMs = since + 7 * 24 * 60 * 60_000;
    await isVoid(token);
    expect((await accept({ token: other.token, password: NEW_PASSWORD })).__typename).toBe('AcceptInvitationSuccess');
  });

  test('works once', async () => {
    const { token, email } = await sent();
    await accept({ token, password: NEW_PASSWORD });
    await isVoid(token);
    expect(await accept({ token }, await signIn(api.app, email))).toMatchObject({ message: WRONG_TOKEN });
  });

  test('is void when the invitation is taken back, and when it is sent anew', async () => {
    const { world, email, id, token } = await sent();
    nowMs += MINUTE_MS;
    expect((await mutate('resendInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ sentCount: 2, status: 'PENDING' });
    await isVoid(token);
    const next = (await outbox.last(email)).token;
    expect(next).not.toBe(token);
    expect((await mutate('revokeInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ status: 'REVOKED' });
    await isVoid(next);
    expect((await mutate('revokeInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ status: 'REVOKED' });
    expect(await mutate('resendInvitation', { id }, world.keys.owner)).toMatchObject({ code: 'CONFLICT' });
  });

  test('gives nothing that who sent it has lost: the membership, the role, or for now the way in', async () => {
    const removed = await sent('MEMBER');
    await mutate('removeMember', { id: removed.world.members.admin }, removed.world.keys.owner);
    await isVoid(removed.token);
    const demoted = await sent('MEMBER');
    await mutate('updateMemberRole', { id: demoted.world.members.admin, role: 'MANAGER' }, demoted.world.keys.owner);
    await isVoid(demoted.token);
    const paused = await sent('MEMBER');
    await sql("UPDATE iam.memberships SET status = 'suspended' WHERE id = $1", uuidOf('Member', paused.world.members.admin));
    await isVoid(paused.token);
    const quietly = await sent('MEMBER');
    await sql("UPDATE iam.memberships SET role = 'viewer' WHERE id = $1", uuidOf('Member', quietly.world.members.admin));
    await isVoid(quietly.token);
    expect(await sql('SELECT 1 FROM iam.memberships WHERE email = ANY($1)', [removed, demoted, paused, quietly].map(({ email }) => email))).toEqual([]);
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
    const answer = await withClient(api.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(change, [world.orgUuid]);
      let over = false;
      const accepting = accept({ token, password: NEW_PASSWORD }).finally(() => (over = true));
      await untilWaiting(sql, 1, () => over);
      await client.query('COMMIT');
      return accepting;
    });
    expect(answer).toMatchObject({ message: WRONG_TOKEN });
    expect(await membersOf(world, email)).toEqual([]);
  });

  test('opens nothing of an organization that is closed', async () => {
    const { world, token } = await sent();
    await sql("UPDATE iam.organizations SET status = 'suspended' WHERE id = $1", world.orgUuid);
    await isVoid(token);
  });

  test('opens nothing for an identity that is shut out', async () => {
    const { token, email } = await sent();
    await sql("INSERT INTO iam.users (email, status) VALUES ($1, 'suspended')", email);
    await isVoid(token);
  });

  test('is stored as its hash, is in no answer and in no log', async () => {
    const { world, token, id } = await sent();
    const [row] = await sql('SELECT token_hash FROM iam.invitations WHERE id = $1', uuidOf('Invitation', id));
    expect(row?.['token_hash']).toEqual(createHash('sha256').update(token).digest());
    const { data } = await api.call('{ invitations { edges { node { id email status invitedBy { email } } } } }', {}, { as: world.keys.owner });
    expect(JSON.stringify(data)).not.toContain(token);
    expect(JSON.stringify(await sql('SELECT data, tags, metadata FROM events.events WHERE org_id = $1', world.orgUuid))).not.toMatch(/ti_|@comer/);
  });
});

describe('inviting', () => {
  test('looks the same for an address that is known elsewhere', async () => {
    const [world, other] = [await company(), await company()];
    const shape = ({ invitation: { id, email, ...rest } }: { invitation: Record<string, unknown> }) => rest;
    const known = await invite(world, other.email('owner'));
    const unknown = await invite(world, 'nobody@nowhere.test');
    expect(shape(known)).toEqual(shape(unknown));
    expect((await outbox.last(other.email('owner'))).subject).toBe((await outbox.last('nobody@nowhere.test')).subject);
  });

  test('a member, or twice, is a conflict, also at the same time; after it was taken back it is none', async () => {
    const world = await company();
    expect(await invite(world, world.email('viewer'))).toMatchObject({ code: 'CONFLICT' });
    const answers = await Promise.all(Array.from({ length: 4 }, () => invite(world, 'twice@comer.test')));
    expect(answers.filter(({ invitation }) => invitation)).toHaveLength(1);
    expect(await outbox.all('twice@comer.test')).toHaveLength(1);
    const { invitation } = answers.find((answer) => answer.invitation)!;
    await mutate('revokeInvitation', { id: invitation.id }, world.keys.owner);
    nowMs += MINUTE_MS;
    expect((await invite(world, 'twice@comer.test')).invitation.id).not.toBe(invitation.id);
  });

  test('to a role that is not below one’s own is refused, at sending it anew and taking it back too', async () => {
    const world = await company();
    expect(await invite(world, 'boss@comer.test', 'ADMIN', world.keys.admin)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await invite(world, 'boss@comer.test', 'OWNER')).toMatchObject({ code: 'CONFLICT' });
    const { invitation } = await invite(world, 'boss@comer.test', 'ADMIN');
    for (const name of ['resendInvitation', 'revokeInvitation']) expect(await mutate(name, { id: invitation.id }, world.keys.manager)).toMatchObject({ code: 'FORBIDDEN' });
  });

  test('again by the same key sends no second mail', async () => {
    const world = await company();
    const send = () => mutate('inviteMember', { email: 'once@comer.test', role: 'VIEWER', idempotencyKey: 'one' }, world.keys.owner);
    expect(await send()).toEqual(await send());
    expect(await outbox.all('once@comer.test')).toHaveLength(1);
  });

  test('causes 20 mails an hour and organization, also when all are asked for at once', async () => {
    const world = await company();
    const answers = await Promise.all(Array.from({ length: 25 }, (_, place) => invite(world, `flood${place}@comer.test`)));
    expect(answers.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(5);
    const { id } = answers.find(({ invitation }) => invitation)!.invitation;
    expect(await mutate('resendInvitation', { id }, world.keys.owner)).toMatchObject({ code: 'RATE_LIMITED' });
    nowMs += 60 * 60_000;
    expect((await mutate('resendInvitation', { id }, world.keys.owner)).invitation).toMatchObject({ sentCount: 2 });
  });

  test("another organization's invitation is not found", async () => {
    const [world, other] = [await company(), await company()];
    const { invitation } = await invite(other, 'theirs@comer.test');
    for (const name of ['resendInvitation', 'revokeInvitation']) expect(await mutate(name, { id: invitation.id }, world.keys.owner)).toMatchObject({ code: 'NOT_FOUND' });
    expect((await api.call('query ($id: ID!) { node(id: $id) { id } }', { id: invitation.id }, { as: world.keys.owner })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('is done by members: an operator of the platform is told to let one', async () => {
    const world = await company();
    const operator = await appointOperator(api);
    expect(await mutate('inviteMember', { email: 'x@comer.test', role: 'VIEWER' }, operator.token, { 'x-organization-id': world.organizationId })).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('the mailbox of somebody who is invited', () => {
  const resend = (world: World, id: string) => mutate('resendInvitation', { id }, world.keys.owner);
  const mailsTo = async (email: string) => (await outbox.all(email)).length;
  /** Mails that others have sent the address within the day. */
  const filled = (email: string, count: number) =>
    sql(
      `INSERT INTO credentials.invitation_mails (recipient_hash, asked_by, mailed, asked_at)
       SELECT sha256(convert_to($1, 'UTF8')), uuidv7(), true, $2 FROM generate_series(1, $3)`,
      ...[email, new Date(nowMs), count],
    );

  test('gets one mail a minute of an organization, whether it sends one anew or takes it back and invites again', async () => {
    const [world, email] = [await company(), 'minute@comer.test'];
    const { id } = (await invite(world, email)).invitation;
    expect(await resend(world, id)).toMatchObject({ code: 'RATE_LIMITED', message: 'Too many invitations of this organization to this address: try again in 60 seconds.' });
    await mutate('revokeInvitation', { id }, world.keys.owner);
    expect(await invite(world, email)).toMatchObject({ code: 'RATE_LIMITED' });
    nowMs += MINUTE_MS - 1;
    expect(await invite(world, email)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await mailsTo(email)).toBe(1);
    nowMs += 1;
    expect((await invite(world, email)).invitation).toMatchObject({ status: 'PENDING' });
    expect(await mailsTo(email)).toBe(2);
    // It is about the address: others are invited all the while.
    expect((await invite(world, 'other-minute@comer.test')).invitation).toMatchObject({ status: 'PENDING' });
  });

  test('gets ten a day of an organization', async () => {
    const [world, email] = [await company(), 'tenaday@comer.test'];
    const since = nowMs;
    const { id } = (await invite(world, email)).invitation;
    for (let sent = 1; sent < 10; sent += 1) {
      nowMs += MINUTE_MS;
      expect((await resend(world, id)).invitation).toMatchObject({ sentCount: sent + 1 });
    }
    nowMs += 61 * MINUTE_MS;
    expect(await resend(world, id)).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('to this address') });
    nowMs = since + DAY_MS - 1;
    expect(await resend(world, id)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await mailsTo(email)).toBe(10);
    nowMs = since + DAY_MS;
    expect((await resend(world, id)).invitation).toMatchObject({ sentCount: 11 });
    expect(await mailsTo(email)).toBe(11);
  });

  test('gets twenty a day of all organizations but for the first of each, and none can tell what others have sent', async () => {
    const [world, email, free] = [await company(), 'filled@comer.test', 'unfilled@comer.test'];
    await filled(email, 20);
    const shape = ({ invitation: { id, email: _, ...rest } }: { invitation: Record<string, unknown> }) => rest;
    /** All that an organization is answered about an address within a day. */
    const story = async (to: string) => {
      const since = nowMs;
      const invited = await invite(world, to);
      const told: unknown[] = [shape(invited), await resend(world, invited.invitation.id)];
      for (let sent = 1; sent < 11; sent += 1) {
        nowMs += MINUTE_MS;
        const again = await resend(world, invited.invitation.id);
        told.push(again.invitation ? shape(again) : again);
      }
      nowMs = since + DAY_MS;
      return { id: invited.invitation.id as string, told };
    };
    const full = await story(email);
    expect(await mailsTo(email)).toBe(1);
    expect(full.told).toEqual((await story(free)).told);
    expect(await mailsTo(free)).toBe(10);
    expect((await resend(world, full.id)).invitation).toMatchObject({ sentCount: 11 });
    expect(await mailsTo(email)).toBe(2);
    const { token } = await outbox.last(email);
    expect((await accept({ token, password: NEW_PASSWORD })).__typename).toBe('AcceptInvitationSuccess');
  });

  test('gets the twentieth once, also when several organizations send it at the same time', async () => {
    const worlds = [await company(), await company(), await company()];
    for (const round of [1, 2, 3, 4]) {
      const email = `twentieth${round}@comer.test`;
      const first = await Promise.all(worlds.map((world) => invite(world, email)));
      await filled(email, 16);
      nowMs += MINUTE_MS;
      const answers = await Promise.all(worlds.map((world, index) => resend(world, first[index].invitation.id)));
      expect(answers.map(({ invitation }) => invitation?.sentCount)).toEqual([2, 2, 2]);
      expect(await mailsTo(email)).toBe(3 + 1);
    }
  });

  test('is not filled by what came to nothing, and nothing of it is kept for longer than a day', async () => {
    const [world, email] = [await company(), 'nothing@comer.test'];
    const { id } = (await invite(world, email)).invitation;
    nowMs += MINUTE_MS;
    expect(await invite(world, email)).toMatchObject({ code: 'CONFLICT' });
    expect((await resend(world, id)).invitation).toMatchObject({ sentCount: 2 });
    nowMs += DAY_MS;
    await resend(world, id);
    expect(await sql('SELECT 1 FROM credentials.invitation_mails WHERE asked_at < $1', new Date(nowMs))).toEqual([]);
  });

  test('is kept from no organization by others: two that send it all they may leave the first of a third its way', async () => {
    const [one, other, third, email] = [await company(), await company(), await company(), 'kept-away@comer.test'];
    const sent = [{ world: one, id: (await invite(one, email)).invitation.id }, { world: other, id: (await invite(other, email)).invitation.id }];
    for (let mails = 1; mails < 10; mails += 1) {
      nowMs += MINUTE_MS;
      for (const { world, id } of sent) expect((await resend(world, id)).invitation).toMatchObject({ sentCount: mails + 1 });
    }
    expect(await mailsTo(email)).toBe(20);
    const { id } = (await invite(third, email)).invitation;
    expect(await mailsTo(email)).toBe(21);
    // And no more: the day of the address is full.
    nowMs += MINUTE_MS;
    expect((await resend(third, id)).invitation).toMatchObject({ sentCount: 2 });
    expect(await mailsTo(email)).toBe(21);
  });
});

test('invitations are listed by where they stand now, a page at a time', async () => {
  const world = await company();
  const ids: string[] = [];
  for (const place of [0, 1, 2]) ids.push((await invite(world, `listed${place}@${worlds}.test`)).invitation.id);
  await mutate('revokeInvitation', { id: ids[0] }, world.keys.owner);
  await sql('UPDATE iam.invitations SET expires_at = $2 WHERE id = $1', uuidOf('Invitation', ids[1]!), new Date(nowMs));
  const list = async (filter: string) => {
    const { data } = await api.call(`{ invitations(orderBy: { field: CREATED_AT, direction: ASC }, ${filter}) { totalCount edges { node { id status } } } }`, {}, { as: world.keys.owner });
    return [data.invitations.totalCount, data.invitations.edges.map((edge: { node: { id: string; status: string } }) => [ids.indexOf(edge.node.id), edge.node.status])];
  };
  // The company had two before, whose time is over by this test's clock.
  const former = [[-1, 'EXPIRED'], [-1, 'EXPIRED']];
  expect(await list('first: 4')).toEqual([5, [...former, [0, 'REVOKED'], [1, 'EXPIRED']]]);
  expect(await list('filter: { status: { eq: PENDING } }')).toEqual([1, [[2, 'PENDING']]]);
  expect(await list('filter: { status: { in: [EXPIRED, REVOKED] } }')).toEqual([4, [...former, [0, 'REVOKED'], [1, 'EXPIRED']]]);
  expect(await list('filter: { status: { in: [] } }')).toEqual([0, []]);
});
