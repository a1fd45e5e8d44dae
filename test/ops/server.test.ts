import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import type { DemoData } from '../../prisma/seed.ts';
import { ORGANIZATION_ROLES } from '../../src/kernel/permissions.ts';
import { createEmptyDatabase, type TestDatabase } from '../harness/database.ts';
import { embeddedDatabase, type ServerProcess, type SpawnOptions, spawnServer } from '../harness/server-process.ts';
import { ask, bearer, send } from '../http/door.ts';

let base: string;
let dataDir: string;
const running: ServerProcess[] = [];

const start = ({ env, ...options }: SpawnOptions = {}): ServerProcess => {
  const server = spawnServer({ ...options, env: { DATA_DIR: dataDir, ...env } });
  running.push(server);
  return server;
};
const started = async (options: SpawnOptions = {}): Promise<ServerProcess> => {
  const server = start(options);
  await server.url();
  return server;
};

/** A start that is refused: what it said in one line, on standard error. */
const refusal = async (server: ServerProcess): Promise<string> => {
  expect(await server.ended()).toBe(1);
  expect(server.errors()).toMatch(/^[^\n]+\n$/);
  expect(server.errors()).not.toMatch(/\bat .*:\d+:\d+/);
  return server.errors().trim();
};

const demoOf = async (dir = dataDir): Promise<DemoData> =>
  JSON.parse(await readFile(path.join(dir, 'demo.json'), 'utf8'));
const WORKFLOWS = '{ workflows { totalCount } }';
const workflowsOf = async (url: string, apiKey: string): Promise<unknown> =>
  (await ask(url, WORKFLOWS, {}, bearer(apiKey))).json;
const answers = async (server: ServerProcess): Promise<void> => {
  const { organizations } = await demoOf();
  for (const { apiKey } of organizations) {
    expect(await workflowsOf(await server.url(), apiKey)).toEqual({ data: { workflows: { totalCount: 4 } } });
  }
};
const databaseRuns = async (): Promise<boolean> => (await embeddedDatabase(dataDir)).pid !== undefined;

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), `tenantry-test-${process.pid}-`));
  // Another account runs the database when this is root, and has to get here.
  await chmod(base, 0o711);
  dataDir = path.join(base, 'data');
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.end('SIGTERM').catch(() => undefined);
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('the first start', () => {
  let server: ServerProcess;
  let demo: DemoData;
  let took: number;

  test('prints where it answers, and how to get in', async () => {
    const begun = performance.now();
    server = await started();
    took = performance.now() - begun;
    demo = await demoOf();
    const output = server.output();
    expect(output).toMatch(/GraphQL {3}http:\/\/127\.0\.0\.1:\d+\/graphql\n/);
    expect(output).toMatch(/GraphiQL {2}http:\/\/127\.0\.0\.1:\d+\/graphql/);
    for (const { apiKey, users } of demo.organizations) {
      expect(output).toContain(`Authorization: Bearer ${apiKey}`);
      for (const { email, password } of users) expect(output).toMatch(new RegExp(`${email} +${password}`));
    }
    expect(server.errors()).toBe('');

    // The same in the file: exactly what the README promises, for its owner alone.
    expect((await stat(path.join(dataDir, 'demo.json'))).mode & 0o777).toBe(0o600);
    expect(demo).toEqual({
      url: await server.url(),
      platform: { email: expect.any(String), password: expect.any(String) },
      organizations: ['acme', 'globex'].map((slug) => ({
        name: expect.any(String),
        slug,
        id: expect.stringMatching(/^org_/),
        users: ORGANIZATION_ROLES.map((role) => ({
          email: `${role}@${slug}.example`,
          password: expect.any(String),
          role,
        })),
        apiKey: expect.stringMatching(/^tk_\w{32}$/),
      })),
    });
    await keysAndPasswordsWork(demo);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(await databaseRuns()).toBe(false);
  });

  test('the second prints the same, sooner', async () => {
    const begun = performance.now();
    const second = await started();
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    console.info(`first start ${seconds(took)}, second start ${seconds(performance.now() - begun)}`);
    const withoutPort = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1');
    const [, welcome = 'none'] = server.output().split(/(?=\n {2}GraphQL)/);
    expect(withoutPort(second.output())).toContain(withoutPort(welcome.split('SIGTERM')[0]!.split('{"level"')[0]!));
    const again = await demoOf();
    expect(again).toEqual({ ...demo, url: await second.url() });
    await answers(second);
  });
});

