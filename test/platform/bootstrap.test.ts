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
import { appointOperator, seedWorld, setPassword } from '../harness/world.ts';
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
  eventTypes: { appointed: 'OPERATOR.APPOINTED', dismissed: 'OPERATOR.DISMISSED' },
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

describe('an administrator of the platform who leaves', () => {
  const EMAIL = 'leaver@platform.test';
  const revoke = (email: string, ...more: string[]) => bootstrap(['--revoke', email, ...more]);
  const totals = async (as: string) => {
    const { errors } = await api.call('{ platformTotals { organizationCount } }', {}, { as });
    return errors?.[0]?.extensions.code ?? 'shown';
  };

  test('has the platform no more, with what was open and when signing in anew; the log tells of it without the address', async () => {
    await piped('stays@platform.test');
    await piped(EMAIL, '--force');
    const theirs = await openSessionBy(api.app.services.auth, { email: 'stays@platform.test', password: PASSWORD });
    const open = await openSessionBy(api.app.services.auth, { email: EMAIL, password: PASSWORD });
    expect(await totals(open.accessToken)).toBe('shown');
    const shown = await revoke('Leaver@Platform.test');
    expect(shown).toContain('leaver@platform.test is no administrator of the platform any more.');
    expect(shown).toContain('Its open sessions have ended (1)');
    await expect.poll(() => totals(open.accessToken)).toBe('UNAUTHENTICATED');
    const anew = await openSessionBy(api.app.services.auth, { email: EMAIL, password: PASSWORD });
    expect(await totals(anew.accessToken)).toBe('FORBIDDEN');
    expect(await totals(theirs.accessToken)).toBe('shown');
    expect(await operators()).toEqual(['stays@platform.test']);
    const [user] = await sql('SELECT id FROM iam.users WHERE email = $1', EMAIL);
    const [event] = await sql(`SELECT * FROM events.events WHERE type = 'OPERATOR.DISMISSED'`);
    expect(event).toMatchObject({ org_id: SYSTEM, actor_kind: 'system', source: 'cli', data: { userId: user!['id'], force: false } });
    expect(JSON.stringify(event)).not.toContain('platform.test');
  });

  test('is not the last one by mistake, also when two are dismissed at once, or when the other one is suspended', async () => {
    await piped(EMAIL);
    await expect(revoke(EMAIL)).rejects.toThrow('is the last administrator of the platform: appoint another one first, or give --force.');
    await piped('other@platform.test', '--force');
    await sql(`UPDATE iam.users SET status = 'suspended' WHERE email = 'other@platform.test'`);
    await expect(revoke(EMAIL)).rejects.toThrow('is the last administrator');
    await sql(`UPDATE iam.users SET status = 'active' WHERE email = 'other@platform.test'`);
    const outcomes = await Promise.allSettled([revoke(EMAIL), revoke('other@platform.test')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [last] = await operators();
    await revoke(last!, '--force');
    expect(await operators()).toEqual([]);
  });

  test('stays one when it cannot be written down', async () => {
    await piped(EMAIL);
    await sql(`ALTER TABLE events.events ADD CONSTRAINT closed CHECK (type <> 'OPERATOR.DISMISSED') NOT VALID`);
    await expect(revoke(EMAIL, '--force')).rejects.toThrow('violates check constraint');
    expect(await operators()).toEqual([EMAIL]);
  });

  test('was one: nobody else is dismissed', async () => {
    await api.app.preTenant.ensureIdentity('known@platform.test', 'Known');
    for (const email of ['known@platform.test', 'unknown@platform.test']) {
      await expect(revoke(email)).rejects.toThrow(`${email} is no administrator of the platform: there is nothing to take back.`);
    }
    await expect(revoke(EMAIL, '--name', 'x')).rejects.toThrow('--revoke goes with --force alone.');
    await expect(revoke('nobody')).rejects.toThrow('--revoke must be an address like you@example.com.');
  });
});

describe('an administrator of the platform at work in an organization', () => {
  test('is told why what takes a member does not go, also where one was added as a member, and is shown as none', async () => {
    const operator = await appointOperator(api);
    const world = await seedWorld(api, 'customer', operator.userId);
    const as = operator.token;
    const say = async (mutation: string, more = ' ... on ValidationError { fields { message } }') => {
      const { data, errors } = await api.call(`mutation { ${mutation} { ... on Error { message }${more} } }`, {}, { as, headers: { 'X-Organization-Id': world.organizationId } });
      return JSON.stringify(errors ?? data);
    };
    const added = await api.call(`mutation { addMember(input: { email: "operator@platform.test", role: MEMBER }) { __typename } }`, {}, { as: world.keys.owner });
    expect(added.data.addMember.__typename).toBe('AddMemberSuccess');
    const atWork = 'you work here as an administrator of the platform';
    expect(await say('createApiKey(input: { name: "Mine", scopes: ["*"] })')).toContain(atWork);
    expect(await say('inviteMember(input: { email: "new@customer.test", role: VIEWER })')).toContain(atWork);
    expect(await say('leaveOrganization', '')).toContain('You work here as an administrator of the platform');
    const { data } = await api.call('{ viewer { role member { id } } }', {}, { as, headers: { 'X-Organization-Id': world.organizationId } });
    expect(data.viewer).toEqual({ role: null, member: null });
  });
});

describe('nobody is appointed', () => {
  test.each(['active', 'suspended', 'invited'])('who is in an organization (%s), and would lose role, keys and leave there; one who has left is', async (status) => {
    const email = 'member@customer.test';
    const [organization] = await sql(`INSERT INTO iam.organizations (name, slug, status, engine_namespace) VALUES ('Customer', 'customer', 'active', 'ns-customer') RETURNING id`);
    const userId = await api.app.preTenant.ensureIdentity(email, null);
    await sql(`INSERT INTO iam.memberships (org_id, user_id, email, status) VALUES ($1, $2, $3, $4)`, organization!['id'], userId, email, status);
    // Before a password is asked for: there is none to be read.
    const refused = bootstrap(['--email', email, '--force']);
    await expect(refused).rejects.toThrow(`${email} is a member of "Customer", and an administrator of the platform is a member nowhere: take an address of its own.`);
    expect(await operators()).toEqual([]);
    await sql(`UPDATE iam.memberships SET status = 'left', left_at = now() WHERE user_id = $1`, userId);
    await piped(email);
    expect(await operators()).toEqual([email]);
  });

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
