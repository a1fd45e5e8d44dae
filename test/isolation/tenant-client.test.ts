import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TenantContextError, TenantViolationError } from '../../src/kernel/errors.ts';
import { createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { readableColumns } from '../../src/platform/postgres/adapter/readable-columns.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { Prisma } from '../../src/platform/postgres/generated/client/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient, type TenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant, watch } from './world.ts';

// Everything here runs with row level security off, unless it says otherwise: the client's wall stands alone.
let database: TestDatabase;
let a: Tenant;
let b: Tenant;
let access: Access;
let db: TenantClient;
// Whether anything was sent since the tenants were made that may have changed them.
let touched = true;

beforeAll(async () => {
  database = await createTestDatabase();
  access = openAccess(database.bypassUrl);
  db = access.db;
  access.pool.observe(({ text }) => {
    if (!text.toLowerCase().startsWith('select')) touched = true;
  });
});

afterAll(async () => {
  await access.close();
  await database.drop();
});

beforeEach(async () => {
  if (!touched) return;
  await withClient(database.superuserUrl, (client) => client.query('TRUNCATE iam.organizations, iam.users CASCADE'));
  [a, b] = (await insertTenants(database.superuserUrl, 2)) as [Tenant, Tenant];
  touched = false;
});

const asA = <Result>(work: () => Promise<Result>): Promise<Result> => runInScope(scopeOf(a), work);
const flow = (tenant: Tenant, index = 0): string => tenant.workflowIds[index] as string;
const key = (tenant: Tenant, id: string) => ({ orgId_id: { orgId: tenant.orgId, id } });

/** What lies in the database, past all walls. */
const stored = <Row>(sql: string, ...values: unknown[]): Promise<Row[]> => {
  touched ||= sql.startsWith('INSERT');
  return withClient(database.superuserUrl, async (client) => (await client.query(sql, values)).rows as Row[]);
};

/** The call fails with a violation, and no statement leaves the process. */
const expectRefused = async (work: () => Promise<unknown>, error: new () => Error = TenantViolationError as never) => {
  const { result, texts } = await watch(access.pool, () => asA(async () => work().catch((failure: unknown) => failure)));
  expect(result).toBeInstanceOf(error);
  expect(texts).toEqual([]);
};

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
    await expect(asA(() => db.workflow.findFirstOrThrow({ where: { id: flow(b) } }))).rejects.toMatchObject({ code: 'P2025' });
    const either = { OR: [{ id: flow(b) }, { id: flow(a) }] };
    expect((await asA(() => db.workflow.findMany({ where: either }))).map((row) => row.id)).toEqual([flow(a)]);
    expect(await asA(() => db.workflow.findMany({ where: { NOT: { id: flow(a) } } }))).toHaveLength(2);
  });

  test('findUnique and findUniqueOrThrow', async () => {
    expect(await asA(() => db.workflow.findUnique({ where: key(a, flow(b)) }))).toBeNull();
    await expect(asA(() => db.workflow.findUniqueOrThrow({ where: key(a, flow(b)) }))).rejects.toMatchObject({ code: 'P2025' });
    expect(await asA(() => db.session.findUnique({ where: { id: b.sessionId } }))).toBeNull();
    expect(await asA(() => db.session.findUnique({ where: { id: a.sessionId } }))).toMatchObject({ userId: a.userId });
    expect(await asA(() => db.organization.findUnique({ where: { engineNamespace: 'tenant-2' } }))).toBeNull();
  });

  test('count, aggregate and groupBy', async () => {
    expect(await asA(() => db.workflow.count())).toBe(3);
    expect(await asA(() => db.workflow.count({ where: { name: 'Flow 1' }, select: { _all: true } }))).toEqual({ _all: 1 });
    const sum = await asA(() => db.task.aggregate({ _count: true, _sum: { position: true } }));
    expect(sum).toEqual({ _count: 6, _sum: { position: 9 } });
    const groups = await asA(() => db.workflow.groupBy({ by: ['orgId'], _count: true, having: { orgId: a.orgId } }));
    expect(groups).toEqual([{ orgId: a.orgId, _count: 3 }]);
  });

  test('create and createMany: a row without an organization gets the own one', async () => {
    const made = await asA(() => db.workflow.create({ data: { name: 'New', slug: 'new' } as never }));
    expect(made.orgId).toBe(a.orgId);
    await asA(() => db.workflow.createMany({ data: [{ name: 'M1', slug: 'm1' }, { name: 'M2', slug: 'm2' }] as never }));
    await asA(() => db.workflow.createMany({ data: { name: 'M3', slug: 'm3' } as never }));
    const returned = await asA(() => db.workflow.createManyAndReturn({ data: [{ name: 'R', slug: 'r' }] as never }));
    expect(returned.map((row) => row.orgId)).toEqual([a.orgId]);
    expect(await stored('SELECT DISTINCT org_id FROM workflow.workflows WHERE length(name) < 4')).toEqual([{ org_id: a.orgId }]);
  });

  test('create with relations instead of columns: the organization is connected', async () => {
    const made = await asA(() =>
      db.workflow.create({ data: { name: 'New', slug: 'new', createdBy: { connect: key(a, a.membershipId) } } as never }),
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
          tasks: { create: [{ key: 'k', type: 't', position: 1 }], createMany: { data: [{ key: 'l', type: 't', position: 2 }] } },
          versions: { create: { version: 1, definition: {} } },
        },
        include: { tasks: true, versions: true },
      }),
    );
    expect([...made.tasks, ...made.versions].map((child) => child.orgId)).toEqual([a.orgId, a.orgId, a.orgId]);
  });

  test('update, delete and upsert do not find a row of another tenant', async () => {
    const theirs = key(a, flow(b));
    await expect(asA(() => db.workflow.update({ where: theirs, data: { name: 'X' } }))).rejects.toMatchObject({ code: 'P2025' });
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
    expect(await asA(() => db.workflow.deleteMany({ where: { id: { in: [flow(a), flow(b)] } } }))).toEqual({ count: 1 });
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
    const data = { accessHash: Buffer.alloc(32, 1), refreshHash: Buffer.alloc(32, 2), accessExpiresAt: new Date(), refreshExpiresAt: new Date() };
    expect(await asA(() => db.session.create({ data: data as never }))).toMatchObject({ userId: a.userId });
  });

  test('an organization sees itself only', async () => {
    expect((await asA(() => db.organization.findMany())).map((row) => row.id)).toEqual([a.orgId]);
    expect(await asA(() => db.organization.updateMany({ data: { description: 'X' } }))).toEqual({ count: 1 });
    expect(await stored('SELECT id FROM iam.organizations WHERE description IS NOT NULL')).toEqual([{ id: a.orgId }]);
  });
});

