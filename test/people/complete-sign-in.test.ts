import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilWaiting } from '../domains/world.ts';
import type { AppError } from '../../src/kernel/errors.ts';
import { PASSWORD } from '../harness/world.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type Account, MINUTE_MS, openSigningIn, outcomeOf, type SigningIn } from './signing-in.ts';

let world: SigningIn;
beforeAll(async () => {
  world = await openSigningIn();
});
afterAll(() => world?.close());

const sessionsOf = async ({ userId }: Account): Promise<number> =>
  (await world.sql('SELECT 1 FROM iam.sessions WHERE user_id = $1 AND ended_at IS NULL', userId)).length;

describe('signing in with a second factor', () => {
  test('takes the password and then a code: the password alone opens nothing', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const before = await sessionsOf(person);
    const { data } = await world.signIn(person);
    expect(data.signIn).toEqual({ __typename: 'SecondFactorRequired', challengeToken: expect.stringMatching(/^tc_[\w-]{43}$/), expiresAt: new Date(world.now().getTime() + 5 * MINUTE_MS).toISOString() });
    expect(await sessionsOf(person)).toBe(before);
    const completed = await world.complete(data.signIn.challengeToken, { code: person.code() });
    expect(completed.data.completeSignIn).toMatchObject({ __typename: 'CompleteSignInSuccess', recoveryCodesLeft: null });
    const viewer = await world.call('{ viewer { user { email } stepUpUntil } }', {}, { as: completed.data.completeSignIn.accessToken });
    expect(viewer.data.viewer).toEqual({ user: { email: person.email }, stepUpUntil: new Date(world.now().getTime() + 10 * MINUTE_MS).toISOString() });
    expect((await world.sql('SELECT second_factor_at AS at FROM iam.sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1', person.userId))[0].at).toEqual(world.now());
  });

  test('takes a recovery code in place of one, and the person is told by mail', async () => {
    const person = await world.guarded();
    const completed = await world.complete(await world.challengeOf(person), { recoveryCode: person.recoveryCodes[3]! });
    expect(completed.data.completeSignIn).toMatchObject({ __typename: 'CompleteSignInSuccess', recoveryCodesLeft: 9 });
    const mail = await world.outbox.last(person.email);
    expect(mail.subject).toBe('A recovery code was used at Tenantry');
    expect(mail.text).toContain('9 are left');
  });

  test('sets cookies for a browser that asks for them', async () => {
    const person = await world.guarded();
    const completed = await world.complete(await world.challengeOf(person), { recoveryCode: person.recoveryCodes[0]! }, { cookie: true });
    expect(completed.headers.getSetCookie().join('\n')).toContain(completed.data.completeSignIn.accessToken);
  });
});

