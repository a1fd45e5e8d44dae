import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { inTransaction, withClient } from '../../src/platform/postgres/client.ts';
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

test('control: the loader of Prisma answers a tenant with another tenant’s row', async () => {
  const stock = new PrismaClient({ adapter: createTenantAdapter(access.pool) });
  const read = (as: Tenant, of: Tenant, id = first(of)) =>
    runInScope(scopeOf(as), () => stock.workflow.findUnique({ where: where(of, id) }).then((row) => row?.id));
  const own = await watch(access.pool, () => Promise.all([read(a, a), read(b, b), read(c, c)]));
  expect(own.texts).toHaveLength(1);
  expect(own.result).toEqual([first(a), undefined, undefined]);
  const [, foreign] = await Promise.all([read(a, a), read(b, a, a.workflowIds[1])]);
  expect(foreign).toBe(a.workflowIds[1]);
});

test('three tenants in one tick get their own rows, in a statement each', async () => {
  const read = (tenant: Tenant) =>
    runInScope(scopeOf(tenant), () => access.db.workflow.findUnique({ where: where(tenant) }).then((row) => row?.id));
  const { result, texts } = await watch(access.pool, () => Promise.all([read(a), read(b), read(c)]));
  expect(result).toEqual([first(a), first(b), first(c)]);
  expect(texts).toHaveLength(3);
});

test('two requests of one tenant share no statement', async () => {
  const read = () =>
    runInScope(scopeOf(a), () => access.db.workflow.findUnique({ where: where(a) }).then((row) => row?.id));
  const { result, texts } = await watch(access.pool, () => Promise.all([read(), read()]));
  expect(result).toEqual([first(a), first(a)]);
  expect(texts).toHaveLength(2);
});

test('two clients in one request share no statement', async () => {
  const read = ({ db }: Access) => db.workflow.findUnique({ where: where(a), select: { name: true } });
  const both = () => runInScope(scopeOf(a), () => Promise.all([read(access), read(bare)]));
  const { result: first, texts } = await watch(access.pool, async () => (await watch(bare.pool, both)).texts);
  expect([first.length, texts.length]).toEqual([1, 1]);
});

test('reads of one request in one tick are one statement, whatever their number', async () => {
  const ids = [...a.workflowIds, b.workflowIds[0] as string, a.workflowIds[0] as string];
  const { result, texts } = await watch(access.pool, () =>
    runInScope(scopeOf(a), () =>
      Promise.all(
        ids.map((id) =>
          access.db.workflow.findUnique({
            where: where(a, id),
            select: { name: true, tasks: { select: { key: true } } },
          }),
        ),
      ),
    ),
  );
  expect(texts).toHaveLength(1);
  const tasks = [{ key: 'task-1' }, { key: 'task-2' }];
  expect(result).toEqual([
    { name: 'Flow 1', tasks },
    { name: 'Flow 2', tasks },
    { name: 'Flow 3', tasks },
    null,
    { name: 'Flow 1', tasks },
  ]);
});

test('a read that is alone, and those that go together, answer with what was selected', async () => {
  const read = (id: string) => access.db.workflow.findUnique({ where: where(a, id), select: { name: true, tasks: { select: { key: true } } } });
  const include = (id: string) => access.db.workflow.findUnique({ where: where(a, id), include: { tasks: { select: { key: true } } } });
  const tasks = [{ key: 'task-1' }, { key: 'task-2' }];
  const alone = await runInScope(scopeOf(a), async () => await read(first(a)));
  expect(alone).toEqual({ name: 'Flow 1', tasks });
  const together = await runInScope(scopeOf(a), () => Promise.all(a.workflowIds.map(include)));
  expect(together).toMatchObject(a.workflowIds.map((id) => ({ id, tasks })));
});

test('reads with different selections are different statements', async () => {
  const { result, texts } = await watch(access.pool, () =>
    runInScope(scopeOf(a), () =>
      Promise.all([
        ...a.workflowIds.map((id) => access.db.workflow.findUnique({ where: where(a, id), select: { id: true } })),
        ...a.workflowIds.map((id) => access.db.workflow.findUnique({ where: where(a, id), select: { slug: true } })),
      ]),
    ),
  );
  expect(texts).toHaveLength(2);
  expect(result.slice(3)).toEqual([{ slug: 'flow-1' }, { slug: 'flow-2' }, { slug: 'flow-3' }]);
});

