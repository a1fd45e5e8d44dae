import { afterAll, beforeAll, expect, test } from 'vitest';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant } from './world.ts';

// Many tenants at once over few connections, mixing what succeeds, what fails and what is undone. Every row that comes
// back is looked at.
const tenantCount = 100;
const parallel = 64;
const statementCount = 20_000;

let database: TestDatabase;
let tenants: Tenant[];
let access: Access;

beforeAll(async () => {
  database = await createTestDatabase();
  tenants = await insertTenants(database.superuserUrl, tenantCount);
  // The client's wall is off: a foreign row would come straight from the adapter or the database.
  access = openAccess(database.runtimeUrl, { clientWall: false, size: 8 });
});

afterAll(async () => {
  await access.close();
  await database.drop();
});

const ignoreFailure = (work: Promise<unknown>): Promise<unknown> => work.catch(() => []);

/** The organizations of all rows in an answer, however deep. */
const orgIdsIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(orgIdsIn);
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'orgId' || name === 'org_id' ? [String(inner)] : orgIdsIn(inner),
  );
};

const works: ((tenant: Tenant) => Promise<unknown>)[] = [
  () => access.db.workflow.findMany(),
  () => access.db.workflow.findMany({ include: { tasks: true, createdBy: true } }),
  () => access.db.$queryRaw`SELECT org_id, name FROM workflow.workflows`,
  () => ignoreFailure(access.db.$queryRaw`SELECT org_id, 1 / 0 FROM workflow.workflows`),
  ({ orgId, workflowIds: [id = ''] }) => access.db.workflow.findUnique({ where: { orgId_id: { orgId, id } } }),
  ({ orgId }) => ignoreFailure(access.db.workflow.create({ data: { orgId, name: 'Twin', slug: 'flow-1' } })),
  (tenant) =>
    ignoreFailure(
      access.db.$transaction(async (tx) => {
        const rows = await tx.workflow.updateManyAndReturn({ data: { description: tenant.orgId } });
        expect(rows.map((row) => row.orgId)).toEqual([tenant.orgId, tenant.orgId, tenant.orgId]);
        throw new Error('undone');
      }),
    ),
  () =>
    access.db.$transaction(async (tx) => [
      await tx.workflow.findMany(),
      await ignoreFailure(tx.$transaction((nested) => nested.$queryRaw`SELECT 1 / 0`)),
      await tx.task.findMany(),
    ]),
];

test('no foreign row in 20,000 statements of 100 tenants, 64 at a time', async () => {
  let statements = 0;
  let rows = 0;
  const stop = access.pool.observe(({ text }) => {
    if (!text.startsWith('select set_config')) statements += 1;
  });
  const worker = async (): Promise<void> => {
    while (statements < statementCount) {
      const tenant = tenants[Math.floor(Math.random() * tenantCount)] as Tenant;
      const work = works[Math.floor(Math.random() * works.length)] as (typeof works)[number];
      const found = orgIdsIn(await runInScope(scopeOf(tenant), () => work(tenant)));
      rows += found.length;
      if (found.some((orgId) => orgId !== tenant.orgId)) throw new Error(`A foreign row from ${work.toString()}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  stop();
  expect(statements).toBeGreaterThanOrEqual(statementCount);
  expect(rows).toBeGreaterThan(statementCount);
  const marks = await runInScope(scopeOf(tenants[0] as Tenant), () =>
    access.db.workflow.findMany({ where: { description: { not: null } } }),
  );
  expect(marks).toEqual([]);
}, 180_000);
