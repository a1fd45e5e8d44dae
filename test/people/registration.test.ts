import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/platform/crypto/tokens.ts';
import { ANOTHER, DAY, HOUR, MINUTE, openPeople, PASSWORD, type PeopleWorld } from './people.ts';

let world: PeopleWorld;
beforeAll(async () => {
  world = await openPeople();
});
afterAll(() => world?.close());

const USELESS = { __typename: 'ValidationError', message: 'token: is unknown, used or too old: ask for a new one' };
const WRONG = { __typename: 'ValidationError', message: 'password: is wrong: it is the one that was chosen with this registration' };
const WHO = '{ viewer { user { email name emailVerified } } }';

let count = 0;
/** An address that nobody has, registered. */
async function registered(password = PASSWORD, name?: string): Promise<{ email: string; token: string }> {
  const email = `person${(count += 1)}@registration.test`;
  expect(await world.does('register', { email, password, name })).toEqual({ __typename: 'RegisterSuccess', sentTo: email });
  return { email, token: (await world.outbox.last(email)).token };
}
const signIn = (email: string, password = PASSWORD) => world.does('signIn', { email, password });
const verify = (token: string, password = PASSWORD) => world.does('verifyEmail', { token, password });

describe('an address', () => {
  test('is registered, proved and then signs in', async () => {
    const { email, token } = await registered(PASSWORD, 'Ada');
    expect(await signIn(email)).toBe('UNAUTHENTICATED');
    const { accessToken } = await verify(token);
    const { data } = await world.api.call(WHO, {}, { as: accessToken });
    expect(data.viewer.user).toEqual({ email, name: 'Ada', emailVerified: true });
    expect((await signIn(email)).__typename).toBe('SignInSuccess');
  });

  test('is in no organization yet, which its person is told in place of to choose one', async () => {
    const { token } = await registered();
    const { accessToken } = await verify(token);
    const { errors } = await world.api.call('{ workflows { totalCount } }', {}, { as: accessToken });
    expect(errors).toMatchObject([{ message: expect.stringContaining('You are in no organization yet: accept an invitation'), extensions: { code: 'TENANT_CONTEXT_REQUIRED' } }]);
  });

  test('is the same in every spelling, and gets one account', async () => {
    const { email } = await registered();
    world.pass(2 * MINUTE);
    await world.does('register', { email: ` ${email.toUpperCase()} `, password: PASSWORD });
    expect(await world.sql('SELECT count(*)::int AS people FROM iam.users WHERE email = $1', email)).toEqual([{ people: 1 }]);
    await verify((await world.outbox.last(email)).token);
    expect((await signIn(email.toUpperCase())).__typename).toBe('SignInSuccess');
  });

  test('that somebody has is told so by mail, and nothing about it changes', async () => {
    const { email, token } = await registered();
    await verify(token);
    world.pass(2 * MINUTE);
    expect(await world.does('register', { email, password: ANOTHER })).toEqual({ __typename: 'RegisterSuccess', sentTo: email });
    const mail = await world.outbox.last(email);
    expect(mail.subject).toBe('Your account at Tenantry');
    expect(mail.links).toEqual([]);
    expect(await signIn(email, ANOTHER)).toBe('UNAUTHENTICATED');
    expect((await signIn(email)).__typename).toBe('SignInSuccess');
  });
});

describe('the token of a mail', () => {
  test('works once', async () => {
    const { token } = await registered();
    expect((await verify(token)).__typename).toBe('VerifyEmailSuccess');
    expect(await verify(token)).toMatchObject(USELESS);
  });

  test('works once also for ten who send it at the same time', async () => {
    const { token } = await registered();
    const results = await Promise.all(Array.from({ length: 10 }, () => world.does('verifyEmail', { token, password: PASSWORD })));
    expect(results.filter(({ __typename }) => __typename === 'VerifyEmailSuccess')).toHaveLength(1);
    expect(results.filter(({ __typename }) => __typename === 'ValidationError')).toHaveLength(9);
  });

  test('works for 24 hours and not a moment longer', async () => {
    const [early, late] = [await registered(), await registered()];
    world.pass(DAY - MINUTE);
    expect((await verify(early.token)).__typename).toBe('VerifyEmailSuccess');
    world.pass(MINUTE);
    expect(await verify(late.token)).toMatchObject(USELESS);
  });

  test('works for ten guesses at the password, and then for nobody', async () => {
    const { token } = await registered();
    for (let guess = 0; guess < 10; guess += 1) expect(await verify(token, `${ANOTHER} ${guess}`)).toMatchObject(WRONG);
    expect(await verify(token)).toMatchObject(USELESS);
  });

  test('is of use for nothing else, and nothing else is of use for it', async () => {
    const { email, token } = await registered();
    expect(await world.does('resetPassword', { token, password: ANOTHER })).toMatchObject(USELESS);
    await verify(token);
    await world.does('requestPasswordReset', { email });
    expect(await verify((await world.outbox.last(email)).token)).toMatchObject(USELESS);
    for (const nonsense of ['', 'tv_x', `tv_${'a'.repeat(43)}`]) expect(await verify(nonsense)).toMatchObject(USELESS);
  });

  test('is in no table: what is stored is its hash', async () => {
    const { token } = await registered();
    const stored = JSON.stringify(await world.sql('SELECT t::text FROM credentials.tokens t'));
    expect(stored).not.toContain(token.slice(3));
    expect(stored).toContain(Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('hex'));
  });
});

