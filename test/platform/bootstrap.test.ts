import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { OperatorError } from '../../src/kernel/operator-error.ts';
import { type BootstrapTools, runBootstrap } from '../../src/ops/bootstrap-admin/index.ts';
import { hashSecret } from '../../src/platform/crypto/passwords.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { codeOf } from '../../src/domains/second-factor/totp.rules.ts';
import { outboxOf } from '../harness/outbox.ts';
import { openSessionBy } from '../harness/sessions.ts';
import { setPassword } from '../harness/world.ts';
import { fromBase32, STEP_MS } from '../people/second-factors.ts';

const PASSWORD = 'correct horse battery staple';
const FORMER_PASSWORD = 'what it was before this';
const SYSTEM = '00000000-0000-0000-0000-000000000000';

let api: TestApp;
beforeEach(async () => {
  api = await startTestApp();
});
afterEach(() => api?.close());

const tools: BootstrapTools = {
  checkPassword: (password) => (password.length < 8 ? Promise.reject(new OperatorError('The password is too short.')) : Promise.resolve()),
  hash: (password) => hashSecret(password, 'test'),
  eventType: 'OPERATOR.APPOINTED',
  systemOrgId: SYSTEM,
};

/** What the command says to somebody who types these lines; throws what it throws. */
async function bootstrap(argv: readonly string[], typed = `${PASSWORD}\n`, isTTY = false): Promise<string> {
  const { runtimeUrl, ownerUrl } = api.database;
  const config = readConfig({ NODE_ENV: 'test', SECRET_KEY: 'a secret for tests, long enough for the check', DATABASE_URL: runtimeUrl, MIGRATION_DATABASE_URL: ownerUrl });
  let shown = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      shown += chunk.toString();
      done();
    },
  });
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  input.end(typed);
  await runBootstrap(argv, config, tools, { input: input as unknown as NodeJS.ReadStream, output: output as unknown as NodeJS.WriteStream });
  return shown;
}

const piped = (email: string, ...more: string[]) => bootstrap(['--email', email, '--password-stdin', ...more]);
const sql = (text: string, ...values: unknown[]) =>
  withClient(api.database.superuserUrl, async (client) => (await client.query<Record<string, any>>(text, values)).rows);
const operators = async () => (await sql(`SELECT email FROM iam.users WHERE system_role = 'super_admin' ORDER BY email`)).map(({ email }) => email as string);

describe('the first administrator of the platform', () => {
  test('is made from nothing, signs in at once, and the log of the platform tells of it without the address', async () => {
    const shown = await piped('First@Platform.test', '--name', 'The first');
    expect(shown).toContain('first@platform.test is an administrator of the platform');
    expect(shown).not.toContain(PASSWORD);
    const { accessToken } = await openSessionBy(api.app.services.auth, { email: 'first@platform.test', password: PASSWORD });
    expect((await api.call('{ platformTotals { organizationCount } }', {}, { as: accessToken })).errors).toBeUndefined();
    const [user] = await sql(`SELECT id, name, email_verified_at FROM iam.users WHERE email = 'first@platform.test'`);
    expect(user).toMatchObject({ name: 'The first', email_verified_at: expect.any(Date) });
    const [event] = await sql(`SELECT * FROM events.events WHERE type = 'OPERATOR.APPOINTED'`);
    expect(event).toMatchObject({ org_id: SYSTEM, actor_kind: 'system', source: 'cli', data: { userId: user!['id'], force: false } });
    expect(JSON.stringify(event)).not.toContain('platform.test');
  });

  test('is an identity that exists, when there is one with the address', async () => {
    const id = await api.app.preTenant.ensureIdentity('known@platform.test', 'Known');
    await piped('known@platform.test');
    expect(await sql(`SELECT id, name FROM iam.users WHERE system_role = 'super_admin'`)).toEqual([{ id, name: 'Known' }]);
  });

  test('is asked for the password twice, which is not shown', async () => {
    const shown = await bootstrap(['--email', 'asked@platform.test'], `${PASSWORD}\n${PASSWORD}\n`, true);
    expect(shown).toContain('Password: ');
    expect(shown).not.toContain(PASSWORD);
    await openSessionBy(api.app.services.auth, { email: 'asked@platform.test', password: PASSWORD });
  });
});

