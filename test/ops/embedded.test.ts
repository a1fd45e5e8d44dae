import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { identifyProcess } from '../../src/platform/postgres/embedded/process-identity.ts';
import { type EmbeddedProcess, spawnEmbedded, startEmbeddedProcess } from '../harness/embedded-process.ts';

const isRoot = process.getuid?.() === 0;

let base: string;
let dataDir: string;
const running = new Set<{ stop(): Promise<void> }>();

const start = async (dir = dataDir, whenHeld: 'refuse' | 'join' = 'refuse'): Promise<EmbeddedDatabase> => {
  const database = await startEmbedded({ dataDir: dir, whenHeld, log: () => undefined, initdbFlags: ['--no-sync'] });
  running.add(database);
  return database;
};

const startProcess = async (dir = dataDir): Promise<EmbeddedProcess> => {
  const child = await startEmbeddedProcess(dir);
  running.add({ stop: () => child.end('SIGTERM') });
  return child;
};

const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  const error: unknown = await attempt.then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  return message;
};

const query = async (url: string, sql: string) => withClient(url, async (client) => (await client.query(sql)).rows);

const postmasterPid = async (): Promise<number> =>
  Number((await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);

const writePostmasterPid = (pid: number): Promise<void> =>
  writeFile(path.join(dataDir, 'postgres', 'postmaster.pid'), `${pid}\n${dataDir}/postgres\n1\n5432\n\n127.0.0.1\n\n`);

/** What a killed process leaves of its lock. */
const leaveClaim = (text: string): Promise<void> => writeFile(path.join(dataDir, 'lock', 'left.claim'), text);

/** The account that the server runs as, so that a process of it looks to PostgreSQL like one of its own. */
const serverAccount = async () => {
  const { uid, gid } = await stat(path.join(dataDir, 'postgres'));
  return isRoot ? { uid, gid } : {};
};

/** Runs `work` as somebody who may write only where everybody may; root may write everywhere. */
const withoutPrivileges = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  if (!isRoot) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
};

const stopAll = async (): Promise<void> => {
  for (const database of running) await database.stop();
  running.clear();
};

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), `tenantry-test-${process.pid}-`));
  await chmod(base, 0o711);
  dataDir = path.join(base, 'data');
  const database = await start();
  await query(database.ownerUrl, 'CREATE TABLE kept (id int PRIMARY KEY)');
  await stopAll();
});
afterEach(stopAll);
afterAll(() => rm(base, { recursive: true, force: true }));

