import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createPreTenantDatabase } from '../../src/platform/postgres/pre-tenant.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant } from './world.ts';

const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find((name) => spawnSync(name, ['--version']).status === 0);
if (program === undefined) {
  console.log('pgbouncer is not installed, so the adapter is not tried through it: apt-get install pgbouncer');
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

describe.skipIf(program === undefined)('through pgBouncer in transaction mode, without named statements', () => {
  let database: TestDatabase;
  let tenants: Tenant[];
  let access: Access;
  let bouncer: ChildProcess;
  let directory: string;

  /** Two server connections for many clients: whatever stays on a connection is met by somebody else. */
  const startBouncer = async (): Promise<string> => {
    const target = new URL(database.runtimeUrl);
    const port = await freePort();
    directory = await mkdtemp(path.join(os.tmpdir(), 'bouncer-'));
    const user = `"${target.username}" "${decodeURIComponent(target.password)}"`;
    const settings = [
      '[databases]',
      `${database.name} = host=${target.hostname} port=${target.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = plain',
      `auth_file = ${path.join(directory, 'users.txt')}`,
      'pool_mode = transaction',
      'default_pool_size = 2',
    ];
    await writeFile(path.join(directory, 'users.txt'), user);
    await writeFile(path.join(directory, 'pgbouncer.ini'), settings.join('\n'));
    // It refuses to run as root, so root lends it to nobody, who must then be able to read the files.
    for (const file of ['.', 'users.txt', 'pgbouncer.ini']) await chmod(path.join(directory, file), 0o755);
    const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    bouncer = spawn(program as string, [...asNobody, path.join(directory, 'pgbouncer.ini')], { stdio: 'ignore' });
    const url = new URL(database.runtimeUrl);
    url.hostname = '127.0.0.1';
    url.port = String(port);
    await vi.waitFor(() => withClient(url.href, (client) => client.query('SELECT 1')), {
      timeout: 10_000,
      interval: 50,
    });
    return url.href;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    tenants = await insertTenants(database.superuserUrl, 10);
    access = openAccess(await startBouncer(), {
      namedStatements: false,
      clientWall: false,
      size: 16,
      statementTimeoutMs: 3_000,
    });
  });

  afterAll(async () => {
    await access.close();
    bouncer.kill('SIGKILL');
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  test('reads, writes, errors and transactions of many tenants meet no foreign row', async () => {
    const { db } = access;
    const works: ((tenant: Tenant) => Promise<{ orgId: string }[]>)[] = [
      async () => db.workflow.findMany(),
      async () => db.workflow.updateManyAndReturn({ data: { description: 'x' } }),
      async () => db.$queryRaw<{ orgId: string }[]>`SELECT org_id AS "orgId" FROM workflow.workflows`,
      () => db.$queryRaw<{ orgId: string }[]>`SELECT org_id AS "orgId", 1 / 0 FROM workflow.workflows`.catch(() => []),
      () =>
        db.$transaction(async (tx) => {
          const tasks = await tx.task.findMany();
          await tx.$transaction((nested) => nested.$queryRaw`SELECT 1 / 0`).catch(() => []);
          return [...tasks, ...(await tx.workflow.findMany())];
        }),
    ];
    let seen = 0;
    const worker = async (number: number): Promise<void> => {
      for (let turn = 0; turn < 30; turn += 1) {
        const tenant = tenants[(number + turn) % tenants.length] as Tenant;
        const work = works[(number * 7 + turn) % works.length] as (typeof works)[number];
        const rows = await runInScope(scopeOf(tenant), () => work(tenant));
        seen += rows.length;
        expect(rows.filter((row) => row.orgId !== tenant.orgId)).toEqual([]);
      }
    };
    await Promise.all(Array.from({ length: 32 }, (_, number) => worker(number)));
    expect(seen).toBeGreaterThan(2_000);
  });

  test('look-ups work, times mean UTC, and a slow statement is cancelled', async () => {
    const { db, pool } = access;
    expect(await createPreTenantDatabase(pool).findSignIn('owner@tenant-1.test')).toMatchObject({
      userId: tenants[0]?.userId,
    });
    const scope = scopeOf(tenants[0] as Tenant);
    const shown = await runInScope(scope, () => db.$queryRaw`SELECT current_setting('TimeZone') AS zone`);
    expect(shown).toEqual([{ zone: 'UTC' }]);
    await expect(runInScope(scope, () => db.$queryRaw`SELECT pg_sleep(30)::text`)).rejects.toThrow('57014');
  });

  test('nothing is left on the connections that others get', async () => {
    const { rows } = await access.pool.run([
      {
        text: `SELECT current_setting('app.current_org_id', true), count(*)::int FROM pg_prepared_statements`,
        values: [],
      },
    ]);
    expect(rows).toEqual([[expect.toBeOneOf(['', null]), 0]]);
  });
});