describe('whoever has had the identity so far', () => {
  const EMAIL = 'former@platform.test';
  const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename ... on SignInSuccess { accessToken refreshToken } ... on SecondFactorRequired { challengeToken } } }';
  const enter = async (email = EMAIL) => (await api.call(signIn, { input: { email, password: FORMER_PASSWORD } })).data.signIn;
  const answer = async (mutation: string, input: object) => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const { data, errors } = await api.call(`mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename ... on Error { code } } }`, { input });
    return errors?.[0]?.extensions.code ?? data[mutation].code ?? 'done';
  };
  const kindOf = async (as: string) => {
    const { data, errors } = await api.call('{ viewer { kind } }', {}, { as });
    return errors?.[0]?.extensions.code ?? data.viewer.kind;
  };

  test.each([[[]], [['--force']]])('keeps no way in, and the command says so (%j)', async (more) => {
    if (more.length > 0) await piped('first@platform.test');
    const bystander = 'bystander@platform.test';
    for (const email of [EMAIL, bystander]) await setPassword(api.app, email, FORMER_PASSWORD);
    const [first, second, theirs] = [await enter(), await enter(), await enter(bystander)];
    await answer('requestPasswordReset', { email: EMAIL });
    const { token } = await outboxOf(api).last(EMAIL);
    expect(await kindOf(first.accessToken)).toBe('USER');
    const shown = await piped(EMAIL, ...more);
    expect(shown).toContain('its open sessions have ended (2), and links and sign-ins under way are void (1).');
    expect(shown).toContain('It has no second factor.');
    for (const { accessToken } of [first, second]) await expect.poll(() => kindOf(accessToken)).toBe('UNAUTHENTICATED');
    expect(await answer('refreshSession', { refreshToken: first.refreshToken })).toBe('UNAUTHENTICATED');
    expect(await answer('resetPassword', { token, password: 'yet another long sentence of words' })).toBe('VALIDATION_FAILED');
    await openSessionBy(api.app.services.auth, { email: EMAIL, password: PASSWORD });
    expect(await kindOf(theirs.accessToken)).toBe('USER');
  });

  test('completes no sign-in with the former password; the second factor stays, and the command says so', async () => {
    await setPassword(api.app, EMAIL, FORMER_PASSWORD);
    const as = (await enter()).accessToken;
    const { secret } = (await api.call('mutation { enrolTotp { ... on EnrolTotpSuccess { secret } } }', {}, { as })).data.enrolTotp;
    const codeNow = () => codeOf(fromBase32(secret), Math.floor(Date.now() / STEP_MS));
    const confirmed = await api.call('mutation ($code: String!) { confirmTotp(input: { code: $code }) { ... on ConfirmTotpSuccess { recoveryCodes } } }', { code: codeNow() }, { as });
    const [recoveryCode] = confirmed.data.confirmTotp.recoveryCodes;
    const { challengeToken } = await enter();
    const shown = await piped(EMAIL);
    expect(shown).toContain('links and sign-ins under way are void (1)');
    expect(shown).toContain('Its second factor was left as it is: signing in asks for it.');
    expect(await answer('completeSignIn', { challengeToken, proof: { recoveryCode } })).not.toBe('done');
    const anew = (await api.call(signIn, { input: { email: EMAIL, password: PASSWORD } })).data.signIn;
    expect(anew.__typename).toBe('SecondFactorRequired');
    expect(await answer('completeSignIn', { challengeToken: anew.challengeToken, proof: { recoveryCode } })).toBe('done');
  });

  test('is nobody, when the address is new', async () => {
    expect(await piped('new@platform.test')).not.toContain('There was such an identity');
  });
});

describe('nobody is appointed', () => {
  test('a second time, but with --force', async () => {
    await piped('first@platform.test');
    await expect(piped('second@platform.test')).rejects.toThrow('There is an administrator of the platform already: give --force to make another one.');
    expect(await operators()).toEqual(['first@platform.test']);
    await piped('second@platform.test', '--force');
    expect(await operators()).toEqual(['first@platform.test', 'second@platform.test']);
  });

  test('by more than one of several commands at once', async () => {
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => piped(`${name}@platform.test`)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await operators()).toHaveLength(1);
  });

  test('when it cannot be written down', async () => {
    await sql(`ALTER TABLE events.events ADD CONSTRAINT closed CHECK (type <> 'OPERATOR.APPOINTED') NOT VALID`);
    await expect(piped('first@platform.test')).rejects.toThrow('violates check constraint');
    expect(await operators()).toEqual([]);
  });

  test.each([
    [['--email', 'a@b.test', '--password-stdin'], 'short\n', 'The password is too short.'],
    [['--email', 'a@b.test'], `${PASSWORD}\n`, 'There is no terminal to ask for the password'],
    [['--password-stdin'], PASSWORD, '--email is needed'],
    [['--email', 'nobody', '--password-stdin'], PASSWORD, '--email must be an address like you@example.com.'],
    [['boss@example.test'], PASSWORD, "Unexpected argument 'boss@example.test'. Options of a command come after \"--\""],
    [['--email', 'a@b.test', '--pass', 'x'], PASSWORD, "Unknown option '--pass'"],
  ])('by %j', async (argv, typed, message) => {
    await expect(bootstrap(argv, typed)).rejects.toThrow(message);
    expect(await operators()).toEqual([]);
  });

  test('by a password that was typed in two ways, nor over an identity that is suspended', async () => {
    await expect(bootstrap(['--email', 'a@b.test'], `${PASSWORD}\n${PASSWORD}!\n`, true)).rejects.toThrow('The two passwords differ');
    await api.app.preTenant.ensureIdentity('closed@platform.test', null);
    await sql(`UPDATE iam.users SET status = 'suspended' WHERE email = 'closed@platform.test'`);
    await expect(piped('closed@platform.test')).rejects.toThrow('is suspended: take another address');
    expect(await operators()).toEqual([]);
  });
});