test('other unique keys are batched too, by all of their fields', async () => {
  const { result, texts } = await watch(access.pool, () =>
    runInScope(scopeOf(a), () =>
      Promise.all(
        a.workflowIds.flatMap((workflowId, index) => [
          access.db.task.findUnique({
            where: { orgId_workflowId_key: { orgId: a.orgId, workflowId, key: `task-${(index % 2) + 1}` } },
            select: { key: true },
          }),
          access.db.workflow.findUnique({ where: { orgId_slug: { orgId: a.orgId, slug: `flow-${index + 1}` } } }),
        ]),
      ),
    ),
  );
  expect(texts).toHaveLength(2);
  expect(result.map((row) => (row && 'slug' in row ? row.slug : row))).toEqual([
    { key: 'task-1' },
    'flow-1',
    { key: 'task-2' },
    'flow-2',
    { key: 'task-1' },
    'flow-3',
  ]);
});

test('a missing row is the error of Prisma for the read that asked for it, and for no other', async () => {
  const stock = new PrismaClient({ adapter: createTenantAdapter(access.pool) });
  const [theirs, ours] = await runInScope(
    scopeOf(a),
    async () =>
      [
        await stock.workflow.findUniqueOrThrow({ where: where(a, first(b)) }).catch((error: unknown) => error),
        await Promise.allSettled(
          [a, b].map((of) => access.db.workflow.findUniqueOrThrow({ where: where(a, first(of)) })),
        ),
      ] as const,
  );
  expect(ours[0]).toMatchObject({ status: 'fulfilled', value: { id: first(a) } });
  expect(ours[1]).toMatchObject({
    status: 'rejected',
    reason: { name: 'PrismaClientKnownRequestError', code: 'P2025' },
  });
  expect(theirs).toMatchObject({
    name: 'PrismaClientKnownRequestError',
    code: 'P2025',
    meta: { modelName: 'Workflow' },
  });
  expect((ours[1] as PromiseRejectedResult).reason.meta).toMatchObject({ modelName: 'Workflow' });
});