describe('the tenant is put into what is nested', () => {
  test('lists and counts in include and select, at any depth', async () => {
    // A person is a member of many organizations: the one relation that the keys alone do not hold to the tenant.
    await stored(
      `INSERT INTO iam.memberships (org_id, user_id, email, name) VALUES ($1, $2, 'guest@b.test', 'Guest')`,
      b.orgId,
      a.userId,
    );
    const user = await asA(() =>
      db.user.findFirstOrThrow({
        select: {
          memberships: { select: { orgId: true, organization: { select: { workflows: { select: { orgId: true } } } } } },
          _count: true,
        },
      }),
    );
    expect(user._count).toEqual({ memberships: 1, sessions: 1 });
    expect(user.memberships.map((row) => row.orgId)).toEqual([a.orgId]);
    const counted = await asA(() =>
      db.user.findFirstOrThrow({ select: { _count: { select: { memberships: { where: { status: 'active' } } } } } }),
    );
    expect(counted._count).toEqual({ memberships: 1 });
    const included = await asA(() => db.user.findFirstOrThrow({ include: { memberships: true } }));
    expect(included.memberships).toHaveLength(1);
  });

  test('filters over relations', async () => {
    await stored(
      `INSERT INTO iam.memberships (org_id, user_id, email, name) VALUES ($1, $2, 'guest@b.test', 'Guest')`,
      b.orgId,
      a.userId,
    );
    const count = (memberships: Prisma.MembershipListRelationFilter) => asA(() => db.user.count({ where: { memberships } }));
    expect(await count({ some: { name: 'Guest' } })).toBe(0);
    expect(await count({ some: { name: 'Olga' } })).toBe(1);
    expect(await count({ none: { name: 'Guest' } })).toBe(1);
    const members = (user: Prisma.MembershipWhereInput['user']) => asA(() => db.membership.count({ where: { user } as never }));
    await stored(`INSERT INTO iam.memberships (org_id, user_id, email) VALUES ($1, $2, 'b@b.test')`, a.orgId, b.userId);
    expect(await members({ name: 'Olga' })).toBe(1);
    expect(await members({ is: { email: 'owner@tenant-2.test' } })).toBe(0);
    expect(await members({ isNot: { email: 'owner@tenant-2.test' } })).toBe(2);
  });

  test('a list may be ordered, cut and filtered as before', async () => {
    const rows = await asA(() =>
      db.workflow.findMany({
        where: { tasks: { every: { type: 'http' } }, createdBy: { is: { name: 'Olga' } } },
        include: { tasks: { where: { position: 2 }, orderBy: { key: 'asc' }, take: 1 } },
        orderBy: [{ createdBy: { name: 'asc' } }, { tasks: { _count: 'desc' } }, { name: 'desc' }],
        cursor: key(a, flow(a, 1)),
        take: 2,
      }),
    );
    expect(rows.map((row) => [row.name, row.tasks.map((task) => task.key)])).toEqual([
      ['Flow 2', ['task-2']],
      ['Flow 1', ['task-2']],
    ]);
  });

  test('nested writes change the own rows only', async () => {
    await asA(() =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: {
          tasks: {
            updateMany: { where: {}, data: { type: 'changed' } },
            deleteMany: { key: 'task-2' },
            upsert: {
              where: key(a, randomUUID()),
              create: { key: 'new', type: 't', position: 3 },
              update: {},
            },
          },
          createdBy: { update: { name: 'Renamed' } },
        },
      }),
    );
    expect(await stored('SELECT key, type FROM workflow.tasks WHERE workflow_id = $1 ORDER BY key', flow(a))).toEqual([
      { key: 'new', type: 't' },
      { key: 'task-1', type: 'changed' },
    ]);
    expect(await stored(`SELECT org_id FROM iam.memberships WHERE name = 'Renamed'`)).toEqual([{ org_id: a.orgId }]);
  });
});

