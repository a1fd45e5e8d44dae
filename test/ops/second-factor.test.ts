import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { createSecondFactorKeys, sealContext } from '../../src/domains/second-factor/index.ts';
import { codeOf } from '../../src/domains/second-factor/totp.rules.ts';
import { reseal } from '../../src/ops/second-factor/reseal.ts';
import { createSealing } from '../../src/platform/crypto/sealing.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { serve } from '../../src/serve.ts';
import { untilWaiting } from '../domains/world.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { outboxOf } from '../harness/outbox.ts';
import { appointOperator, PASSWORD, seedWorld, setPassword } from '../harness/world.ts';
import { fromBase32, STEP_MS } from '../people/second-factors.ts';

// The command as somebody types it, in a process of its own, beside a server that works.

const PROJECT = path.resolve(import.meta.dirname, '../..');
const SECRET_KEY = 'a secret for tests, long enough for the check';
const SYSTEM = '00000000-0000-0000-0000-000000000000';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api?.close());

const sql = (text: string, ...values: unknown[]): Promise<any[]> =>
  withClient(api.database.superuserUrl, async (client) => (await client.query(text, values)).rows);
const environment = () => ({ NODE_ENV: 'test', SECRET_KEY, DATA_DIR: api.dataDir, DATABASE_URL: api.database.runtimeUrl, MIGRATION_DATABASE_URL: api.database.ownerUrl });

interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

function secondFactor(argv: readonly string[], more: Record<string, string> = {}): Promise<Said> {
  const options = { cwd: PROJECT, env: { ...environment(), ...more } };
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/second-factor.ts', ...argv], options, (error, out, err) => resolve({ exitCode: error === null ? 0 : Number(error.code), out, err }));
  });
}