test('an id that is no UUID fails alone', async () => {
  const reads = await runInScope(scopeOf(a), () =>
    Promise.allSettled(
      ['nonsense', first(a), a.workflowIds[1] as string].map((id) =>
        access.db.workflow.findUnique({ where: where(a, id) }),
      ),
    ),
  );
  expect(reads.map((read) => read.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(reads[1]).toMatchObject({ value: { id: first(a) } });
});

test('a key that cannot be told in text fails no other', async () => {
  const reads = await runInScope(scopeOf(a), () =>
    Promise.allSettled(
      [1n as never, first(a), a.workflowIds[1] as string].map((id) => access.db.workflow.findUnique({ where: where(a, id) })),
    ),
  );
  expect(reads.map((read) => read.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(reads[1]).toMatchObject({ value: { id: first(a) } });
});

test('rows are told apart by their keys also where these are left out of the answer', async () => {
  const read = (id: string) => access.db.workflow.findUnique({ where: where(a, id), omit: { id: true, slug: true } });
  const rows = await runInScope(scopeOf(a), () => Promise.all(a.workflowIds.map(read)));
  expect(rows.map((row) => row?.name)).toEqual(['Flow 1', 'Flow 2', 'Flow 3']);
  expect(rows.some((row) => row && ('id' in row || 'slug' in row))).toBe(false);
});

test('when the database has no time for the reads together, none of them asks again alone', async () => {
  const hurried = openAccess(database.runtimeUrl, { statementTimeoutMs: 300 });
  const read = (id: string) => hurried.db.workflow.findUnique({ where: where(a, id) });
  try {
    await withClient(database.superuserUrl, (client) =>
      inTransaction(client, async () => {
        await client.query('LOCK TABLE workflow.workflows');
        const { result, texts } = await watch(hurried.pool, () => runInScope(scopeOf(a), () => Promise.allSettled(a.workflowIds.map(read))));
        expect(result.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
        expect(texts).toHaveLength(1);
      }),
    );
  } finally {
    await hurried.close();
  }
});

test('an id in another spelling finds its row, as in a read alone', async () => {
  const ids = [first(a), first(a).toUpperCase(), `{${a.workflowIds[1]}}`, a.workflowIds[2] as string];
  const rows = await runInScope(scopeOf(a), () =>
    Promise.all(ids.map((id) => access.db.workflow.findUnique({ where: where(a, id) }).then((row) => row?.id))),
  );
  expect(rows).toEqual([first(a), first(a), a.workflowIds[1], a.workflowIds[2]]);
});

test('without the other walls a batch still never leaves the tenant that each read names', async () => {
  const reads = await runInScope(scopeOf(a), () =>
    Promise.all([
      bare.db.workflow.findUnique({ where: where(a) }),
      bare.db.workflow.findUnique({ where: where(b) }),
      bare.db.workflow.findUnique({ where: where(a, first(b)) }),
      bare.db.workflow.findUnique({ where: where(b, first(a)) }),
    ]),
  );
  expect(reads.map((row) => row?.id)).toEqual([first(a), first(b), undefined, undefined]);
});

test('relations can be chained to a read', async () => {
  const tasks = await runInScope(scopeOf(a), () => access.db.workflow.findUnique({ where: where(a) }).tasks());
  expect(tasks?.map((task) => task.key)).toEqual(['task-1', 'task-2']);
});

test('a read begins when it is waited for, and only once', async () => {
  const { texts } = await watch(access.pool, () =>
    runInScope(scopeOf(a), async () => {
      const read = access.db.workflow.findUnique({ where: where(a) });
      const never = access.db.workflow.findUnique({ where: where(a) });
      expect(never).toBeDefined();
      expect((await read)?.id).toBe((await read)?.id);
    }),
  );
  expect(texts).toHaveLength(1);
});

test('a where without a whole unique key is refused', async () => {
  const read = (filter: object) =>
    runInScope(scopeOf(a), () => access.db.workflow.findUnique({ where: filter as never }));
  for (const filter of [
    {},
    { name: 'Flow 1' },
    { orgId_id: { orgId: a.orgId } },
    { orgId_id: { orgId: a.orgId, id: undefined } },
  ]) {
    await expect(read(filter)).rejects.toMatchObject({ name: 'PrismaClientValidationError' });
  }
});

test('further conditions beside the unique key hold', async () => {
  const rows = await runInScope(scopeOf(a), () =>
    Promise.all(['Flow 1', 'Flow 2'].map((name) => access.db.workflow.findUnique({ where: { ...where(a), name } }))),
  );
  expect(rows.map((row) => row?.name)).toEqual(['Flow 1', undefined]);
  const contradictions = [
    { id: b.workflowIds[0] as string },
    { orgId_slug: { orgId: a.orgId, slug: 'flow-2' } },
    { NOT: { id: first(a) } },
  ];
  for (const condition of contradictions) {
    const read = runInScope(scopeOf(a), () => access.db.workflow.findUnique({ where: { ...where(a), ...condition } }));
    expect(await read).toBeNull();
  }
  const foreign = runInScope(scopeOf(a), () =>
    access.db.workflow.findUnique({ where: { ...where(a), orgId: b.orgId } }),
  );
  await expect(foreign).rejects.toThrow('another organization');
});

test('a refused read that nobody waits for disturbs nobody', async () => {
  runInScope(scopeOf(a), () => void access.db.workflow.findUnique({ where: {} as never }));
  await new Promise((resolve) => setImmediate(resolve));
});

test('a scope that lives long keeps no loader', async () => {
  const scope = scopeOf(a);
  await runInScope(scope, () =>
    Promise.all(a.workflowIds.map((id) => access.db.workflow.findUnique({ where: where(a, id) }))),
  );
  expect(scope.loaders.size).toBe(0);
});