describe('a call that names another tenant is refused, and nothing is sent', () => {
  const foreign = () => ({ orgId: b.orgId });
  const cases: Record<string, () => Promise<unknown>> = {
    'in where': () => db.workflow.findMany({ where: foreign() }),
    'in AND': () => db.workflow.findMany({ where: { AND: [{ name: 'x' }, foreign()] } }),
    'in OR': () => db.workflow.findMany({ where: { OR: [foreign(), { name: 'x' }] } }),
    'in NOT': () => db.workflow.findMany({ where: { NOT: foreign() } }),
    'in NOT within OR': () => db.workflow.findMany({ where: { OR: [{ NOT: [foreign()] }] } }),
    'by equals': () => db.workflow.findMany({ where: { orgId: { equals: b.orgId } } }),
    'by in': () => db.workflow.findMany({ where: { orgId: { in: [a.orgId, b.orgId] } } }),
    'by not': () => db.workflow.findMany({ where: { orgId: { not: a.orgId } } }),
    'by an empty filter': () => db.workflow.findMany({ where: { orgId: {} } }),
    'by an order': () => db.workflow.findMany({ where: { orgId: { gt: a.orgId } } }),
    'by another column': () => db.workflow.findMany({ where: { orgId: db.workflow.fields.orgId as never } }),
    'by undefined': () => db.workflow.findMany({ where: { orgId: undefined as never } }),
    'by null': () => db.workflow.findMany({ where: { orgId: null as never } }),
    'by skip': () => db.workflow.findMany({ where: { orgId: Prisma.skip } }),
    'where undefined': () => db.workflow.findMany({ where: undefined as never }),
    'where skip': () => db.workflow.findMany({ where: Prisma.skip as never }),
    'in a relation filter': () => db.workflow.findMany({ where: { tasks: { some: foreign() } } }),
    'in none': () => db.workflow.findMany({ where: { tasks: { none: foreign() } } }),
    'in every': () => db.workflow.findMany({ where: { tasks: { every: foreign() } } }),
    'in a filter on one': () => db.workflow.findMany({ where: { createdBy: foreign() } }),
    'in is': () => db.workflow.findMany({ where: { createdBy: { is: foreign() } } }),
    'in isNot': () => db.workflow.findMany({ where: { createdBy: { isNot: foreign() } } }),
    'in the organization of a row': () => db.workflow.findMany({ where: { organization: { id: b.orgId } } }),
    'in findFirst': () => db.workflow.findFirst({ where: foreign() }),
    'in findUnique': () => db.workflow.findUnique({ where: key(b, flow(b)) }),
    'in findUniqueOrThrow': () => db.workflow.findUniqueOrThrow({ where: key(b, flow(b)) }),
    'in findUnique of the organization': () => db.organization.findUnique({ where: { id: b.orgId } }),
    'in findUnique of a person': () => db.user.findUnique({ where: { id: b.userId } }),
    'in count': () => db.workflow.count({ where: foreign() }),
    'in aggregate': () => db.workflow.aggregate({ where: foreign(), _count: true }),
    'in groupBy': () => db.workflow.groupBy({ by: ['orgId'], where: foreign() }),
    'in having': () => db.workflow.groupBy({ by: ['orgId'], having: { orgId: { not: a.orgId } } }),
    'in create': () => db.workflow.create({ data: { ...foreign(), name: 'New', slug: 'n' } }),
    'in create by relation': () =>
      db.workflow.create({ data: { name: 'New', slug: 'n', organization: { connect: { id: b.orgId } } } }),
    'in createMany': () =>
      db.workflow.createMany({ data: [{ ...foreign(), name: 'New', slug: 'n' }] }),
    'in createManyAndReturn': () =>
      db.workflow.createManyAndReturn({ data: [{ orgId: a.orgId, name: 'New', slug: 'n' }, { ...foreign(), name: 'New', slug: 'n' }] }),
    'in update': () => db.workflow.update({ where: key(b, flow(b)), data: { name: 'X' } }),
    'in the data of update': () => db.workflow.update({ where: key(a, flow(a)), data: foreign() }),
    'in the data of update by set': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { orgId: { set: b.orgId } as never } }),
    'in updateMany': () => db.workflow.updateMany({ where: foreign(), data: { name: 'X' } }),
    'in the data of updateMany': () => db.workflow.updateMany({ data: foreign() }),
    'in updateManyAndReturn': () => db.workflow.updateManyAndReturn({ data: foreign() }),
    'in upsert': () =>
      db.workflow.upsert({ where: key(b, flow(b)), create: { orgId: a.orgId, name: 'New', slug: 'n' }, update: {} }),
    'in the create of upsert': () =>
      db.workflow.upsert({ where: key(a, flow(a)), create: { ...foreign(), name: 'New', slug: 'n' }, update: {} }),
    'in the update of upsert': () =>
      db.workflow.upsert({ where: key(a, flow(a)), create: { orgId: a.orgId, name: 'New', slug: 'n' }, update: foreign() }),
    'in delete': () => db.workflow.delete({ where: key(b, flow(b)) }),
    'in deleteMany': () => db.workflow.deleteMany({ where: foreign() }),
    'in a cursor': () => db.workflow.findMany({ cursor: key(b, flow(b)) }),
    'in a cursor without a tenant': () => db.apiKey.findMany({ cursor: { fingerprint: Buffer.alloc(32) } }),
    'in a nested where': () => db.workflow.findMany({ include: { tasks: { where: foreign() } } }),
    'in a nested cursor': () => db.workflow.findMany({ include: { tasks: { cursor: key(b, randomUUID()) } } }),
    'in a count of a relation': () => db.workflow.findMany({ include: { _count: { select: { tasks: { where: foreign() } } } } }),
    'deep in a selection': () =>
      db.workflow.findMany({ select: { createdBy: { include: { apiKeys: { where: { OR: [foreign()] } } } } } }),
    'in what a write returns': () =>
      db.workflow.update({ where: key(a, flow(a)), data: {}, include: { tasks: { where: foreign() } } }),
    'in connect': () => db.workflow.update({ where: key(a, flow(a)), data: { createdBy: { connect: key(b, b.membershipId) } } }),
    'in connect of the organization': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { organization: { connect: { id: b.orgId } } } }),
    'in set': () => db.workflow.update({ where: key(a, flow(a)), data: { tasks: { set: [key(b, randomUUID())] } } }),
    'in disconnect': () => db.organization.update({ where: { id: a.orgId }, data: { workflows: { connect: [key(b, flow(b))] } } }),
    'in nested create': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { create: { ...foreign(), key: 'k', type: 't', position: 1 } as never } },
      }),
    'in nested createMany': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { createMany: { data: [{ ...foreign(), key: 'k', type: 't', position: 1 } as never] } } },
      }),
    'in connectOrCreate': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { connectOrCreate: { where: key(b, randomUUID()), create: { key: 'k', type: 't', position: 1 } } } },
      }),
    'in the create of connectOrCreate': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: {
          tasks: {
            connectOrCreate: { where: key(a, randomUUID()), create: { ...foreign(), key: 'k', type: 't', position: 1 } as never },
          },
        },
      }),
    'in nested update': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { update: { where: key(b, randomUUID()), data: { type: 'x' } } } },
      }),
    'in the data of nested update': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { update: { where: key(a, randomUUID()), data: foreign() as never } } },
      }),
    'in nested update of one': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { createdBy: { update: foreign() as never } } }),
    'in the where of nested update of one': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { createdBy: { update: { where: foreign(), data: { name: 'x' } } } },
      }),
    'in nested updateMany': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { updateMany: { where: foreign(), data: { type: 'x' } } } },
      }),
    'in the data of nested updateMany': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { updateMany: { where: {}, data: foreign() as never } } },
      }),
    'in nested upsert': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: {
          tasks: { upsert: { where: key(a, randomUUID()), create: { key: 'k', type: 't', position: 1 }, update: foreign() as never } },
        },
      }),
    'in nested delete': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { tasks: { delete: key(b, randomUUID()) } } }),
    'in nested deleteMany': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { tasks: { deleteMany: [foreign()] } } }),
    'in the children of a child': () =>
      db.organization.update({
        where: { id: a.orgId },
        data: {
          workflows: {
            create: { name: 'New', slug: 'n', tasks: { create: { ...foreign(), key: 'k', type: 't', position: 1 } as never } },
          },
        },
      }),
    'as another person': () => db.session.findMany({ where: { userId: b.userId } }),
    'as the session of another person': () =>
      db.session.create({
        data: {
          userId: b.userId,
          accessHash: Buffer.alloc(32, 1),
          refreshHash: Buffer.alloc(32, 2),
          accessExpiresAt: new Date(),
          refreshExpiresAt: new Date(),
        },
      }),
    'as an id of an organization': () => db.organization.create({ data: { id: b.orgId, name: 'New', slug: 'n', engineNamespace: 'new' } }),
  };

  test.each(Object.entries(cases))('%s', (_, work) => expectRefused(work));
});

