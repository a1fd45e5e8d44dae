import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/platform/crypto/tokens.ts';
import { PASSWORD } from '../harness/world.ts';
import { ANOTHER, HOUR, MINUTE, openPeople, type PeopleWorld } from './people.ts';
import { type Account, openSigningIn, outcomeOf, type SigningIn } from './signing-in.ts';

// A stranger who knows an address, and nothing else, does what can be done without a session: does it keep the owner out?

const RESET = 'mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename ... on SecondFactorRequired { challengeToken } ... on ResetPasswordSuccess { accessToken } } }';

describe('with limits as they are in production', () => {
  let world: PeopleWorld;
  beforeAll(async () => {
    world = await openPeople({ environment: { RATE_LIMITS: 'on' } });
  });
  afterAll(() => world?.close());

  test('a locked address whose window is full keeps nobody out who comes by mail: the new password opens a session', async () => {
    const email = 'flooded@kept-out.test';
    await world.join(email);
    const signIn = () => world.does('signIn', { email, password: 'wrong' });
    for (let attempt = 0; attempt < 5; attempt += 1) await signIn();
    expect(await signIn()).toBe('RATE_LIMITED');
    for (let request = 0; request < 12; request += 1) expect(await world.does('requestPasswordReset', { email })).toMatchObject({ sentTo: email });
    const { accessToken } = await world.does('resetPassword', { token: (await world.outbox.last(email)).token, password: ANOTHER });
    expect((await world.api.call('{ viewer { user { email } } }', {}, { as: accessToken })).data.viewer.user).toEqual({ email });
    expect(await world.does('signIn', { email, password: ANOTHER })).toBe('RATE_LIMITED');
  });

  test('registrations that are refused fill no window of an address, and those that are kept leave the way by mail open', async () => {
    const email = 'registered@kept-out.test';
    const register = (password: string) => world.does('register', { email, password });
    for (let attempt = 0; attempt < 12; attempt += 1) expect((await register('password')).__typename).toBe('ValidationError');
    for (let attempt = 0; attempt < 5; attempt += 1) expect((await register(ANOTHER)).__typename).toBe('RegisterSuccess');
    expect(await register(ANOTHER)).toBe('RATE_LIMITED');
    await world.does('requestPasswordReset', { email });
    expect((await world.does('resetPassword', { token: (await world.outbox.last(email)).token, password: PASSWORD })).__typename).toBe('ResetPasswordSuccess');
  });
});

test('whoever asks for new passwords without end for three days never leaves the owner without a mail that works for an hour', async () => {
  const world = await openPeople();
  try {
    const email = 'asked-for@kept-out.test';
    await world.join(email);
    await world.does('requestPasswordReset', { email });
    const works = async (forMs: number): Promise<boolean> => {
      // What is asked for here takes one of the ten attempts of the token: it is given back.
      const hash = sha256((await world.outbox.last(email)).token);
      const found = await world.api.app.preTenant.findOpenToken(hash, 'reset_password', new Date(world.now().getTime() + forMs));
      await world.sql('UPDATE credentials.tokens SET attempts = 0 WHERE hash = $1', hash);
      return found !== null;
    };
    for (let minute = 0; minute < 3 * 24 * 60; minute += 4) {
      world.pass(4 * MINUTE);
      await world.does('requestPasswordReset', { email });
      if (minute % 40 === 0) expect([minute, await works(HOUR)]).toEqual([minute, true]);
    }
    // The one before the newest works as well, so that nobody is too late for a mail by the next; then both are void.
    const mails = (await world.outbox.all(email)).slice(1);
    expect(mails.length).toBeLessThanOrEqual(3 * 24 * 5 + 1);
    const [newest, before] = mails.slice(-2).toReversed().map(({ links }) => new URL(links[0]!).searchParams.get('token'));
    expect((await world.does('resetPassword', { token: before, password: ANOTHER })).__typename).toBe('ResetPasswordSuccess');
    expect((await world.does('resetPassword', { token: newest, password: ANOTHER })).__typename).toBe('ValidationError');
  } finally {
    await world.close();
  }
});

test('whoever has used a mail for a new password can ask for the next, however many strangers had asked for before', async () => {
  const world = await openPeople();
  try {
    const email = 'used-one@kept-out.test';
    await world.join(email);
    const ask = async () => {
      world.pass(MINUTE);
      await world.does('requestPasswordReset', { email });
      return (await world.outbox.all(email)).filter(({ subject }) => subject.startsWith('A new password')).length;
    };
    const reset = async (password: string) => (await world.does('resetPassword', { token: (await world.outbox.last(email)).token, password })).__typename;
    for (let mails = 1; mails <= 5; mails += 1) expect(await ask()).toBe(mails);
    // Five that work are enough.
    expect(await ask()).toBe(5);
    expect(await reset(ANOTHER)).toBe('ResetPasswordSuccess');
    expect(await ask()).toBe(6);
    expect(await reset(PASSWORD)).toBe('ResetPasswordSuccess');
    // And one a minute still: what was used counts for that.
    await world.does('requestPasswordReset', { email });
    expect((await world.outbox.all(email)).at(-1)?.subject).toContain('was changed');
  } finally {
    await world.close();
  }
});

