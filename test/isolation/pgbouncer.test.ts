import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPreTenantDatabase } from '../../src/platform/postgres/pre-tenant.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { findPgbouncer, type Pgbouncer, startPgbouncer } from '../harness/pgbouncer.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant } from './world.ts';

describe.each([
  { age: 'old', namedStatements: false },
  { age: 'modern', namedStatements: false },
  { age: 'modern', namedStatements: true },
] as const)('through a pgBouncer ($age) in transaction mode, named statements: $namedStatements', ({ age, namedStatements }) => {
  const program = findPgbouncer(age);
  const missing = typeof program === 'string';
  if (missing) console.log(`LEFT OUT: the adapter through pgBouncer (${age}), because ${program}`);

  let database: TestDatabase;
  let tenants: Tenant[];
  let access: Access;
  let bouncer: Pgbouncer;

  beforeAll(async () => {
    if (missing) return;
    database = await createTestDatabase();
    tenants = await insertTenants(database.superuserUrl, 10);
    bouncer = await startPgbouncer(program, database);
    access = openAccess(bouncer.url, {
      namedStatements,
      throughPooler: true,
      clientWall: false,
      size: 16,
      statementTimeoutMs: 3_000,
    });
  });

  afterAll(async () => {
    if (missing) return;
    await access.close();
    await bouncer.close();
    await database.drop();
  });

  test.skipIf(missing)('reads, writes, errors and transactions of many tenants meet no foreign row', async () => {
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

  test.skipIf(missing)('look-ups work, times mean UTC, and a slow statement is cancelled', async () => {
    const { db, pool } = access;
    expect(await createPreTenantDatabase(pool).beginSignIn('owner@tenant-1.test', Buffer.alloc(32), new Date())).toMatchObject({
      userId: tenants[0]?.userId,
    });
    const scope = scopeOf(tenants[0] as Tenant);
    const shown = await runInScope(scope, () => db.$queryRaw`SELECT current_setting('TimeZone') AS zone`);
    expect(shown).toEqual([{ zone: 'UTC' }]);
    await expect(runInScope(scope, () => db.$queryRaw`SELECT pg_sleep(30)::text`)).rejects.toThrow('57014');
  });

  test.skipIf(missing)('nothing is left on the connections that others get', async () => {
    const { rows } = await access.pool.run([
      {
        text: `SELECT current_setting('app.current_org_id', true), count(*)::int FROM pg_prepared_statements`,
        values: [],
      },
    ]);
    expect(rows).toEqual([[expect.toBeOneOf(['', null]), namedStatements ? expect.any(Number) : 0]]);
  });
});