describe('what cannot be held to the tenant is refused', () => {
  const cases: Record<string, () => Promise<unknown>> = {
    'the person behind a membership': () => db.membership.findMany({ include: { user: true } }),
    'the person behind a membership, selected': () => db.membership.findMany({ select: { user: { select: { email: true } } } }),
    'connecting a person': () =>
      db.membership.create({ data: { email: 'x@y.test', user: { connect: { id: b.userId } } } as never }),
    'every, over memberships everywhere': () => db.user.findMany({ where: { memberships: { every: { role: 'owner' } } } }),
    'an order by the person behind a membership': () => db.membership.findMany({ orderBy: { user: { email: 'asc' } } }),
    'an order by the number of memberships everywhere': () => db.user.findMany({ orderBy: { memberships: { _count: 'asc' } } }),
    'a nested write that the wall does not know': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { tasks: { conquer: {} } as never } }),
    'a nested write named like a method of every object': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { tasks: { toString: {} } as never } }),
  };

  test.each(Object.entries(cases))('%s', (_, work) => expectRefused(work));
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
    const path = await asA(() => db.workflowVersion.count({ where: { definition: { path: ['orgId'], equals: b.orgId } } }));
    expect(path).toBe(1);
  });

  test('the own tenant, named where it may be', async () => {
    expect(await asA(() => db.workflow.count({ where: { orgId: { in: [a.orgId] }, AND: { orgId: { equals: a.orgId } } } }))).toBe(3);
    const same = await asA(() => db.workflow.update({ where: key(a, flow(a)), data: { orgId: a.orgId, name: 'Same' } }));
    expect(same).toMatchObject({ orgId: a.orgId, name: 'Same' });
  });
});

