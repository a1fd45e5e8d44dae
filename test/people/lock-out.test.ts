import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { untilWaiting } from '../domains/world.ts';
import { ANOTHER, calls, DAY, HOUR, MINUTE, openPeople, PASSWORD, type PeopleWorld } from './people.ts';

let world: PeopleWorld;
beforeAll(async () => {
  world = await openPeople();
});
afterAll(() => world?.close());

let count = 0;
const somebody = async (): Promise<string> => {
  const email = `person${(count += 1)}@lock-out.test`;
  await world.join(email);
  return email;
};
const answer = async (email: string, password: string) => {
  const { status, data, errors } = await calls(world.api, 'signIn', { email, password });
  return { status, data, errors };
};
const opens = async (email: string, password = PASSWORD): Promise<boolean> => {
  const { data } = await answer(email, password);
  return data.signIn?.__typename === 'SignInSuccess';
};
const fail = async (email: string, times: number): Promise<void> => {
  for (let time = 0; time < times; time += 1) expect(await opens(email, `wrong ${time}`)).toBe(false);
};

describe('five wrong passwords', () => {
  test('lock the address: the right one is refused with the same answer, byte for byte', async () => {
    const email = await somebody();
    const wrong = await answer(email, 'wrong');
    await fail(email, 4);
    expect(await answer(email, PASSWORD)).toEqual(wrong);
  });

  test('are five: after four the right one opens', async () => {
    const email = await somebody();
    await fail(email, 4);
    expect(await opens(email)).toBe(true);
  });

  test('are five also when a hundred come at once: none of the others is believed', async () => {
    const email = await somebody();
    await Promise.all(Array.from({ length: 100 }, (_, index) => answer(email, `wrong ${index}`)));
    expect(await opens(email)).toBe(false);
  });

  test('are five also for those who meet at the very row', async () => {
    const hash = Buffer.alloc(32, 7);
    const attempt = () => world.api.app.preTenant.takeSignInAttempt(hash, world.now());
    await attempt();
    const taken = await withClient(world.api.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM credentials.sign_in_attempts WHERE subject_hash = $1 FOR UPDATE', [hash]);
      const attempts = Promise.all(Array.from({ length: 8 }, attempt));
      await untilWaiting(world.sql, 8);
      await client.query('COMMIT');
      return attempts;
    });
    expect(taken.filter(({ locked }) => !locked)).toHaveLength(4);
    expect(taken.filter(({ locksUntil }) => locksUntil !== null)).toHaveLength(1);
  });

  test('do not add up over sign-ins that were right', async () => {
    const email = await somebody();
    for (let round = 0; round < 3; round += 1) {
      await fail(email, 4);
      expect(await opens(email)).toBe(true);
    }
  });

  test('lock one address and no other, in whatever spelling', async () => {
    const [email, other] = [await somebody(), await somebody()];
    await fail(email.toUpperCase(), 5);
    expect(await opens(` ${email} `)).toBe(false);
    expect(await opens(other)).toBe(true);
  });
});

describe('a lock', () => {
  test('lasts 15 minutes, and twice as long each further time, up to a day', async () => {
    const email = await somebody();
    for (const minutes of [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440]) {
      await fail(email, 5);
      world.pass(minutes * MINUTE - 1_000);
      expect([minutes, await opens(email)]).toEqual([minutes, false]);
      world.pass(1_000);
    }
    expect(await opens(email)).toBe(true);
  });

  test('is not made longer by what comes while it lasts', async () => {
    const email = await somebody();
    await fail(email, 5);
    world.pass(14 * MINUTE);
    await fail(email, 20);
    world.pass(MINUTE);
    expect(await opens(email)).toBe(true);
  });

  test('begins at 15 minutes again after a quiet day, and after a right sign-in', async () => {
    const [quiet, right] = [await somebody(), await somebody()];
    for (const email of [quiet, right]) {
      await fail(email, 5);
      world.pass(15 * MINUTE);
      await fail(email, 5);
      world.pass(30 * MINUTE);
    }
    expect(await opens(right)).toBe(true);
    world.pass(DAY);
    for (const email of [quiet, right]) {
      await fail(email, 5);
      world.pass(15 * MINUTE);
      expect(await opens(email)).toBe(true);
    }
  });

  test('ends with a new password that came by mail, and sessions that were open before go on meanwhile', async () => {
    const email = await somebody();
    const { accessToken } = await world.does('signIn', { email, password: PASSWORD });
    await fail(email, 5);
    expect((await world.api.call('{ viewer { kind } }', {}, { as: accessToken })).data.viewer).toEqual({ kind: 'USER' });
    await world.does('requestPasswordReset', { email });
    const { token } = await world.outbox.last(email);
    await world.does('resetPassword', { token, password: ANOTHER });
    expect(await opens(email, ANOTHER)).toBe(true);
  });

  test('is told by mail to whoever has the address, once a lock, and to nobody else', async () => {
    const email = await somebody();
    const nobody = 'nobody@lock-out.test';
    await fail(email, 9);
    await fail(nobody, 9);
    const mails = await world.outbox.all(email);
    expect(mails.map(({ subject }) => subject)).toEqual(['Confirm your address for Tenantry', 'Signing in to Tenantry is locked for a while']);
    expect(mails.at(-1)!.text).toContain(`${new Date(world.now().getTime() + 15 * MINUTE).toISOString().slice(0, 13).replace('T', ' ')}`);
    expect(await world.outbox.all(nobody)).toEqual([]);
  });
});