describe('behind the door', () => {
  let world: SigningIn;
  beforeAll(async () => {
    world = await openSigningIn();
  });
  afterAll(() => world?.close());

  /** Locks the door, as anybody can who knows the address. */
  const lock = async (person: Account): Promise<void> => {
    for (let attempt = 0; attempt < 5; attempt += 1) await world.signIn(person, 'wrong');
    expect(outcomeOf(await world.signIn(person))).toBe('UNAUTHENTICATED');
  };
  const resetBy = async ({ email }: Account, password = PASSWORD) => {
    await world.call('mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { __typename } }', { email });
    return world.call(RESET, { input: { token: (await world.outbox.last(email)).token, password } });
  };

  test('a locked door locks no open session out of what asks for the password', async () => {
    const person = await world.account();
    const as = await world.tokenOf(person);
    await lock(person);
    expect(outcomeOf(await world.stepUp(as, { password: PASSWORD }))).toBe('StepUpSuccess');
    const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }';
    expect(outcomeOf(await world.call(change, { input: { currentPassword: PASSWORD, newPassword: ANOTHER } }, { as }))).toBe('ChangePasswordSuccess');
  });

  test('a locked door locks no second step: not of a sign-in under way, not of an open session, not after a new password', async () => {
    const person = await world.guarded();
    world.pass(MINUTE);
    const challenge = await world.challengeOf(person);
    await lock(person);
    const as = (await world.complete(challenge, { code: person.code() })).data.completeSignIn.accessToken as string;
    world.pass(MINUTE);
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('StepUpSuccess');
    world.pass(MINUTE);
    const { data } = await resetBy(person, ANOTHER);
    expect(data.resetPassword).toMatchObject({ __typename: 'SecondFactorRequired' });
    await lock(person);
    expect(outcomeOf(await world.complete(data.resetPassword.challengeToken, { code: person.code() }))).toBe('CompleteSignInSuccess');
  });

  test('nothing that is typed as an address counts as what is counted of a person', async () => {
    const person = await world.guarded();
    world.pass(MINUTE);
    const challenge = await world.challengeOf(person);
    for (const kind of ['codes', 'session', 'address:codes']) {
      for (let attempt = 0; attempt < 6; attempt += 1) await world.signIn({ ...person, email: `${kind}:${person.userId}` }, 'wrong');
    }
    expect(outcomeOf(await world.complete(challenge, { code: person.code() }))).toBe('CompleteSignInSuccess');
  });
});

describe('whoever has the mailbox, or the password, but no second factor', () => {
  let world: SigningIn;
  beforeAll(async () => {
    world = await openSigningIn();
  });
  afterAll(() => world?.close());

  test('has five codes and not five for each new password', async () => {
    const person = await world.guarded();
    const challengeByMail = async (): Promise<string> => {
      world.pass(MINUTE);
      await world.call('mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { __typename } }', { email: person.email });
      const { data } = await world.call(RESET, { input: { token: (await world.outbox.last(person.email)).token, password: PASSWORD } });
      return data.resetPassword.challengeToken as string;
    };
    for (let code = 0; code < 5; code += 1) {
      const challenge = await challengeByMail();
      expect(outcomeOf(await world.complete(challenge, { code: '000000' }))).toBe('UNAUTHENTICATED');
    }
    expect(outcomeOf(await world.complete(await world.challengeOf(person), { recoveryCode: person.recoveryCodes[0]! }))).toBe('UNAUTHENTICATED');
  });

  test('gets no session by a new password, and ends every other', async () => {
    const person = await world.guarded();
    const sessions = async (): Promise<number> => (await world.sql('SELECT 1 FROM iam.sessions WHERE user_id = $1 AND ended_at IS NULL', person.userId)).length;
    expect(await sessions()).toBe(1);
    await world.call('mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { __typename } }', { email: person.email });
    const { data, headers } = await world.call(RESET, { input: { token: (await world.outbox.last(person.email)).token, password: ANOTHER, cookie: true } });
    expect(data.resetPassword).toEqual({ __typename: 'SecondFactorRequired', challengeToken: expect.stringMatching(/^tc_/) });
    expect(headers.getSetCookie()).toEqual([]);
    expect(await sessions()).toBe(0);
  });

  test('has no more wrong passwords at the door after right ones than whoever has no second factor', async () => {
    const person = await world.guarded();
    for (let round = 0; round < 3; round += 1) {
      for (let attempt = 0; attempt < 4; attempt += 1) await world.signIn(person, 'wrong');
      expect(outcomeOf(await world.signIn(person))).toBe('SecondFactorRequired');
    }
  });
});