async function keysAndPasswordsWork({ url, organizations, platform }: DemoData): Promise<void> {
  const signIn =
    `mutation($e: String!, $p: String!) {
      signIn(input: {email: $e, password: $p}) { ... on SignInSuccess { accessToken } }
    }`;
  const who = '{ viewer { kind role organization { slug } permissions } }';
  for (const { apiKey, users, slug } of organizations) {
    expect((await ask(url, who, {}, bearer(apiKey))).json.data.viewer).toMatchObject({
      kind: 'API_KEY',
      organization: { slug },
    });
    for (const { email, password, role } of users) {
      const { json } = await ask(url, signIn, { e: email, p: password });
      const { viewer } = (await ask(url, who, {}, bearer(json.data.signIn.accessToken))).json.data;
      expect(viewer).toMatchObject({ kind: 'USER', role: role.toUpperCase(), organization: { slug } });
    }
  }
  const { json } = await ask(url, signIn, { e: platform.email, p: platform.password });
  const operator = await ask(url, '{ viewer { permissions } }', {}, bearer(json.data.signIn.accessToken));
  expect(operator.json.data.viewer.permissions).toContain('PLATFORM_ADMIN');
}

describe('a start that cannot be', () => {
  test('on a port that is taken stops its database again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) =>
      other.once('listening', () => resolve(other.address() as AddressInfo)),
    );
    const line = await refusal(start({ env: { PORT: String(port) } }));
    expect(line).toBe(`Port ${port} on 127.0.0.1 is taken: stop what listens there, or set PORT to another.`);
    expect(await databaseRuns()).toBe(false);
    other.close();
  });

  test('beside another on the same data names that one and leaves it alone', async () => {
    const first = await started();
    expect(await refusal(start())).toMatch(new RegExp(`in use by process ${first.pid} .*DATA_DIR`));
    await answers(first);
  });

  test.each([
    ['PORT', 'http', 'PORT is "http": it must be a whole number from 0 to 65535.'],
    ['HOST', '192.0.2.1', 'HOST is "192.0.2.1", no address of this machine: set it to 127.0.0.1 or 0.0.0.0.'],
    [
      'HOST',
      'no-such-host.invalid',
      'HOST is "no-such-host.invalid", no address of this machine: set it to 127.0.0.1 or 0.0.0.0.',
    ],
    ['NODE_ENV', 'prod', 'NODE_ENV is "prod": it must be one of development, production, test.'],
    [
      'DATABASE_URL',
      'mysql://u:hunter2@h/d',
      'DATABASE_URL has a wrong value: it must be an address like postgresql://user:password@host:5432/database.',
    ],
    [
      'DATABASE_URL',
      'postgresql://app:hunter2@127.0.0.1:1/none',
      /^Cannot connect to postgresql:\/\/app@127\.0\.0\.1:1\/none: nothing listens there: start the server, or mend .*\.$/,
    ],
    [
      'SECRET_KEY',
      'hunter2',
      'SECRET_KEY has a wrong value: it must be at least 32 characters, for example from: openssl rand -base64 48.',
    ],
    ['DEMO_DATA', 'yes', 'DEMO_DATA is "yes": it must be on or off.'],
    ['CORS_ORIGINS', 'a.example/', /^CORS_ORIGINS is "a\.example\/": it must be a comma-separated list of origins/],
    [
      'DATA_DIR',
      '/dev/null/data',
      /^Cannot write to the data directory \/dev\/null\/data \(a part of the path is a file\)/,
    ],
  ])('%s=%s', async (name, value, line) => {
    const said = await refusal(start({ env: { [name]: value } }));
    if (typeof line === 'string') expect(said).toBe(line);
    else expect(said).toMatch(line);
    expect(said).not.toContain('hunter2');
  });
});