test('an address that nobody has is locked in the same way', async () => {
  const nobody = 'unknown@lock-out.test';
  await fail(nobody, 5);
  const [row] = await world.sql('SELECT failures, rounds FROM credentials.sign_in_attempts ORDER BY last_at DESC LIMIT 1');
  expect(row).toEqual({ failures: 5, rounds: 0 });
  // Whoever takes the address later finds it as it was left: locked like any other.
  await world.does('register', { email: nobody, password: PASSWORD });
  expect(await opens(nobody)).toBe(false);
});

test('whoever reads what was counted learns no address from it', async () => {
  const email = await somebody();
  await fail(email, 1);
  expect(JSON.stringify(await world.sql('SELECT a::text FROM credentials.sign_in_attempts a'))).not.toContain('lock-out');
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(email));
  expect(await world.sql('SELECT 1 FROM credentials.sign_in_attempts WHERE subject_hash = $1', Buffer.from(digest))).toEqual([]);
});

test('wrong passwords of changePassword lock it after five, also for a step-up: a stolen session is no way to guess without end', async () => {
  const email = await somebody();
  const { accessToken: as } = await world.does('signIn', { email, password: PASSWORD });
  const change = (currentPassword: string) => world.does('changePassword', { currentPassword, newPassword: ANOTHER }, { as });
  for (let guess = 0; guess < 5; guess += 1) expect((await change(`wrong ${guess}`)).__typename).toBe('ValidationError');
  expect((await change(PASSWORD)).message).toBe('currentPassword: is wrong, or wrong ones were sent too often: try again later');
  const stepUp = 'mutation { stepUp(input: { proof: { password: "correct horse battery staple" } }) { __typename } }';
  expect((await world.api.call(stepUp, {}, { as })).data.stepUp.__typename).toBe('ValidationError');
  expect((await world.outbox.all(email)).map(({ subject }) => subject).slice(1)).toEqual(['Wrong passwords in an open session at Tenantry']);
  // The door is another one.
  expect(await opens(email)).toBe(true);
  world.pass(15 * MINUTE);
  const { accessToken: later } = await world.does('signIn', { email, password: PASSWORD });
  expect((await world.does('changePassword', { currentPassword: PASSWORD, newPassword: ANOTHER }, { as: later })).__typename).toBe('ChangePasswordSuccess');
});

test('what is over is cleared away: attempts after three days, tokens a week after their end', async () => {
  await world.join('cleared@lock-out.test');
  await fail('cleared@lock-out.test', 1);
  const left = async () => (await world.sql('SELECT (SELECT count(*) FROM credentials.tokens)::int AS tokens, (SELECT count(*) FROM credentials.sign_in_attempts)::int AS attempts'))[0]!;
  const clear = (afterMs: number) => world.api.app.preTenant.clearCredentials(new Date(world.now().getTime() + afterMs));
  const atLeast = (least: number) => expect.toSatisfy((found: number) => found >= least);
  await clear(71 * HOUR);
  expect(await left()).toEqual({ attempts: atLeast(1), tokens: atLeast(1) });
  await clear(73 * HOUR);
  expect(await left()).toEqual({ attempts: 0, tokens: atLeast(1) });
  await clear(8 * DAY + HOUR);
  expect(await left()).toEqual({ attempts: 0, tokens: 0 });
});