describe('a second factor that was lost', () => {
  interface Enrolled {
    readonly email: string;
    readonly userId: string;
    /** A session that has shown the factor. */
    readonly as: string;
    readonly recoveryCodes: readonly string[];
  }

  const call = async (query: string, variables: object, as?: string) => (await api.call(query, { ...variables }, { as })).data;
  const signIn = async (email: string) => {
    const query = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename ... on SignInSuccess { accessToken } ... on SecondFactorRequired { challengeToken } } }';
    return (await call(query, { input: { email, password: PASSWORD } })).signIn;
  };
  const complete = async (challengeToken: string, recoveryCode: string): Promise<string> => {
    const query = 'mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) { __typename } }';
    const { data, errors } = await api.call(query, { input: { challengeToken, proof: { recoveryCode } } });
    return errors?.[0]?.extensions.code ?? data.completeSignIn.__typename;
  };
  const enrol = async (email: string): Promise<Enrolled> => {
    const userId = await setPassword(api.app, email);
    const { accessToken: as } = await signIn(email);
    const { secret } = (await call('mutation { enrolTotp { ... on EnrolTotpSuccess { secret } } }', {}, as)).enrolTotp;
    const code = codeOf(fromBase32(secret), Math.floor(Date.now() / STEP_MS));
    const { recoveryCodes } = (await call('mutation ($code: String!) { confirmTotp(input: { code: $code }) { ... on ConfirmTotpSuccess { recoveryCodes } } }', { code }, as)).confirmTotp;
    return { email, userId, as, recoveryCodes };
  };
  const countOf = async ({ userId }: Enrolled) =>
    (
      await sql(
        `SELECT (SELECT count(*)::integer FROM credentials.second_factors WHERE user_id = $1) AS factors,
                (SELECT count(*)::integer FROM credentials.recovery_codes WHERE user_id = $1) AS codes,
                (SELECT count(*)::integer FROM iam.sessions WHERE user_id = $1 AND ended_at IS NULL) AS sessions,
                (SELECT count(*)::integer FROM iam.sessions WHERE user_id = $1 AND second_factor_at IS NOT NULL) AS shown`,
        userId,
      )
    )[0];
  const subjects = async (email: string) => (await outboxOf(api).all(email)).map(({ subject }) => subject);

  test('is taken away as a whole: no session counts as having shown it, no sign-in waits for it, and the person is told; nobody else loses anything', async () => {
    const world = await seedWorld(api, 'strict', (await appointOperator(api)).userId, 1);
    const [person, other] = [await enrol(world.email('owner')), await enrol(world.email('member'))];
    await sql('UPDATE iam.organizations SET require_second_factor = true WHERE id = $1', world.orgUuid);
    const enter = async (as: string) =>
      (await api.call('{ organization { slug } }', {}, { as, headers: { 'x-organization-id': world.organizationId } })).errors?.[0]?.extensions.code ?? 'in';
    expect([await enter(person.as), await enter(other.as)]).toEqual(['in', 'in']);
    const [waiting, theirs] = [await signIn(person.email), await signIn(other.email)];

    const said = await secondFactor(['remove', '--email', person.email.toUpperCase()]);
    expect(said).toMatchObject({ exitCode: 0, err: '' });
    expect(said.out).toContain('do so no more (1), and sign-ins that waited for a code are void (1).');
    expect(said.out).toContain(`${person.email} is told by mail.`);

    expect(await countOf(person)).toEqual({ factors: 0, codes: 0, sessions: 1, shown: 0 });
    await expect.poll(() => enter(person.as)).toBe('SECOND_FACTOR_REQUIRED');
    expect(await complete(waiting.challengeToken, person.recoveryCodes[0]!)).toBe('UNAUTHENTICATED');
    expect(await sql(`SELECT 1 FROM credentials.tokens WHERE user_id = $1 AND purpose = 'second_factor' AND used_at IS NULL`, person.userId)).toEqual([]);
    expect((await signIn(person.email)).__typename).toBe('SignInSuccess');
    expect((await subjects(person.email)).at(-1)).toBe('Your second factor was turned off at Tenantry');

    expect(await countOf(other)).toEqual({ factors: 1, codes: 10, sessions: 1, shown: 1 });
    expect(await enter(other.as)).toBe('in');
    expect(await complete(theirs.challengeToken, other.recoveryCodes[0]!)).toBe('CompleteSignInSuccess');
    expect(await subjects(other.email)).not.toContain('Your second factor was turned off at Tenantry');

    const events = await sql(`SELECT * FROM events.events WHERE type = 'USER.SECOND_FACTOR_REMOVED'`);
    expect(events).toMatchObject([{ org_id: SYSTEM, actor_kind: 'system', source: 'cli', data: { userId: person.userId } }]);
    expect(JSON.stringify(events)).not.toContain(person.email);
  });

  test('stays, and nobody is told, when it cannot be written down', async () => {
    const person = await enrol('unwritten@people.test');
    await sql(`ALTER TABLE events.events ADD CONSTRAINT closed CHECK (type <> 'USER.SECOND_FACTOR_REMOVED') NOT VALID`);
    try {
      expect(await secondFactor(['remove', '--email', person.email])).toMatchObject({ exitCode: 1, err: expect.stringContaining('violates check constraint') });
    } finally {
      await sql('ALTER TABLE events.events DROP CONSTRAINT closed');
    }
    expect(await countOf(person)).toEqual({ factors: 1, codes: 10, sessions: 1, shown: 1 });
    expect(await subjects(person.email)).toEqual(['A second factor was set up at Tenantry']);
  });

  test('is gone also when no mail can be sent, and the operator is told to tell the person', async () => {
    const person = await enrol('mailless@people.test');
    const said = await secondFactor(['remove', '--email', person.email], { SMTP_URL: 'smtp://127.0.0.1:1' });
    expect(said).toMatchObject({ exitCode: 0, out: expect.stringMatching(/The mail that tells mailless@people\.test of it could not be sent \(.+\): tell the person\./) });
    expect(await countOf(person)).toMatchObject({ factors: 0, shown: 0 });
  });

  test('is of somebody who has one; whatever else is asked for is refused in one line', async () => {
    await setPassword(api.app, 'none@people.test');
    const refusals: [string[], string][] = [
      [['remove', '--email', 'none@people.test'], 'none@people.test has set up no second factor: there is nothing to take away.'],
      [['remove', '--email', 'nobody@people.test'], 'Nobody has the address nobody@people.test: there is nothing to take away.'],
      [['remove'], '--email is needed: an address like you@example.com. Write --help to see all options.'],
      [['reseal', '--email', 'none@people.test'], "Unknown option '--email'. Write --help to see all options."],
      [[], 'The first word must be remove or reseal. Write --help to see all options.'],
    ];
    for (const [argv, line] of refusals) expect(await secondFactor(argv)).toEqual({ exitCode: 1, out: '', err: `${line}\n` });
    expect((await secondFactor(['remove', '--help'])).out).toContain('npm run second-factor -- reseal');
  });
});

