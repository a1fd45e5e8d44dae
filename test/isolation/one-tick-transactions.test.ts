import { afterAll, beforeAll, expect, test } from 'vitest';
import { TenantViolationError } from '../../src/kernel/errors.ts';
import { createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { PrismaClient } from '../../src/platform/postgres/generated/client/client.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant, watch } from './world.ts';

let database: TestDatabase;
let a: Tenant;
let b: Tenant;
let c: Tenant;
let access: Access;
// Without row level security and without the client's wall: only the loader is under test.
let bare: Access;

beforeAll(async () => {
  database = await createTestDatabase();
  [a, b, c] = (await insertTenants(database.superuserUrl, 3)) as [Tenant, Tenant, Tenant];
  access = openAccess(database.runtimeUrl);
  bare = openAccess(database.bypassUrl, { clientWall: false });
});

afterAll(async () => {
  await access.close();
  await bare.close();
  await database.drop();
});

const first = (tenant: Tenant): string => tenant.workflowIds[0] as string;
const where = (tenant: Tenant, id = first(tenant)) => ({ orgId_id: { orgId: tenant.orgId, id } });

test('a transaction reads its own changes, row by row', async () => {
  const { db, pool } = access;
  const { texts } = await watch(pool, () =>
    runInScope(scopeOf(a), () =>
      db.$transaction(async (tx) => {
        await tx.workflow.update({ where: where(a), data: { description: 'changed' } });
        const rows = await Promise.all(a.workflowIds.map((id) => tx.workflow.findUnique({ where: where(a, id) })));
        expect(rows.map((row) => row?.description)).toEqual(['changed', null, null]);
        await tx.workflow.update({ where: where(a), data: { description: null } });
      }),
    ),
  );
  expect(texts.filter((text) => text.startsWith('SELECT'))).toHaveLength(3);
});

/** Lets everybody who came here go on in one tick. */
const barrier = (count: number) => {
  let waiting = count;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return async () => {
    waiting -= 1;
    if (waiting === 0) open();
    await opened;
  };
};

test('control: Prisma begins the transaction of a list in another tenant’s scope', async () => {
  const stock = new PrismaClient({ adapter: createTenantAdapter(access.pool) });
  const raw = (tenant: Tenant) =>
    runInScope(scopeOf(tenant), () =>
      stock.$transaction([stock.$queryRaw`SELECT DISTINCT org_id FROM workflow.workflows`]),
    );
  const [, second] = await Promise.all([raw(a), raw(b)]);
  expect(second).toEqual([[{ org_id: a.orgId }]]);
});

test('a list of queries is refused, since its tenant would be that of whoever came first', async () => {
  const { result, texts } = await watch(access.pool, () =>
    runInScope(scopeOf(a), () => access.db.$transaction([access.db.workflow.count()]).catch((error: unknown) => error)),
  );
  expect(result).toBeInstanceOf(TenantViolationError);
  expect(texts).toEqual([]);
});

test('transactions whose statements come in one tick each keep their own tenant', async () => {
  const meet = [barrier(3), barrier(3), barrier(3)] as const;
  const work = (tenant: Tenant) =>
    runInScope(scopeOf(tenant), () =>
      access.db.$transaction(async (tx) => {
        await meet[0]();
        const raw = await tx.$queryRaw<{ orgId: string }[]>`SELECT org_id AS "orgId" FROM workflow.workflows`;
        await meet[1]();
        const listed = await tx.workflow.findMany();
        await meet[2]();
        const found = await tx.workflow.findUniqueOrThrow({ where: where(tenant) });
        return [...raw, ...listed, found].map((row) => row.orgId);
      }),
    );
  const results = await Promise.all([a, b, c].map(work));
  expect(results).toEqual([a, b, c].map(({ orgId }) => Array.from({ length: 7 }, () => orgId)));
});

test('statements beside a transaction, in one tick with it, keep their own tenant', async () => {
  const meet = barrier(3);
  const inTransaction = (tenant: Tenant) =>
    runInScope(scopeOf(tenant), () =>
      access.db.$transaction(async (tx) => {
        await tx.workflow.count();
        await meet();
        return tx.workflow.findMany();
      }),
    );
  const alone = runInScope(scopeOf(c), async () => {
    await meet();
    return access.db.workflow.findMany();
  });
  const results = await Promise.all([inTransaction(a), inTransaction(b), alone]);
  expect(results.map((rows) => new Set(rows.map((row) => row.orgId)))).toEqual(
    [a, b, c].map(({ orgId }) => new Set([orgId])),
  );
});

test('nested writes, which Prisma puts into a transaction by itself, keep their own tenant in one tick', async () => {
  const create = (tenant: Tenant) =>
    runInScope(scopeOf(tenant), () =>
      bare.db.workflow.create({
        data: {
          orgId: tenant.orgId,
          name: 'Made',
          slug: 'made',
          tasks: { create: [{ key: 'k', type: 't', position: 1 }] },
        },
        include: { tasks: true },
      }),
    );
  const made = await Promise.all([a, b, c].map(create));
  expect(made.map((row) => row.tasks.map((task) => task.orgId))).toEqual([[a.orgId], [b.orgId], [c.orgId]]);
  const seen = await Promise.all(
    [a, b, c].map((tenant) =>
      runInScope(scopeOf(tenant), () => access.db.workflow.deleteMany({ where: { slug: 'made' } })),
    ),
  );
  expect(seen).toEqual([{ count: 1 }, { count: 1 }, { count: 1 }]);
});
