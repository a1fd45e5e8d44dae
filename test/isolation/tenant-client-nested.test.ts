import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Prisma } from '../../src/platform/postgres/generated/client/client.ts';
import { a, asA, b, db, flow, key, stored, useClientWall } from './client-wall.ts';

// The tenant is put into what is nested: selections, counts, filters and writes.
useClientWall();

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
        memberships: {
          select: { orgId: true, organization: { select: { workflows: { select: { orgId: true } } } } },
        },
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

test('counting all lists counts no single rows', async () => {
  const [workflow] = await asA(() => db.workflow.findMany({ include: { _count: true }, take: 1 }));
  expect(workflow?._count).toEqual({ tasks: 2, versions: 0, schedules: 0, executions: 0 });
});

test('filters over relations', async () => {
  await stored(
    `INSERT INTO iam.memberships (org_id, user_id, email, name) VALUES ($1, $2, 'guest@b.test', 'Guest')`,
    b.orgId,
    a.userId,
  );
  const count = (memberships: Prisma.MembershipListRelationFilter) =>
    asA(() => db.user.count({ where: { memberships } }));
  expect(await count({ some: { name: 'Guest' } })).toBe(0);
  expect(await count({ some: { name: 'Olga' } })).toBe(1);
  expect(await count({ none: { name: 'Guest' } })).toBe(1);
  const members = (user: Prisma.MembershipWhereInput['user']) =>
    asA(() => db.membership.count({ where: { user } as never }));
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

test('a page may start at a row that is named by more than its key', async () => {
  const after = async (name: string) => {
    const rows = await asA(() => db.workflow.findMany({ orderBy: { name: 'asc' }, cursor: { ...key(a, flow(a, 1)), name } }));
    return rows.map((row) => row.name);
  };
  expect(await after('Flow 2')).toEqual(['Flow 2', 'Flow 3']);
  expect(await after('Flow 1')).toEqual([]);
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