describe('a new key for the secrets', () => {
  const [older, newer, lost] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const keysOf = (...keys: readonly Buffer[]) => ({ SECOND_FACTOR_KEYS: keys.map((key) => key.toString('base64')).join(',') });
  const idOf = (key: Buffer) => createSealing([key]).keyIds[0];
  const both = createSealing([newer, older]);

  beforeEach(() => sql('DELETE FROM credentials.second_factors'));

  /** People whose secrets an older key has sealed: by their ids. */
  const sealedPeople = async (count: number, key = older): Promise<Map<string, Buffer>> => {
    const secrets = new Map<string, Buffer>();
    for (let made = 0; made < count; made += 1) {
      const [{ id }] = await sql(`INSERT INTO iam.users (email) VALUES (gen_random_uuid() || '@sealed.test') RETURNING id`);
      secrets.set(id, randomBytes(20));
      const { keyId, sealed } = createSealing([key]).seal(secrets.get(id)!, sealContext(id));
      await sql('INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, confirmed_at, created_at) VALUES ($1, $2, $3, now(), now())', id, keyId, sealed);
    }
    return secrets;
  };
  const stored = async (): Promise<Map<string, { keyId: string; sealed: Buffer<ArrayBuffer> }>> =>
    new Map((await sql('SELECT user_id, key_id, encrypted_secret FROM credentials.second_factors')).map((row) => [row.user_id, { keyId: row.key_id, sealed: row.encrypted_secret }]));
  /** What a server that has this key alone reads. */
  const readBy = async (key: Buffer) => {
    const sealing = createSealing([key]);
    return new Map([...(await stored())].map(([id, row]) => [id, sealing.open(row, sealContext(id))]));
  };

  test('seals every one of them, each as it was and for its person; the older key can go, and a repetition changes nothing', async () => {
    const secrets = await sealedPeople(7);
    const said = await secondFactor(['reseal'], keysOf(newer, older));
    expect(said).toMatchObject({ exitCode: 0, out: expect.stringContaining(`Sealed 7 with the key ${idOf(newer)}`), err: expect.stringContaining('7 of 7 secrets') });
    expect(said.out).toContain('No secret needs another key any more');
    expect(await readBy(newer)).toEqual(secrets);
    const before = await stored();
    expect(await secondFactor(['reseal'], keysOf(newer))).toMatchObject({ exitCode: 0, out: expect.stringContaining('Sealed 0 with the key'), err: '' });
    expect(await stored()).toEqual(before);
  });

  test('is the one derived from SECRET_KEY where none is configured, which opens what was sealed before there were any', async () => {
    const [id, secret] = [...(await sealedPeople(1, older))][0]!;
    const derived = createSecondFactorKeys(SECRET_KEY, []).sealing;
    const { keyId, sealed } = derived.seal(secret, sealContext(id));
    await sql('UPDATE credentials.second_factors SET key_id = $1, encrypted_secret = $2', keyId, sealed);
    expect(await secondFactor(['reseal'], keysOf(newer))).toMatchObject({ exitCode: 0, out: expect.stringContaining('Sealed 1 ') });
    expect(await readBy(newer)).toEqual(new Map([[id, secret]]));
  });

  test('seals them in batches, and all that come after one that does not open', async () => {
    const secrets = await sealedPeople(7);
    const [broken] = [...secrets.keys()].sort();
    await sql('UPDATE credentials.second_factors SET encrypted_secret = $2 WHERE user_id = $1', broken, randomBytes(48));
    const batches: number[] = [];
    const task = { sealing: both, contextOf: sealContext, batchSize: 3, onBatch: (looked: number) => void batches.push(looked) };
    const { sealed, unreadable } = await withClient(api.database.ownerUrl, (client) => reseal(client, task));
    expect([sealed, batches]).toEqual([6, [3, 3, 1]]);
    const [{ email }] = await sql('SELECT email FROM iam.users WHERE id = $1', broken);
    expect(unreadable).toEqual([email]);
    expect(await sql('SELECT user_id FROM credentials.second_factors WHERE key_id <> $1', idOf(newer))).toEqual([{ user_id: broken }]);
    expect(await secondFactor(['reseal'], keysOf(newer, older))).toMatchObject({ exitCode: 1, err: expect.stringContaining(`1 do not open, because they were changed in the database (${email})`) });
    // The cure that it names.
    expect(await secondFactor(['remove', '--email', email])).toMatchObject({ exitCode: 0 });
    expect(await secondFactor(['reseal'], keysOf(newer, older))).toMatchObject({ exitCode: 0 });
  });

  test('leaves what a key that is not there has sealed as it is, says so, and seals the others', async () => {
    const secrets = await sealedPeople(2);
    const [unknown] = [...(await sealedPeople(1, lost)).keys()] as [string];
    const before = (await stored()).get(unknown);
    const said = await secondFactor(['reseal'], keysOf(newer, older));
    expect(said).toMatchObject({ exitCode: 1, out: expect.stringContaining('Sealed 2 '), err: expect.stringContaining(`(1 with ${idOf(lost)}): put them back into SECOND_FACTOR_KEYS`) });
    expect(said.out).not.toContain('No secret needs another key');
    expect((await stored()).get(unknown)).toEqual(before);
    await sql('DELETE FROM credentials.second_factors WHERE user_id = $1', unknown);
    expect(await readBy(newer)).toEqual(secrets);
  });

  test('seals what a person has set up at that moment, not what was there before', async () => {
    const [id] = [...(await sealedPeople(1)).keys()] as [string];
    const fresh = randomBytes(20);
    const task = { sealing: both, contextOf: sealContext, onBatch: () => undefined };
    await withClient(api.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      const { keyId, sealed } = createSealing([older]).seal(fresh, sealContext(id));
      await client.query('UPDATE credentials.second_factors SET key_id = $2, encrypted_secret = $3 WHERE user_id = $1', [id, keyId, sealed]);
      let over = false;
      const resealing = withClient(api.database.ownerUrl, (owner) => reseal(owner, task)).finally(() => {
        over = true;
      });
      await untilWaiting(sql, 1, () => over);
      await client.query('COMMIT');
      expect(await resealing).toEqual({ sealed: 1, unreadable: [] });
    });
    expect(await readBy(newer)).toEqual(new Map([[id, fresh]]));
  });

  test('that is missing is told of by a server that starts, and one that has all says nothing', async () => {
    await sealedPeople(2, older);
    await sealedPeople(1, lost);
    const warningsOf = async (more: Record<string, string>) => {
      const lines: { code?: string; keyIds?: string[] }[] = [];
      const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line)) });
      const running = await serve(readConfig({ ...environment(), PORT: '0', DEMO_DATA: 'off', RATE_LIMITS: 'off', ...more }), () => undefined, logger);
      await running.stop();
      return lines.filter(({ code }) => code === 'SECOND_FACTOR_KEY_MISSING').map(({ keyIds }) => keyIds);
    };
    expect(await warningsOf(keysOf(newer, older, lost))).toEqual([]);
    expect(await warningsOf(keysOf(newer))).toEqual([[idOf(older), idOf(lost)].sort()]);
  });
});
