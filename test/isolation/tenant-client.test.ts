import { describe, expect, test } from 'vitest';
import { TenantViolationError } from '../../src/kernel/errors.ts';
import { createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { readableColumns } from '../../src/platform/postgres/adapter/readable-columns.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient } from '../../src/platform/postgres/tenant-client.ts';
import {
  a,
  access,
  asA,
  b,
  database,
  db,
  expectRefused,
  flow,
  key,
  stored,
  touch,
  useClientWall,
} from './client-wall.ts';
import { openAccess, scopeOf, type Tenant, watch } from './world.ts';

useClientWall();

test('control: without this wall the rows of all tenants are in reach', async () => {
  const open = openAccess(database.bypassUrl, { clientWall: false });
  expect(await asA(() => open.db.workflow.count())).toBe(6);
  expect(await asA(() => open.db.workflow.findFirst({ where: { orgId: b.orgId } }))).toMatchObject({ orgId: b.orgId });
  await open.close();
});

describe('the tenant is put into every operation', () => {
  test('findMany, findFirst and findFirstOrThrow', async () => {
    const rows = await asA(() => db.workflow.findMany());
    expect(rows.map((row) => row.id).toSorted()).toEqual(a.workflowIds.toSorted());
    expect(await asA(() => db.workflow.findFirst({ where: { id: flow(b) } }))).toBeNull();
    await expect(asA(() => db.workflow.findFirstOrThrow({ where: { id: flow(b) } }))).rejects.toMatchObject({
      code: 'P2025',
    });
    const either = { OR: [{ id: flow(b) }, { id: flow(a) }] };
    expect((await asA(() => db.workflow.findMany({ where: either }))).map((row) => row.id)).toEqual([flow(a)]);
    expect(await asA(() => db.workflow.findMany({ where: { NOT: { id: flow(a) } } }))).toHaveLength(2);
  });

  test('findUnique and findUniqueOrThrow', async () => {
    expect(await asA(() => db.workflow.findUnique({ where: key(a, flow(b)) }))).toBeNull();
    await expect(asA(() => db.workflow.findUniqueOrThrow({ where: key(a, flow(b)) }))).rejects.toMatchObject({
      code: 'P2025',
    });
    expect(await asA(() => db.session.findUnique({ where: { id: b.sessionId } }))).toBeNull();
    expect(await asA(() => db.session.findUnique({ where: { id: a.sessionId } }))).toMatchObject({ userId: a.userId });
    expect(await asA(() => db.organization.findUnique({ where: { engineNamespace: 'tenant-2' } }))).toBeNull();
  });

  test('count, aggregate and groupBy', async () => {
    expect(await asA(() => db.workflow.count())).toBe(3);
    expect(await asA(() => db.workflow.count({ where: { name: 'Flow 1' }, select: { _all: true } }))).toEqual({
      _all: 1,
    });
    const sum = await asA(() => db.task.aggregate({ _count: true, _sum: { position: true } }));
    expect(sum).toEqual({ _count: 6, _sum: { position: 9 } });
    const groups = await asA(() => db.workflow.groupBy({ by: ['orgId'], _count: true, having: { orgId: a.orgId } }));
    expect(groups).toEqual([{ orgId: a.orgId, _count: 3 }]);
  });

  test('create and createMany: a row without an organization gets the own one', async () => {
    const made = await asA(() => db.workflow.create({ data: { name: 'New', slug: 'new' } as never }));
    expect(made.orgId).toBe(a.orgId);
    await asA(() =>
      db.workflow.createMany({
        data: [
          { name: 'M1', slug: 'm1' },
          { name: 'M2', slug: 'm2' },
        ] as never,
      }),
    );
    await asA(() => db.workflow.createMany({ data: { name: 'M3', slug: 'm3' } as never }));
    const returned = await asA(() => db.workflow.createManyAndReturn({ data: [{ name: 'R', slug: 'r' }] as never }));
    expect(returned.map((row) => row.orgId)).toEqual([a.orgId]);
    expect(await stored('SELECT DISTINCT org_id FROM workflow.workflows WHERE length(name) < 4')).toEqual([
      { org_id: a.orgId },
    ]);
  });

  test('create with relations instead of columns: the organization is connected', async () => {
    const made = await asA(() =>
      db.workflow.create({
        data: { name: 'New', slug: 'new', createdBy: { connect: key(a, a.membershipId) } } as never,
      }),
    );
    expect(made).toMatchObject({ orgId: a.orgId, createdById: a.membershipId });
    const task = await asA(() =>
      db.task.create({ data: { key: 'k', type: 't', position: 9, workflow: { connect: key(a, flow(a)) } } }),
    );
    expect(task).toMatchObject({ orgId: a.orgId, workflowId: flow(a) });
  });

  test('create with children: they belong to the same organization', async () => {
    const made = await asA(() =>
      db.workflow.create({
        data: {
          orgId: a.orgId,
          name: 'New',
          slug: 'new',
          tasks: {
            create: [{ key: 'k', type: 't', position: 1 }],
            createMany: { data: [{ key: 'l', type: 't', position: 2 }] },
          },
          versions: { create: { version: 1, definition: {} } },
        },
        include: { tasks: true, versions: true },
      }),
    );
    expect([...made.tasks, ...made.versions].map((child) => child.orgId)).toEqual([a.orgId, a.orgId, a.orgId]);
  });

  test('create with children beside plain columns: the organization is a plain column too', async () => {
    const tasks = { create: [{ key: 'k', type: 't', position: 1 }] };
    const data = { name: 'New', slug: 'new', createdById: a.membershipId, tasks } as never;
    const made = await asA(() => db.workflow.create({ data, include: { tasks: true } }));
    expect(made).toMatchObject({ orgId: a.orgId, createdById: a.membershipId, tasks: [{ orgId: a.orgId }] });
  });

  test('create with a parent: the parent belongs to the same organization', async () => {
    const made = await asA(() =>
      db.task.create({
        data: { key: 'k', type: 't', position: 1, workflow: { create: { name: 'New', slug: 'new' } } } as never,
        include: { workflow: true },
      }),
    );
    expect([made.orgId, made.workflow.orgId]).toEqual([a.orgId, a.orgId]);
  });

  test('update, delete and upsert do not find a row of another tenant', async () => {
    const theirs = key(a, flow(b));
    await expect(asA(() => db.workflow.update({ where: theirs, data: { name: 'X' } }))).rejects.toMatchObject({
      code: 'P2025',
    });
    await expect(asA(() => db.workflow.delete({ where: theirs }))).rejects.toMatchObject({ code: 'P2025' });
    const upsert = { where: theirs, create: { name: 'U', slug: 'u' } as never, update: { name: 'X' } };
    expect(await asA(() => db.workflow.upsert(upsert))).toMatchObject({ orgId: a.orgId, name: 'U' });
    expect(await stored('SELECT name FROM workflow.workflows WHERE org_id = $1 ORDER BY name', b.orgId)).toEqual([
      { name: 'Flow 1' },
      { name: 'Flow 2' },
      { name: 'Flow 3' },
    ]);
  });

  test('updateMany, updateManyAndReturn and deleteMany touch the own rows only', async () => {
    expect(await asA(() => db.workflow.updateMany({ data: { name: 'X' } }))).toEqual({ count: 3 });
    const returned = await asA(() => db.workflow.updateManyAndReturn({ data: { name: 'Y' }, select: { orgId: true } }));
    expect(returned).toEqual([{ orgId: a.orgId }, { orgId: a.orgId }, { orgId: a.orgId }]);
    expect(await asA(() => db.workflow.deleteMany({ where: { id: { in: [flow(a), flow(b)] } } }))).toEqual({
      count: 1,
    });
    const left = await stored('SELECT org_id, name FROM workflow.workflows ORDER BY org_id = $1, name', a.orgId);
    expect(left.map((row) => (row as { name: string }).name)).toEqual(['Flow 1', 'Flow 2', 'Flow 3', 'Y', 'Y']);
  });

  test('a person sees and changes the own identity and sessions only', async () => {
    expect((await asA(() => db.user.findMany())).map((row) => row.id)).toEqual([a.userId]);
    expect((await asA(() => db.session.findMany())).map((row) => row.id)).toEqual([a.sessionId]);
    expect(await asA(() => db.user.updateMany({ data: { name: 'Renamed' } }))).toEqual({ count: 1 });
    expect(await asA(() => db.session.updateMany({ data: { endedAt: new Date() } }))).toEqual({ count: 1 });
    await expect(
      asA(() => db.session.update({ where: { id: b.sessionId }, data: { endedAt: new Date() } })),
    ).rejects.toMatchObject({ code: 'P2025' });
    const data = {
      accessHash: Buffer.alloc(32, 1),
      refreshHash: Buffer.alloc(32, 2),
      refreshFamilyHash: Buffer.alloc(32, 3),
      accessExpiresAt: new Date(),
      refreshExpiresAt: new Date(),
      provedAt: new Date(),
      refreshedAt: new Date(),
    };
    expect(await asA(() => db.session.create({ data: data as never }))).toMatchObject({ userId: a.userId });
  });

  test('an organization sees itself only', async () => {
    expect((await asA(() => db.organization.findMany())).map((row) => row.id)).toEqual([a.orgId]);
    expect(await asA(() => db.organization.updateMany({ data: { description: 'X' } }))).toEqual({ count: 1 });
    expect(await stored('SELECT id FROM iam.organizations WHERE description IS NOT NULL')).toEqual([{ id: a.orgId }]);
  });
});

describe('what looks like a tenant and is none is left alone', () => {
  test('a key named orgId in a customer’s JSON', async () => {
    const definition = { orgId: b.orgId, organization: { connect: { id: b.orgId } }, where: { orgId: b.orgId } };
    const made = await asA(() =>
      db.workflowVersion.create({ data: { orgId: a.orgId, workflowId: flow(a), version: 7, definition } }),
    );
    expect(made.definition).toEqual(definition);
    const found = await asA(() => db.workflowVersion.count({ where: { definition: { equals: definition } } }));
    expect(found).toBe(1);
    const path = await asA(() =>
      db.workflowVersion.count({ where: { definition: { path: ['orgId'], equals: b.orgId } } }),
    );
    expect(path).toBe(1);
  });

  test('the own tenant, named where it may be', async () => {
    expect(
      await asA(() => db.workflow.count({ where: { orgId: { in: [a.orgId] }, AND: { orgId: { equals: a.orgId } } } })),
    ).toBe(3);
    const same = await asA(() =>
      db.workflow.update({ where: key(a, flow(a)), data: { orgId: a.orgId, name: 'Same' } }),
    );
    expect(same).toMatchObject({ orgId: a.orgId, name: 'Same' });
  });
});

describe('raw statements', () => {
  test('run in the scope, and row level security holds them', async () => {
    touch();
    const runtime = openAccess(database.runtimeUrl);
    const count = (scopeTenant: Tenant) =>
      runInScope(
        scopeOf(scopeTenant),
        () => runtime.db.$queryRaw<{ org_id: string }[]>`SELECT DISTINCT org_id FROM workflow.workflows`,
      );
    expect(await count(a)).toEqual([{ org_id: a.orgId }]);
    expect(await count(b)).toEqual([{ org_id: b.orgId }]);
    expect(await asA(() => runtime.db.$executeRaw`UPDATE workflow.workflows SET name = 'raw'`)).toBe(3);
    await runtime.close();
  });
});

describe('transactions', () => {
  test('the wall holds inside of one', async () => {
    const rows = await asA(() => db.$transaction((tx) => tx.workflow.findMany()));
    expect(rows).toHaveLength(3);
    await expectRefused(() => db.$transaction((tx) => tx.workflow.findMany({ where: { orgId: b.orgId } })));
    await expectRefused(() => db.$transaction((tx) => tx.workflow.findUnique({ where: key(b, flow(b)) })));
  });

  test('a statement of another tenant is refused, also beside others in one tick', async () => {
    const settled = await asA(() =>
      db.$transaction(async (tx) => {
        const own = async () => tx.workflow.count();
        const foreign = () => runInScope(scopeOf(b), async () => tx.$queryRaw`SELECT 1`);
        return Promise.allSettled([own(), foreign(), own()]);
      }),
    );
    expect(settled.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const first = asA(() => db.$transaction((tx) => runInScope(scopeOf(b), () => tx.workflow.findMany())));
    await expect(first).rejects.toBeInstanceOf(TenantViolationError);
  });

  test('a statement of the same person elsewhere, or of another person there, is refused', async () => {
    for (const scope of [{ orgId: b.orgId, userId: a.userId }, { orgId: a.orgId, userId: b.userId }]) {
      const strange = asA(() =>
        db.$transaction(async (tx) => {
          await tx.workflow.count();
          return runInScope(createScope(scope), async () => tx.$queryRaw`SELECT 1`);
        }),
      );
      await expect(strange).rejects.toBeInstanceOf(TenantViolationError);
    }
  });

  test('one within another has the same tenant', async () => {
    const inner = asA(() =>
      db.$transaction((tx) => runInScope(scopeOf(b), () => tx.$transaction((nested) => nested.workflow.count()))),
    );
    await expect(inner).rejects.toBeInstanceOf(TenantViolationError);
    expect(await asA(() => db.$transaction((tx) => tx.$transaction((nested) => nested.workflow.count())))).toBe(3);
  });

  test('telling its tenant sends nothing', async () => {
    const { texts } = await watch(access.pool, () => asA(() => db.$transaction(async () => undefined)));
    expect(texts).toEqual([]);
  });
});

const timeouts = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 };

test('a findUnique that comes past the override is refused, with the wall or without', async () => {
  const request = { model: 'Workflow', jsModelName: 'workflow', clientMethod: 'workflow.findUnique', dataPath: [] };
  const open = createTenantClient({ adapter: createTenantAdapter(access.pool), clientWall: false, ...timeouts });
  for (const client of [db, open] as unknown as { _request(params: object): Promise<unknown> }[]) {
    for (const action of ['findUnique', 'findUniqueOrThrow']) {
      await expectRefused(async () => client._request({ ...request, action, args: { where: key(a, flow(a)) } }));
    }
  }
});

test('an operation that the wall does not know is refused', async () => {
  const inside = db as unknown as { _request(params: object): Promise<unknown> };
  const request = { jsModelName: 'workflow', clientMethod: 'x', dataPath: [], args: {} };
  await expectRefused(async () => inside._request({ ...request, model: 'Workflow', action: 'conquer' }));
  await expectRefused(async () =>
    inside._request({ ...request, jsModelName: undefined, action: 'runCommandRaw', clientMethod: '$runCommandRaw' }),
  );
});

test('columns that the database hides are left out of what is read', async () => {
  const runtime = openAccess(database.runtimeUrl);
  const read = await asA(async () => [
    await runtime.db.apiKey.findFirst(),
    await runtime.db.user.findFirst(),
    await runtime.db.session.findFirst(),
    await runtime.db.membership.findFirst({ include: { apiKeys: true } }),
    await runtime.db.organization.findFirst({ include: { apiKeys: { include: { supersedes: true, owner: true } } } }),
    await runtime.db.user.findFirst({ include: { sessions: true } }),
  ]);
  expect(JSON.stringify(read)).not.toMatch(/fingerprint|secretHash|passwordHash|accessHash|refreshHash|argon2/i);
  expect(read.every((row) => row !== null)).toBe(true);
  await runtime.close();
});

test('the columns that are taken for readable are those that the database grants', async () => {
  const tables = await stored<{ name: string; readable: string[] }>(
    `SELECT format('"%s"."%s"', n.nspname, c.relname) AS name,
            array_agg(a.attname::text ORDER BY a.attnum)
              FILTER (WHERE has_column_privilege('tenantry_runtime', c.oid, a.attnum, 'SELECT')) AS readable
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname IN ('events', 'iam', 'workflow') AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     GROUP BY 1 HAVING NOT bool_and(has_column_privilege('tenantry_runtime', c.oid, a.attnum, 'SELECT'))`,
  );
  expect(Object.fromEntries(tables.map(({ name, readable }) => [name, readable]))).toEqual(readableColumns);
});

test('the wall cannot be left out in production', () => {
  const adapter = createTenantAdapter(access.pool);
  expect(() => createTenantClient({ adapter, clientWall: false, production: true, ...timeouts })).toThrow('cannot be left out');
});
