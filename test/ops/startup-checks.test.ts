import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { binariesIn } from '../../src/platform/postgres/embedded/binaries.ts';
import { initialise } from '../../src/platform/postgres/embedded/initdb.ts';
import { findPlace } from '../../src/platform/postgres/embedded/place.ts';
import { stopPostmaster } from '../../src/platform/postgres/embedded/postmaster.ts';
import { embeddedUrl, runServer } from '../../src/platform/postgres/embedded/run-server.ts';
import { assertRuntimeRole } from '../../src/platform/postgres/startup-checks.ts';
import { warnOfTemporary } from '../../src/serve.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
const made: string[] = [];

const administer = (sql: string) => withClient(database.superuserUrl, (client) => client.query(sql));

/** A member of the runtime group with attributes of the test's choice, and its address. */
const createRole = async (attributes: string): Promise<{ role: string; url: string }> => {
  const role = `test_role_${randomBytes(4).toString('hex')}`;
  await administer(`CREATE ROLE ${role} ${attributes} PASSWORD 'x'; GRANT tenantry_runtime TO ${role}`);
  made.push(role);
  const url = new URL(database.runtimeUrl);
  url.username = role;
  url.password = 'x';
  return { role, url: url.href };
};

const refusal = async (url: string): Promise<string> => {
  const error: unknown = await assertRuntimeRole(url).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
};

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const role of made.splice(0)) {
    await administer(`REASSIGN OWNED BY ${role} TO tenantry_owner; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});
afterAll(() => database.drop());

test('the runtime role that the product makes is accepted', async () => {
  await expect(assertRuntimeRole(database.runtimeUrl)).resolves.toBeUndefined();
  await expect(assertRuntimeRole((await createRole('LOGIN')).url)).resolves.toBeUndefined();
});

test.each([
  ['SUPERUSER', 'is a superuser'],
  ['BYPASSRLS', 'bypasses row level security (BYPASSRLS)'],
  ['CREATEROLE', 'may make roles (CREATEROLE)'],
  ['REPLICATION', 'may replicate the whole server (REPLICATION)'],
])('a runtime role with %s is refused', async (attribute, what) => {
  const { role, url } = await createRole(`LOGIN ${attribute}`);
  expect(await refusal(url)).toContain(`The role ${role} of DATABASE_URL ${what}`);
});

test('the owner of the product is refused as runtime role', async () => {
  expect(await refusal(database.ownerUrl)).toContain('The role tenantry_owner of DATABASE_URL may make roles');
});

test.each([
  ['a table', 'ALTER TABLE iam.users OWNER TO', 'iam.users'],
  ['a schema', 'ALTER SCHEMA workflow OWNER TO', 'the schema workflow'],
  ['a function', 'GRANT CREATE ON SCHEMA app TO {}; ALTER FUNCTION app.current_org_id() OWNER TO', 'app.current_org_id'],
  ['a type', 'GRANT CREATE ON SCHEMA iam TO {}; ALTER TYPE iam.plan OWNER TO', 'the type iam.plan'],
])('a runtime role that owns %s is refused with its name', async (_what, sql, name) => {
  const { role, url } = await createRole('LOGIN');
  await administer(`${sql.replace('{}', role)} ${role}`);
  const message = await refusal(url);
  expect(message).toContain(`The role ${role} of DATABASE_URL owns `);
  expect(message).toContain(name);
});

test('a runtime role whose group owns something is refused with the group', async () => {
  const group = await createRole('NOLOGIN');
  const { role, url } = await createRole('LOGIN');
  await administer(`GRANT ${group.role} TO ${role} WITH INHERIT FALSE; ALTER SCHEMA workflow OWNER TO ${group.role}`);
  expect(await refusal(url)).toContain(`owns the schema workflow as a member of ${group.role}`);
});

test('a member of the owner, the definer, or a strong role is refused, also through another role', async () => {
  const between = await createRole('NOLOGIN');
  const { role, url } = await createRole('LOGIN');
  await administer(`GRANT ${between.role} TO ${role} WITH INHERIT FALSE`);
  // The first superuser of a server has every attribute; one that is made later has that one alone.
  const superuser = await createRole('NOLOGIN SUPERUSER');
  for (const strong of ['tenantry_owner', 'tenantry_definer', 'tenantry_platform', 'tenantry_test_bypass', 'postgres', superuser.role, 'pg_read_server_files']) {
    await administer(`GRANT ${strong} TO ${between.role} WITH INHERIT FALSE`);
    expect(await refusal(url)).toMatch(new RegExp(`^The role ${role} of DATABASE_URL is a member of ${strong}, .* keep tenants apart`));
    await administer(`REVOKE ${strong} FROM ${between.role}`);
  }
  await expect(assertRuntimeRole(url)).resolves.toBeUndefined();
});

test('in production a runtime role that may make temporary objects is told of with the statement that mends it, until it is run', async () => {
  const log: string[] = [];
  const logger = pino({}, { write: (line) => void log.push(line) });
  await warnOfTemporary({ environment: 'development' }, database, logger);
  expect(log).toEqual([]);
  await warnOfTemporary({ environment: 'production' }, database, logger);
  const [{ level, code, msg }] = log.map((line) => JSON.parse(line));
  expect([level, code, log.length]).toEqual([40, 'TEMPORARY_OBJECTS', 1]);
  await withClient(database.ownerUrl, (client) => client.query(/run "(.*)"/.exec(msg)![1]!));
  await warnOfTemporary({ environment: 'production' }, database, logger);
  expect(log).toHaveLength(1);
});

test('a server that is not there, a wrong password and a missing database are told apart, without the password', async () => {
  const change = (changes: Partial<URL>): string => Object.assign(new URL(database.runtimeUrl), changes).href;
  expect(await refusal(change({ port: '1' }))).toContain('nothing listens there');
  expect(await refusal(change({ password: 'wr0ng' }))).toMatch(/^Cannot connect to [^"]*: the password is wrong/);
  expect(await refusal(change({ password: 'wr0ng' }))).not.toContain('wr0ng');
  expect(await refusal(change({ pathname: '/nowhere' }))).toContain('there is no such database');
});

const installed = '/usr/lib/postgresql';
const [older] = (await readdir(installed).catch(() => [])).filter((name) => Number(name) >= 15 && Number(name) < 18);

test.runIf(older)('a server older than PostgreSQL 18 is refused with its version', async () => {
  const dataDir = await realpath(await mkdtemp(path.join(tmpdir(), `tenantry-test-${process.pid}-`)));
  const log = () => undefined;
  const place = { ...(await findPlace(dataDir, undefined, log)), binaries: binariesIn(path.join(installed, older ?? '')) };
  try {
    await initialise(place, 'secret', ['--no-sync']);
    const { port } = await runServer(place, { superuserPassword: 'secret', settings: {}, port: undefined, log });
    const message = await refusal(embeddedUrl('postgres', 'secret', port, 'postgres'));
    expect(message).toMatch(new RegExp(`^DATABASE_URL is a PostgreSQL ${older}\\..*, and 18 or later is needed`));
  } finally {
    await stopPostmaster(place);
    await rm(dataDir, { recursive: true, force: true });
  }
});