describe('without a tenant nothing is sent', () => {
  const expectContextError = async (scope: { orgId: string | null; userId: string | null } | undefined, work: () => Promise<unknown>) => {
    const attempt = () => work().catch((failure: unknown) => failure);
    const { result, texts } = await watch(access.pool, () =>
      scope === undefined ? attempt() : runInScope(createScope(scope), attempt),
    );
    expect(result).toBeInstanceOf(TenantContextError);
    expect(texts).toEqual([]);
  };
  const works: Record<string, () => Promise<unknown>> = {
    findMany: async () => db.workflow.findMany(),
    findUnique: async () => db.workflow.findUnique({ where: key(a, flow(a)) }),
    create: async () => db.workflow.create({ data: { orgId: a.orgId, name: 'New', slug: 'n' } }),
    'a statement of a transaction': async () => db.$transaction((tx) => tx.workflow.findMany()),
  };

  test.each(Object.entries(works))('no scope: %s', (_, work) => expectContextError(undefined, work));
  test.each(Object.entries(works))('no organization in the scope: %s', (_, work) =>
    expectContextError({ orgId: null, userId: a.userId }, work),
  );
  test('no scope: raw statements and transactions', async () => {
    await expectContextError(undefined, async () => db.$queryRaw`SELECT 1`);
    await expectContextError(undefined, async () => db.$queryRawUnsafe('SELECT 1'));
    await expectContextError(undefined, async () => db.$executeRaw`SELECT 1`);
    await expectContextError(undefined, async () => db.$executeRawUnsafe('SELECT 1'));
    await expectContextError(undefined, () => db.$transaction((tx) => tx.workflow.findMany()));
  });
  test('no person in the scope', async () => {
    await expectContextError({ orgId: a.orgId, userId: null }, async () => db.user.findMany());
    await expectContextError({ orgId: a.orgId, userId: null }, async () => db.session.findMany());
    await expectContextError({ orgId: a.orgId, userId: null }, async () => db.membership.count({ where: { user: { name: 'x' } } }));
  });
  test('no organization in the scope, reached from a person', async () => {
    await expectContextError({ orgId: null, userId: a.userId }, async () => db.user.findMany({ include: { memberships: true } }));
  });
  test('a look-alike of a scope is none', () => {
    const forged = { orgId: b.orgId, userId: b.userId, loaders: new Map() };
    expect(() => runInScope(forged, () => db.workflow.findMany())).toThrow(TenantContextError);
    expect(() => createScope({ orgId: 'x', userId: null })).toThrow(TenantContextError);
  });
});