describe('each function of the database asks for itself, whatever was asked before it', () => {
  const pre = () => world.api.app.preTenant;
  const hashOf = async () => sha256((await registered()).token);
  const later = () => new Date(world.now().getTime() + DAY);

  test('for the time', async () => {
    const hash = await hashOf();
    expect(await pre().findOpenToken(hash, 'verify_email', later())).toBeNull();
    expect(await pre().useToken(hash, 'verify_email', later())).toBeNull();
    expect(await pre().completeRegistration(hash, later())).toBeNull();
    expect(await pre().completeRegistration(hash, world.now())).not.toBeNull();
  });

  test('for the purpose', async () => {
    const hash = await hashOf();
    for (const purpose of ['reset_password', 'second_factor'] as const) {
      expect(await pre().findOpenToken(hash, purpose, world.now())).toBeNull();
      expect(await pre().useToken(hash, purpose, world.now())).toBeNull();
    }
    expect(await pre().completeReset(hash, '$argon2id$x', {}, world.now())).toBeNull();
    expect(await pre().findOpenToken(hash, 'verify_email', world.now())).not.toBeNull();
  });

  test('whether it was used', async () => {
    const hash = await hashOf();
    expect(await pre().useToken(hash, 'verify_email', world.now())).not.toBeNull();
    expect(await pre().useToken(hash, 'verify_email', world.now())).toBeNull();
    expect(await pre().findOpenToken(hash, 'verify_email', world.now())).toBeNull();
    expect(await pre().completeRegistration(hash, world.now())).toBeNull();
  });
});

describe('whoever registers an address of somebody else', () => {
  test('gets nothing by it: the link alone opens nothing, and the password of the stranger never works', async () => {
    const { email, token } = await registered('the words of a stranger');
    expect(await verify(token)).toMatchObject(WRONG);
    expect(await signIn(email, 'the words of a stranger')).toBe('UNAUTHENTICATED');
  });

  test('does not keep its owner from registering, and is void as soon as the owner has', async () => {
    const strange = await registered('the words of a stranger');
    world.pass(2 * MINUTE);
    await world.does('register', { email: strange.email, password: PASSWORD });
    const own = (await world.outbox.last(strange.email)).token;
    expect(own).not.toBe(strange.token);
    expect((await verify(own)).__typename).toBe('VerifyEmailSuccess');
    const open = 'SELECT 1 FROM credentials.tokens t JOIN iam.users u ON u.id = t.user_id WHERE u.email = $1 AND t.used_at IS NULL';
    expect(await world.sql(open, strange.email)).toEqual([]);
    expect(await verify(strange.token, 'the words of a stranger')).toMatchObject(USELESS);
    expect(await signIn(strange.email, 'the words of a stranger')).toBe('UNAUTHENTICATED');
  });

  test('is void also when the owner comes by a new password instead', async () => {
    const strange = await registered('the words of a stranger');
    await world.does('requestPasswordReset', { email: strange.email });
    const { token } = await world.outbox.last(strange.email);
    expect(await world.does('resetPassword', { token, password: PASSWORD })).toMatchObject({ __typename: 'ResetPasswordSuccess' });
    expect(await verify(strange.token, 'the words of a stranger')).toMatchObject(USELESS);
    expect((await signIn(strange.email)).__typename).toBe('SignInSuccess');
  });
});