describe('after kill -9', () => {
  test('of the server alone the next start takes its database over', async () => {
    const killed = await started();
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    expect(await databaseRuns()).toBe(true);
    const next = await started();
    expect(next.output()).toContain('still running');
    await answers(next);
    expect(await next.end('SIGTERM')).toBe(0);
    expect(await databaseRuns()).toBe(false);
  });

  test('of both the next start recovers what was answered', async () => {
    const killed = await started();
    const [acme] = (await demoOf()).organizations;
    const rename = 'mutation($n: String!) { updateOrganization(input: {description: $n}) { __typename } }';
    const description = `changed ${Math.random()}`;
    await ask(await killed.url(), rename, { n: description }, bearer(acme!.apiKey));
    const { pid } = await embeddedDatabase(dataDir);
    await killed.end('SIGKILL');
    process.kill(pid!, 'SIGKILL');
    const next = await started();
    const { json } = await ask(await next.url(), '{ organization { description } }', {}, bearer(acme!.apiKey));
    expect(json.data.organization.description).toBe(description);
    await answers(next);
  });

  test('in the middle of the first start the next one carries on, wherever it was', async () => {
    const dir = path.join(base, 'interrupted');
    const interrupted = async (when: (server: ServerProcess) => Promise<void>): Promise<void> => {
      // The whole group: also what loads the demo data.
      const server = start({ env: { DATA_DIR: dir }, asGroup: true });
      await when(server);
      await server.end('SIGKILL');
    };
    const members = async (count: number): Promise<void> => {
      const { superuserUrl } = await embeddedDatabase(dir);
      await expect
        .poll(() => rowCount(superuserUrl, 'iam.memberships'), { timeout: 60_000 })
        .toBeGreaterThanOrEqual(count);
    };
    await interrupted((server) => server.printed('Making the embedded PostgreSQL'));
    await interrupted((server) => server.printed('Applied migration'));
    for (const count of [2, 8]) await interrupted(() => members(count));
    const last = await started({ env: { DATA_DIR: dir } });
    expect(last.errors()).toBe('');
    await keysAndPasswordsWork(await demoOf(dir));
    await last.end('SIGTERM');
  }, 240_000);
});

/** How many rows a table has; 0 while the database or the table is not there. */
async function rowCount(url: string, table: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(`SELECT 1 FROM ${table}`)).rowCount ?? 0;
  } catch {
    return 0;
  } finally {
    await client.end();
  }
}