describe('a challenge', () => {
  test('opens one session: a second answer, right as well, opens none', async () => {
    const person = await world.guarded();
    const challenge = await world.challengeOf(person);
    expect(outcomeOf(await world.complete(challenge, { recoveryCode: person.recoveryCodes[0]! }))).toBe('CompleteSignInSuccess');
    expect(outcomeOf(await world.complete(challenge, { recoveryCode: person.recoveryCodes[1]! }))).toBe('UNAUTHENTICATED');
  });

  test('opens one session also when five right answers meet', async () => {
    const person = await world.guarded();
    const challenge = await world.challengeOf(person);
    const before = await sessionsOf(person);
    // Held where each of them has proved it and would use the challenge up.
    const answers = await withClient(world.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE iam.sessions IN SHARE MODE');
      let over = false;
      const all = Promise.all(person.recoveryCodes.slice(0, 5).map((recoveryCode) => world.complete(challenge, { recoveryCode }))).finally(() => {
        over = true;
      });
      await untilWaiting(world.sql, 5, () => over);
      await client.query('COMMIT');
      return all;
    });
    expect(answers.map(outcomeOf).sort()).toEqual(['CompleteSignInSuccess', ...Array.from({ length: 4 }, () => 'UNAUTHENTICATED')]);
    expect(await sessionsOf(person)).toBe(before + 1);
  });

  test('opens none when the password is changed between the proof and the session', async () => {
    const person = await world.guarded();
    const challenge = await world.challengeOf(person);
    const before = await sessionsOf(person);
    const answer = await withClient(world.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE iam.sessions IN SHARE MODE');
      let over = false;
      const completed = world.complete(challenge, { recoveryCode: person.recoveryCodes[0]! }).finally(() => {
        over = true;
      });
      await untilWaiting(world.sql, 1, () => over);
      // What a change of the password does first.
      await client.query('UPDATE credentials.tokens SET used_at = now() WHERE user_id = $1 AND used_at IS NULL', [person.userId]);
      await client.query('COMMIT');
      return completed;
    });
    expect(outcomeOf(answer)).toBe('UNAUTHENTICATED');
    expect(await sessionsOf(person)).toBe(before);
  });

  test('is good for five attempts: after five wrong codes the right one comes too late', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const challenge = await world.challengeOf(person);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(outcomeOf(await world.complete(challenge, { code: '000000' }))).toBe('UNAUTHENTICATED');
      // The lock of the codes is another wall: see below.
      await world.sql('DELETE FROM credentials.sign_in_attempts');
    }
    expect(outcomeOf(await world.complete(challenge, { code: person.code() }))).toBe('UNAUTHENTICATED');
    expect(outcomeOf(await world.complete(await world.challengeOf(person), { code: person.code() }))).toBe('CompleteSignInSuccess');
  });

  test('is good for five minutes', async () => {
    const person = await world.guarded();
    const [last, late] = [await world.challengeOf(person), await world.challengeOf(person)];
    world.pass(5 * MINUTE_MS - 1);
    expect(outcomeOf(await world.complete(last, { code: person.code() }))).toBe('CompleteSignInSuccess');
    world.pass(1);
    expect(outcomeOf(await world.complete(late, { recoveryCode: person.recoveryCodes[0]! }))).toBe('UNAUTHENTICATED');
  });

  test('takes no code of somebody else', async () => {
    const [person, other] = [await world.guarded(), await world.guarded()];
    world.pass(MINUTE_MS);
    const challenge = await world.challengeOf(person);
    for (const proof of [{ code: other.code() }, { recoveryCode: other.recoveryCodes[0]! }]) {
      expect(outcomeOf(await world.complete(challenge, proof))).toBe('UNAUTHENTICATED');
    }
  });

  test('is void when the password was changed, or the person suspended', async () => {
    const [person, other] = [await world.guarded(), await world.guarded()];
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    const challenge = await world.challengeOf(person);
    const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }';
    expect(outcomeOf(await world.call(change, { input: { currentPassword: PASSWORD, newPassword: 'another staple of a horse' } }, { as }))).toBe('ChangePasswordSuccess');
    expect(outcomeOf(await world.complete(challenge, { recoveryCode: person.recoveryCodes[0]! }))).toBe('UNAUTHENTICATED');
    const suspended = await world.challengeOf(other);
    await world.sql(`UPDATE iam.users SET status = 'suspended' WHERE id = $1`, other.userId);
    expect(outcomeOf(await world.complete(suspended, { recoveryCode: other.recoveryCodes[0]! }))).toBe('UNAUTHENTICATED');
  });

  test('whatever is wrong about it or its answer, the text is one', async () => {
    const person = await world.guarded();
    const challenge = await world.challengeOf(person);
    const answers = [
      await world.complete(challenge, { code: '000000' }),
      await world.complete(challenge, { code: '' }),
      await world.complete(challenge, { code: 'x'.repeat(100) }),
      await world.complete(challenge, { recoveryCode: 'AAAA-AAAA-AAAA-AAAA' }),
      await world.complete(`tc_${'a'.repeat(43)}`, { code: '000000' }),
      await world.complete('', { code: '000000' }),
      await world.complete('nonsense\0', { recoveryCode: person.recoveryCodes[0]! }),
    ];
    expect(new Set(answers.map(({ errors }) => errors?.[0]?.message)).size).toBe(1);
    expect(new Set(answers.map(outcomeOf))).toEqual(new Set(['UNAUTHENTICATED']));
  });

  test('is answered with exactly one proof', async () => {
    const challenge = await world.challengeOf(await world.guarded());
    for (const proof of [{}, { code: '000000', recoveryCode: 'x' }, { code: null }]) {
      const { errors } = await world.complete(challenge, proof);
      expect(errors?.[0]?.extensions.code).toBe('VALIDATION_FAILED');
    }
  });
});

