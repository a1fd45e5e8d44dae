import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../harness/world.ts';
import { openInviting, type Inviting } from './inviting.ts';
import { DAY_MS, MINUTE_MS, NEW_PASSWORD, type Server } from './server.ts';

let inviting: Inviting;
let server: Server;
beforeAll(async () => {
  inviting = await openInviting();
  server = inviting.server;
});
afterAll(() => server?.close());

describe('the mailbox of somebody who is invited', () => {
  const resend = (world: World, id: string) => inviting.mutate('resendInvitation', { id }, world.keys.owner);
  const mailsTo = async (email: string) => (await server.outbox.all(email)).length;
  /** Mails that others have sent the address within the day. */
  const filled = (email: string, count: number) =>
    server.sql(
      `INSERT INTO credentials.invitation_mails (recipient_hash, asked_by, mailed, asked_at)
       SELECT sha256(convert_to($1, 'UTF8')), uuidv7(), true, $2 FROM generate_series(1, $3)`,
      ...[email, new Date(server.now()), count],
    );

  test('gets one mail a minute of an organization, whether it sends one anew or takes it back and invites again', async () => {
    const [world, email] = [await inviting.company(), 'minute@comer.test'];
    const { id } = (await inviting.invite(world, email)).invitation;
    expect(await resend(world, id)).toMatchObject({ code: 'RATE_LIMITED', message: 'Too many invitations of this organization to this address: try again in 60 seconds.' });
    await inviting.mutate('revokeInvitation', { id }, world.keys.owner);
    expect(await inviting.invite(world, email)).toMatchObject({ code: 'RATE_LIMITED' });
    server.pass(MINUTE_MS - 1);
    expect(await inviting.invite(world, email)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await mailsTo(email)).toBe(1);
    server.pass(1);
    expect((await inviting.invite(world, email)).invitation).toMatchObject({ status: 'PENDING' });
    expect(await mailsTo(email)).toBe(2);
    // It is about the address: others are invited all the while.
    expect((await inviting.invite(world, 'other-minute@comer.test')).invitation).toMatchObject({ status: 'PENDING' });
  });

  test('gets ten a day of an organization', async () => {
    const [world, email] = [await inviting.company(), 'tenaday@comer.test'];
    const since = server.now();
    const { id } = (await inviting.invite(world, email)).invitation;
    for (let sent = 1; sent < 10; sent += 1) {
      server.pass(MINUTE_MS);
      expect((await resend(world, id)).invitation).toMatchObject({ sentCount: sent + 1 });
    }
    server.pass(61 * MINUTE_MS);
    expect(await resend(world, id)).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('to this address') });
    server.passUntil(since + DAY_MS - 1);
    expect(await resend(world, id)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await mailsTo(email)).toBe(10);
    server.passUntil(since + DAY_MS);
    expect((await resend(world, id)).invitation).toMatchObject({ sentCount: 11 });
    expect(await mailsTo(email)).toBe(11);
  });

  test('gets twenty a day of all organizations but for the first of each, and none can tell what others have sent', async () => {
    const [world, email, free] = [await inviting.company(), 'filled@comer.test', 'unfilled@comer.test'];
    await filled(email, 20);
    const shape = ({ invitation: { id, email: _, ...rest } }: { invitation: Record<string, unknown> }) => rest;
    /** All that an organization is answered about an address within a day. */
    const story = async (to: string) => {
      const since = server.now();
      const invited = await inviting.invite(world, to);
      const told: unknown[] = [shape(invited), await resend(world, invited.invitation.id)];
      for (let sent = 1; sent < 11; sent += 1) {
        server.pass(MINUTE_MS);
        const again = await resend(world, invited.invitation.id);
        told.push(again.invitation ? shape(again) : again);
      }
      server.passUntil(since + DAY_MS);
      return { id: invited.invitation.id as string, told };
    };
    const full = await story(email);
    expect(await mailsTo(email)).toBe(1);
    expect(full.told).toEqual((await story(free)).told);
    expect(await mailsTo(free)).toBe(10);
    expect((await resend(world, full.id)).invitation).toMatchObject({ sentCount: 11 });
    expect(await mailsTo(email)).toBe(2);
    const { token } = await server.outbox.last(email);
    expect((await inviting.accept({ token, password: NEW_PASSWORD })).__typename).toBe('AcceptInvitationSuccess');
  });

  test('gets the twentieth once, also when several organizations send it at the same time', async () => {
    const worlds = [await inviting.company(), await inviting.company(), await inviting.company()];
    for (const round of [1, 2, 3, 4]) {
      const email = `twentieth${round}@comer.test`;
      const first = await Promise.all(worlds.map((world) => inviting.invite(world, email)));
      await filled(email, 16);
      server.pass(MINUTE_MS);
      const answers = await Promise.all(worlds.map((world, index) => resend(world, first[index].invitation.id)));
      expect(answers.map(({ invitation }) => invitation?.sentCount)).toEqual([2, 2, 2]);
      expect(await mailsTo(email)).toBe(3 + 1);
    }
  });

  test('is not filled by what came to nothing, and nothing of it is kept for longer than a day', async () => {
    const [world, email] = [await inviting.company(), 'nothing@comer.test'];
    const { id } = (await inviting.invite(world, email)).invitation;
    server.pass(MINUTE_MS);
    expect(await inviting.invite(world, email)).toMatchObject({ code: 'CONFLICT' });
    expect((await resend(world, id)).invitation).toMatchObject({ sentCount: 2 });
    server.pass(DAY_MS);
    await resend(world, id);
    expect(await server.sql('SELECT 1 FROM credentials.invitation_mails WHERE asked_at < $1', new Date(server.now()))).toEqual([]);
  });

  test('is kept from no organization by others: two that send it all they may leave the first of a third its way', async () => {
    const [one, other, third, email] = [await inviting.company(), await inviting.company(), await inviting.company(), 'kept-away@comer.test'];
    const sent = [{ world: one, id: (await inviting.invite(one, email)).invitation.id }, { world: other, id: (await inviting.invite(other, email)).invitation.id }];
    for (let mails = 1; mails < 10; mails += 1) {
      server.pass(MINUTE_MS);
      for (const { world, id } of sent) expect((await resend(world, id)).invitation).toMatchObject({ sentCount: mails + 1 });
    }
    expect(await mailsTo(email)).toBe(20);
    const { id } = (await inviting.invite(third, email)).invitation;
    expect(await mailsTo(email)).toBe(21);
    // And no more: the day of the address is full.
    server.pass(MINUTE_MS);
    expect((await resend(third, id)).invitation).toMatchObject({ sentCount: 2 });
    expect(await mailsTo(email)).toBe(21);
  });
});