describe('stopping', () => {
  /** Holds the workflows, so that a request for them is under way until they are let go. */
  const hold = async (): Promise<() => Promise<void>> => {
    const client = new pg.Client({ connectionString: (await embeddedDatabase(dataDir)).superuserUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN; LOCK TABLE workflow.workflows IN ACCESS EXCLUSIVE MODE');
    return () => client.end();
  };
  /** A request that waits for what is held; resolves with its answer once that is let go. */
  const requestUnderWay = async (server: ServerProcess): Promise<{ answer: Promise<unknown> }> => {
    const apiKey = (await demoOf()).organizations[0]!.apiKey;
    const answer = workflowsOf(await server.url(), apiKey);
    answer.catch(() => undefined);
    const client = new pg.Client({ connectionString: (await embeddedDatabase(dataDir)).superuserUrl });
    await client.connect();
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'tenantry_app'`;
    while ((await client.query(waiting)).rowCount === 0) await sleep(10);
    await client.end();
    return { answer };
  };
  const refusesNew = async (url: string): Promise<void> => {
    await expect
      .poll(() =>
        send(url, { method: 'GET' }).then(
          () => 'answered',
          ({ code }) => code as string,
        ),
      )
      .toBe('ECONNREFUSED');
  };

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: what is under way is answered, nothing new is taken, the database is stopped',
    async (signal) => {
      const server = await started();
      const release = await hold();
      const underWay = await requestUnderWay(server);
      server.signal(signal);
      await server.printed(`${signal}: finishing what is under way`);
      await refusesNew(await server.url());
      expect(await databaseRuns()).toBe(true);
      await release();
      expect(await underWay.answer).toEqual({ data: { workflows: { totalCount: 4 } } });
      expect(await server.ended()).toBe(0);
      expect(await databaseRuns()).toBe(false);
      expect(server.errors()).toBe('');
    },
  );

  test('Ctrl-C of npm start, which reaches the whole group and is passed on once more, is one Ctrl-C', async () => {
    const server = await started({ asGroup: true });
    const release = await hold();
    const underWay = await requestUnderWay(server);
    server.signal('SIGINT');
    await server.printed('SIGINT: finishing what is under way');
    await refusesNew(await server.url());
    await release();
    expect(await underWay.answer).toEqual({ data: { workflows: { totalCount: 4 } } });
    await server.ended();
    expect(await databaseRuns()).toBe(false);
  });

  test('asked a second time, it ends at once, and the next start takes the database over', async () => {
    const server = await started();
    const release = await hold();
    const underWay = await requestUnderWay(server);
    server.signal('SIGINT');
    await server.printed('finishing');
    await sleep(1_200);
    server.signal('SIGINT');
    expect(await server.ended()).toBe(130);
    await expect(underWay.answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    await release();
    await answers(await started());
  });

  test('a client that keeps its connection open is no reason to wait', async () => {
    const server = await started();
    const url = await server.url();
    // The agent of fetch keeps connections open.
    for (let request = 0; request < 3; request += 1) await (await fetch(url.replace('graphql', 'health/live'))).text();
    server.signal('SIGTERM');
    expect(await server.ended()).toBe(0);
  });

  test('during the start, it stops what was started', async () => {
    const server = start();
    await server.printed(/./).catch(() => undefined);
    server.signal('SIGTERM');
    expect([0, 'SIGTERM']).toContain(await server.ended());
    expect(await databaseRuns()).toBe(false);
  });
});

describe('a database of one’s own', () => {
  let database: TestDatabase;
  let ownDir: string;
  const env = (more: Record<string, string> = {}) => ({ DATA_DIR: ownDir, DATABASE_URL: database.runtimeUrl, ...more });

  beforeAll(async () => {
    database = await createEmptyDatabase();
    ownDir = path.join(base, 'own');
  });
  afterAll(() => database.drop());

  test('that is not migrated is refused with the command to run', async () => {
    expect(await refusal(start({ env: env() }))).toMatch(
      /^The database lacks \d+ migrations .*: run "npm run migrate -- up" with MIGRATION_DATABASE_URL/,
    );
  });

  test('as a superuser or as its owner is refused, because the walls would not hold', async () => {
    for (const url of [database.superuserUrl, database.ownerUrl]) {
      const line = await refusal(start({ env: { ...env(), DATABASE_URL: url } }));
      expect(line).toMatch(/^The role \w+ of DATABASE_URL .*: use a role of its own/);
      expect(line).not.toContain(new URL(url).password);
    }
  });

  test('is migrated by its owner and gets demo data when asked for; then the owner is not needed', async () => {
    const first = await started({ env: env({ MIGRATION_DATABASE_URL: database.ownerUrl, DEMO_DATA: 'on' }) });
    const demo = await demoOf(ownDir);
    await keysAndPasswordsWork(demo);
    expect(await readdir(ownDir)).not.toContain('postgres');
    expect(await first.end()).toBe(0);

    const second = await started({ env: env() });
    expect(await workflowsOf(await second.url(), demo.organizations[0]!.apiKey)).toEqual({
      data: { workflows: { totalCount: 4 } },
    });
    expect(second.output()).not.toContain('Bearer');

    const third = await started({ env: env({ DEMO_DATA: 'on' }) });
    expect(third.output()).toContain('MIGRATION_DATABASE_URL is missing');
  });
});

describe('.env in the working directory', () => {
  const inDirectory = async (content: string | null, env: Record<string, string> = {}): Promise<ServerProcess> => {
    const cwd = await mkdtemp(path.join(base, 'cwd-'));
    if (content === null) await mkdir(path.join(cwd, '.env'));
    else await writeFile(path.join(cwd, '.env'), content);
    const server = spawnServer({ cwd, env });
    running.push(server);
    return server;
  };

  test('is read', async () => {
    expect(await refusal(await inDirectory('# mine\nLOG_LEVEL=loud\n'))).toMatch(/^LOG_LEVEL is "loud"/);
    expect(await refusal(await inDirectory('export HOST="a host" # x\n'))).toMatch(/^HOST is "a host"/);
  });

  test('yields to the environment', async () => {
    const server = await inDirectory('LOG_LEVEL=loud\nGRAPHIQL=maybe\n', { LOG_LEVEL: 'info' });
    expect(await refusal(server)).toMatch(/^GRAPHIQL is "maybe"/);
  });

  test('that cannot be read is told', async () => {
    expect(await refusal(await inDirectory(null))).toMatch(/^\.env cannot be read \(\w+\): make it a readable file/);
  });
});