describe('wrong codes', () => {
  test('lock the codes as wrong passwords lock the door, over however many challenges, and the person is told by mail', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // A right password gives back none of the codes.
      const challenge = await world.challengeOf(person);
      expect(outcomeOf(await world.complete(challenge, { code: '000000' }))).toBe('UNAUTHENTICATED');
    }
    expect(outcomeOf(await world.complete(await world.challengeOf(person), { code: person.code() }))).toBe('UNAUTHENTICATED');
    expect((await world.outbox.last(person.email)).subject).toBe('Wrong codes were sent at Tenantry');
    world.pass(15 * MINUTE_MS);
    expect(await world.enter(person)).toMatch(/^ta_/);
  });

  test('lock them also for challenges that were there before, with the right code', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const [first, second] = [await world.challengeOf(person), await world.challengeOf(person)];
    for (let attempt = 0; attempt < 5; attempt += 1) await world.complete(first, { code: '000000' });
    const { errors } = await world.complete(second, { code: person.code() });
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    // And it used up nothing of a code that it did not look at.
    await world.sql('DELETE FROM credentials.sign_in_attempts');
    expect(outcomeOf(await world.complete(second, { code: person.code() }))).toBe('CompleteSignInSuccess');
  });

  test('are forgotten when the sign-in is completed', async () => {
    const person = await world.guarded();
    for (let round = 0; round < 3; round += 1) {
      world.pass(MINUTE_MS);
      const challenge = await world.challengeOf(person);
      for (let attempt = 0; attempt < 4; attempt += 1) await world.complete(challenge, { code: '000000' });
      expect(outcomeOf(await world.complete(challenge, { code: person.code() }))).toBe('CompleteSignInSuccess');
    }
  });

  test('are five at most, also when twenty are sent at the same time to as many challenges', async () => {
    const person = await world.guarded();
    const challenges: string[] = [];
    while (challenges.length < 20) challenges.push(await world.challengeOf(person));
    await Promise.all(challenges.map((challenge) => world.complete(challenge, { code: '000000' })));
    const [{ failures }] = await world.sql('SELECT max(failures) AS failures FROM credentials.sign_in_attempts');
    expect(failures).toBe(5);
    expect(outcomeOf(await world.complete(await world.challengeOf(person), { code: person.code() }))).toBe('UNAUTHENTICATED');
  });
});

test('of one network only so many attempts a minute are answered', async () => {
  const limited = await openSigningIn({ RATE_LIMITS: 'on' });
  try {
    const send = async (ip: string): Promise<unknown> => {
      const answer = { challengeToken: 'tc_', proof: { code: '000000' } };
      const refused = await limited.app.services.auth.completeSignIn(answer, { ip }).catch((error: AppError) => error);
      return (refused as AppError).code;
    };
    const outcomes: unknown[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) outcomes.push(await send('203.0.113.9'));
    expect(outcomes).toEqual([...Array.from({ length: 5 }, () => 'UNAUTHENTICATED'), 'RATE_LIMITED']);
    expect(await send('198.51.100.7')).toBe('UNAUTHENTICATED');
  } finally {
    await limited.close();
  }
});

test('the answers hold neither password nor code, and what is stored holds no challenge', async () => {
  const person = await world.guarded();
  const { data } = await world.signIn(person);
  expect(JSON.stringify(data)).not.toContain(PASSWORD);
  const rows = await world.sql('SELECT t::text AS everything FROM credentials.tokens t WHERE user_id = $1', person.userId);
  expect(JSON.stringify(rows)).not.toContain(data.signIn.challengeToken.slice(3));
});