test('the first start makes the owner and the runtime role, and keeps their passwords to itself', async () => {
  const database = await start();
  const roles = await query(
    database.superuserUrl(),
    `SELECT rolname, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname LIKE 'tenantry%' ORDER BY 1`,
  );
  expect(roles).toEqual([
    { rolname: 'tenantry_app', rolsuper: false, rolcreaterole: false, rolbypassrls: false },
    { rolname: 'tenantry_owner', rolsuper: false, rolcreaterole: true, rolbypassrls: false },
  ]);
  expect(await query(database.runtimeUrl, 'SELECT current_user AS me')).toEqual([{ me: 'tenantry_app' }]);
  expect((await stat(path.join(dataDir, 'database.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(path.join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
});

test('only the owner makes temporary objects, also in a database that was made before that was so', async () => {
  const refused = { code: '42501' };
  const make = (url: string) => query(url, 'CREATE TEMPORARY TABLE own ()');
  const database = await start();
  await expect(make(database.runtimeUrl)).rejects.toMatchObject(refused);
  await expect(make(database.ownerUrl)).resolves.toEqual([]);
  await query(database.superuserUrl(), 'GRANT TEMPORARY ON DATABASE tenantry TO PUBLIC');
  await stopAll();
  await expect(make((await start()).runtimeUrl)).rejects.toMatchObject(refused);
});

test('the server is PostgreSQL 18 in UTF-8 with ICU order, and listens on this machine alone', async () => {
  const database = await start();
  const [facts] = await query(
    database.superuserUrl(),
    `SELECT current_setting('server_version_num')::int / 10000 AS major, pg_encoding_to_char(encoding) AS encoding,
            datlocprovider AS provider, current_setting('listen_addresses') AS addresses,
            current_setting('unix_socket_directories') AS sockets, current_setting('fsync') AS fsync
       FROM pg_database WHERE datname = current_database()`,
  );
  expect(facts).toEqual({
    major: 18,
    encoding: 'UTF8',
    provider: 'i',
    addresses: '127.0.0.1',
    sockets: '',
    fsync: 'on',
  });
});

test('the server log holds neither the statement nor the values of a query that failed', async () => {
  const database = await start();
  const failing = `INSERT INTO kept VALUES ('hidden-value-1'::text::int)`;
  await expect(query(database.ownerUrl, failing)).rejects.toThrow('hidden-value-1');
  expect(await readFile(path.join(dataDir, 'postgres.log'), 'utf8')).not.toContain('hidden-value-1');
});

test('a second start on the same data directory names the process that has it and leaves that one alone', async () => {
  const first = await startProcess();
  expect(await refusal(start())).toMatch(new RegExp(`in use by process ${first.pid} \\(serve, .*DATA_DIR`));
  expect(await query(first.superuserUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a command joins the database of a running server and leaves it running', async () => {
  const server = await startProcess();
  const joined = await start(dataDir, 'join');
  expect(joined.reused).toBe(true);
  expect(joined.superuserUrl()).toBe(server.superuserUrl);
  await joined.stop();
  expect(await query(server.superuserUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('of three processes that start at once after a crash exactly one gets the data directory', async () => {
  await leaveClaim(JSON.stringify({ pid: 4_190_000, birth: 'another/1', purpose: 'serve', since: 'then' }));
  const outcomes = await Promise.allSettled([startProcess(), startProcess(), startProcess()]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
});

test('a lock left by a killed process is taken over, also when its number belongs to another process now', async () => {
  const lock = (pid: number) => JSON.stringify({ pid, birth: 'another/1', purpose: 'serve', since: 'then' });
  for (const text of [lock(process.pid), lock(4_190_000), '', 'half a li']) {
    await leaveClaim(text);
    const database = await start();
    expect(database.reused).toBe(false);
    await database.stop();
  }
  expect(await readdir(path.join(dataDir, 'lock'))).toEqual([]);
});

test('a server that was started here and is slow to answer is not taken for one that ran before', async () => {
  const before = await start();
  const letIn = (allowed: boolean) => query(before.superuserUrl(), `ALTER DATABASE postgres ALLOW_CONNECTIONS ${allowed}`);
  await letIn(false);
  await before.stop();
  const opened: Promise<unknown>[] = [];
  const log = (line: string): void => {
    if (line.includes('does not answer')) opened.push(letIn(true));
  };
  const database = await startEmbedded({ dataDir, log });
  running.add(database);
  await Promise.all(opened);
  expect(opened.length).toBe(1);
  expect(database.reused).toBe(false);
});

test('a process that is told to end while its database starts stops that database too', async () => {
  const child = spawnEmbedded(dataDir);
  const ended = once(child, 'exit');
  await expect.poll(postmasterPid, { timeout: 30_000 }).toBeGreaterThan(0);
  child.kill('SIGTERM');
  await ended;
  expect((await start()).reused).toBe(false);
});

test('after kill -9 of the server alone the next start takes over the database that it left running', async () => {
  const killed = await startProcess();
  const before = await postmasterPid();
  await killed.end('SIGKILL');
  const next = await start();
  expect(next.reused).toBe(true);
  expect(await postmasterPid()).toBe(before);
  expect(next.superuserUrl()).toBe(killed.superuserUrl);
  await next.stop();
  await expect(query(next.superuserUrl(), 'SELECT 1')).rejects.toThrow('nothing listens there');
});

test('after kill -9 of server and database the next start recovers every committed row', async () => {
  const killed = await startProcess();
  await query(killed.superuserUrl, 'INSERT INTO kept VALUES (1)');
  await killed.end('SIGKILL');
  process.kill(await postmasterPid(), 'SIGKILL');
  const next = await start();
  expect(next.reused).toBe(false);
  expect(await query(next.ownerUrl, 'SELECT id FROM kept WHERE id = 1')).toEqual([{ id: 1 }]);
});

test('a database killed under a running server is up again at the same address', async () => {
  const database = await start();
  await query(database.ownerUrl, 'INSERT INTO kept VALUES (2)');
  process.kill(await postmasterPid(), 'SIGKILL');
  let rows: unknown;
  while (rows === undefined) {
    await sleep(50);
    rows = await query(database.ownerUrl, 'SELECT id FROM kept WHERE id = 2').catch(() => undefined);
  }
  expect(rows).toEqual([{ id: 2 }]);
});

test('a stale postmaster.pid whose number belongs to another program of the same user does not stop the start', async () => {
  const other = spawn('sleep', ['600'], await serverAccount());
  try {
    await writePostmasterPid(other.pid ?? 0);
    expect((await start()).reused).toBe(false);
  } finally {
    other.kill('SIGKILL');
  }
});

test.runIf(process.platform === 'linux')('the unreaped remains of killed processes do not stop the start', async () => {
  // What the shell turns into never asks for the shell's child, so that one stays a zombie when it has ended.
  const script = 'sleep 600 & echo $!; exec sleep 600';
  const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], ...(await serverAccount()) });
  try {
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(output.toString());
    const identity = await identifyProcess(zombie);
    process.kill(zombie, 'SIGKILL');
    while (!(await readFile(`/proc/${zombie}/stat`, 'utf8')).includes(') Z')) await sleep(10);
    await writePostmasterPid(zombie);
    await leaveClaim(JSON.stringify({ ...identity, purpose: 'serve', since: 'then' }));
    expect((await start()).reused).toBe(false);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('a port that something else has taken since is left to it', async () => {
  const first = await start();
  const port = Number(new URL(first.runtimeUrl).port);
  await first.stop();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    const second = await start();
    expect(Number(new URL(second.runtimeUrl).port)).not.toBe(port);
    await second.stop();
  } finally {
    other.close();
  }
});

test('two data directories run side by side', async () => {
  const [one, two] = await Promise.all([start(), start(path.join(base, 'second'))]);
  expect(await query(one.superuserUrl(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await query(two.superuserUrl(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a first start that was killed half-way is done again from the beginning', async () => {
  const dir = path.join(base, 'interrupted');
  const isDraft = (name: string) => name.startsWith('postgres.initdb-');
  const drafts = () => readdir(dir).then((names) => names.filter(isDraft), () => []);
  const child = spawnEmbedded(dir);
  while ((await drafts()).length === 0) await sleep(5);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(await readdir(dir)).not.toContain('postgres');
  const database = await start(dir);
  expect(await query(database.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await drafts()).toEqual([]);
});

test('a data directory that cannot be written is refused with its path and the cure', async () => {
  const closed = path.join(base, 'closed');
  await mkdir(closed, { mode: 0o555 });
  await writeFile(path.join(base, 'file'), '');
  const denied = await refusal(withoutPrivileges(() => start(closed)));
  expect(denied).toMatch(/^Cannot write to the data directory .*closed \(permission denied\): .* DATA_DIR/);
  expect(await refusal(withoutPrivileges(() => start(path.join(closed, 'below'))))).toContain('permission denied');
  expect(await refusal(start(path.join(base, 'file')))).toContain('it is a file');
  expect(await refusal(start(path.join(base, 'file', 'below')))).toContain('a part of the path is a file');
});

test('a directory of another PostgreSQL version, or of something else, is refused and left as it is', async () => {
  const dir = path.join(base, 'foreign');
  await mkdir(path.join(dir, 'postgres'), { recursive: true });
  await writeFile(path.join(dir, 'postgres', 'notes.txt'), 'mine');
  expect(await refusal(start(dir))).toContain('is no PostgreSQL directory');
  await writeFile(path.join(dir, 'postgres', 'PG_VERSION'), '17\n');
  expect(await refusal(start(dir))).toContain('was made by PostgreSQL 17, and this is 18');
  expect(await readFile(path.join(dir, 'postgres', 'notes.txt'), 'utf8')).toBe('mine');
});

test('lost passwords are told as such', async () => {
  const file = path.join(dataDir, 'database.json');
  const kept = await readFile(file, 'utf8');
  await rm(file);
  expect(await refusal(start())).toMatch(/passwords are not: restore .*database\.json/);
  await writeFile(file, '{"superuserPassword":', { mode: 0o600 });
  expect(await refusal(start())).toMatch(/database\.json cannot be read/);
  await writeFile(file, kept.replace(/("superuserPassword": ")[0-9a-f]{4}/, '$1beef'), { mode: 0o600 });
  expect(await refusal(start())).toContain('does not accept the passwords in database.json');
  await writeFile(file, kept, { mode: 0o600 });
});

test.runIf(isRoot)('below a directory that is closed to others, root keeps the database where its account can reach it', async () => {
  const closed = path.join(base, 'home');
  await mkdir(closed, { mode: 0o700 });
  const dir = path.join(closed, 'data');
  const database = await start(dir);
  const { home } = JSON.parse(await readFile(path.join(dir, 'database.json'), 'utf8')) as { home: string };
  try {
    await query(database.ownerUrl, 'CREATE TABLE here (id int)');
    await database.stop();
    const again = await start(dir);
    expect(await query(again.ownerUrl, 'SELECT * FROM here')).toEqual([]);
    await again.stop();
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