test('registrations of one customer, from however many networks, hold up those of nobody else', async () => {
  const register = (ip: string): Promise<string> =>
    world.api.app.services.people
      .register({ email: `person${(count += 1)}@registration.test`, password: PASSWORD }, { ip })
      .then(() => 'sent', (error: { code: string }) => error.code);
  const many = Array.from({ length: 30 }, (_, network) => register(`2001:db8:1:${network}::1`));
  expect(await register('2001:db8:2::1')).toBe('sent');
  expect(await register('203.0.113.7')).toBe('sent');
  expect((await Promise.all(many)).filter((outcome) => outcome === 'SERVICE_UNAVAILABLE').length).toBeGreaterThan(10);
});

describe('the mail of a registration', () => {
  test('is sent once more with a new token, for the password that was chosen', async () => {
    const { email, token } = await registered();
    world.pass(2 * HOUR);
    expect(await world.does('resendVerification', { email })).toEqual({ __typename: 'ResendVerificationSuccess', sentTo: email });
    const again = await world.outbox.last(email);
    expect(again.token).not.toBe(token);
    expect((await verify(again.token)).__typename).toBe('VerifyEmailSuccess');
    expect(await verify(token)).toMatchObject(USELESS);
  });

  test('is not sent once more to somebody who has completed it, nor for a registration of last week', async () => {
    const [done, old] = [await registered(), await registered()];
    await verify(done.token);
    world.pass(7 * DAY + MINUTE);
    for (const { email } of [done, old]) {
      expect(await world.does('resendVerification', { email })).toEqual({ __typename: 'ResendVerificationSuccess', sentTo: email });
      expect(await world.outbox.all(email)).toHaveLength(1);
    }
  });

  test.each(['register', 'resendVerification'])('fills no mailbox: %s writes once a minute and ten times a day', async (mutation) => {
    const { email } = await registered();
    const input = mutation === 'register' ? { email, password: PASSWORD } : { email };
    const before = (await world.outbox.all(email)).length;
    world.pass(DAY);
    await Promise.all(Array.from({ length: 5 }, () => world.does(mutation, input)));
    expect(await world.outbox.all(email)).toHaveLength(before + 1);
    for (let mail = 1; mail < 14; mail += 1) {
      world.pass(2 * MINUTE);
      await world.does(mutation, input);
    }
    expect(await world.outbox.all(email)).toHaveLength(before + 10);
    world.pass(DAY);
    await world.does(mutation, input);
    expect(await world.outbox.all(email)).toHaveLength(before + 11);
  });

  test('is written for a new password once a minute and five times an hour', async () => {
    const { email } = await registered();
    world.pass(DAY);
    const written = async (): Promise<number> => (await world.outbox.all(email)).length - 1;
    await Promise.all(Array.from({ length: 5 }, () => world.does('requestPasswordReset', { email })));
    expect(await written()).toBe(1);
    for (let minute = 1; minute < 59; minute += 1) {
      world.pass(MINUTE);
      await world.does('requestPasswordReset', { email });
    }
    expect(await written()).toBe(5);
    world.pass(2 * MINUTE);
    await world.does('requestPasswordReset', { email });
    expect(await written()).toBe(6);
  });
});

describe('when nothing can be written for a moment', () => {
  /** Does something while no session can be opened. */
  async function withoutSessions<Result>(work: () => Promise<Result>): Promise<Result> {
    await world.sql(`CREATE FUNCTION iam.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`);
    await world.sql('CREATE TRIGGER refuse BEFORE INSERT ON iam.sessions FOR EACH ROW EXECUTE FUNCTION iam.refuse()');
    try {
      return await work();
    } finally {
      await world.sql('DROP FUNCTION iam.refuse() CASCADE');
    }
  }

  test('an address that is proved can be proved by the same mail again', async () => {
    const { token } = await registered();
    expect(await withoutSessions(() => verify(token))).toBe('INTERNAL');
    expect((await verify(token)).__typename).toBe('VerifyEmailSuccess');
  });

  test('a new password can be set by the same mail again, and the old one works until then', async () => {
    const { email, token } = await registered();
    await verify(token);
    await world.does('requestPasswordReset', { email });
    const reset = { token: (await world.outbox.last(email)).token, password: ANOTHER };
    expect(await withoutSessions(() => world.does('resetPassword', reset))).toBe('INTERNAL');
    expect((await signIn(email)).__typename).toBe('SignInSuccess');
    expect((await world.does('resetPassword', reset)).__typename).toBe('ResetPasswordSuccess');
  });
});