describe('raw statements', () => {
  test('run in the scope, and row level security holds them', async () => {
    touched = true;
    const runtime = openAccess(database.runtimeUrl);
    const count = (scopeTenant: Tenant) =>
      runInScope(scopeOf(scopeTenant), () => runtime.db.$queryRaw<{ org_id: string }[]>`SELECT DISTINCT org_id FROM workflow.workflows`);
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

  test('one within another has the same tenant', async () => {
    const inner = asA(() => db.$transaction((tx) => runInScope(scopeOf(b), () => tx.$transaction((nested) => nested.workflow.count()))));
    await expect(inner).rejects.toBeInstanceOf(TenantViolationError);
    expect(await asA(() => db.$transaction((tx) => tx.$transaction((nested) => nested.workflow.count())))).toBe(3);
  });

  test('telling its tenant sends nothing', async () => {
    const { texts } = await watch(access.pool, () => asA(() => db.$transaction(async () => undefined)));
    expect(texts).toEqual([]);
  });
});

test('a findUnique that comes past the override does not reach the loader of Prisma, with the wall or without', async () => {
  const request = { model: 'Workflow', jsModelName: 'workflow', clientMethod: 'workflow.findUnique', dataPath: [] };
  const open = createTenantClient({ adapter: createTenantAdapter(access.pool), clientWall: false });
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
  await expectRefused(async () => inside._request({ ...request, jsModelName: undefined, action: 'runCommandRaw', clientMethod: '$runCommandRaw' }));
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
     WHERE n.nspname IN ('iam', 'workflow') AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     GROUP BY 1 HAVING NOT bool_and(has_column_privilege('tenantry_runtime', c.oid, a.attnum, 'SELECT'))`,
  );
  expect(Object.fromEntries(tables.map(({ name, readable }) => [name, readable]))).toEqual(readableColumns);
});

test('the wall cannot be left out in production', () => {
  const adapter = createTenantAdapter(access.pool);
  expect(() => createTenantClient({ adapter, clientWall: false, production: true })).toThrow('cannot be left out');
});
