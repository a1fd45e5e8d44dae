import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TenantContextError } from '../../src/kernel/errors.ts';
import { Prisma } from '../../src/platform/postgres/generated/client/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { a, access, b, db, expectRefused, flow, key, useClientWall } from './client-wall.ts';
import { watch } from './world.ts';

useClientWall();

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
    'by in beside the own one': () => db.workflow.findMany({ where: { orgId: { equals: a.orgId, in: [b.orgId] } } }),
    'by an empty list': () => db.workflow.findMany({ where: { orgId: { in: [] } } }),
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
    'in createMany': () => db.workflow.createMany({ data: [{ ...foreign(), name: 'New', slug: 'n' }] }),
    'in createManyAndReturn': () =>
      db.workflow.createManyAndReturn({
        data: [
          { orgId: a.orgId, name: 'New', slug: 'n' },
          { ...foreign(), name: 'New', slug: 'n' },
        ],
      }),
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
      db.workflow.upsert({
        where: key(a, flow(a)),
        create: { orgId: a.orgId, name: 'New', slug: 'n' },
        update: foreign(),
      }),
    'in delete': () => db.workflow.delete({ where: key(b, flow(b)) }),
    'in deleteMany': () => db.workflow.deleteMany({ where: foreign() }),
    'in a cursor': () => db.workflow.findMany({ cursor: key(b, flow(b)) }),
    'in the cursor of a count': () => db.workflow.count({ cursor: key(b, flow(b)) }),
    'in a cursor without a tenant': () => db.apiKey.findMany({ cursor: { fingerprint: Buffer.alloc(32) } }),
    'in a nested where': () => db.workflow.findMany({ include: { tasks: { where: foreign() } } }),
    'in a nested cursor': () => db.workflow.findMany({ include: { tasks: { cursor: key(b, randomUUID()) } } }),
    'in a count of a relation': () =>
      db.workflow.findMany({ include: { _count: { select: { tasks: { where: foreign() } } } } }),
    'deep in a selection': () =>
      db.workflow.findMany({ select: { createdBy: { include: { apiKeys: { where: { OR: [foreign()] } } } } } }),
    'in what a write returns': () =>
      db.workflow.update({ where: key(a, flow(a)), data: {}, include: { tasks: { where: foreign() } } }),
    'in what create returns': () =>
      db.workflow.create({ data: { orgId: a.orgId, name: 'New', slug: 'n' }, include: { tasks: { where: foreign() } } }),
    'in what upsert returns': () =>
      db.workflow.upsert({
        where: key(a, flow(a)),
        create: { orgId: a.orgId, name: 'New', slug: 'n' },
        update: {},
        include: { tasks: { where: foreign() } },
      }),
    'in what delete returns': () => db.workflow.delete({ where: key(a, flow(a)), include: { tasks: { where: foreign() } } }),
    'in connect': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { createdBy: { connect: key(b, b.membershipId) } } }),
    'in connect of the organization': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { organization: { connect: { id: b.orgId } } } }),
    'in set': () => db.workflow.update({ where: key(a, flow(a)), data: { tasks: { set: [key(b, randomUUID())] } } }),
    'in connect of many': () =>
      db.organization.update({ where: { id: a.orgId }, data: { workflows: { connect: [key(b, flow(b))] } } }),
    'in disconnect': () =>
      db.organization.update({ where: { id: a.orgId }, data: { workflows: { disconnect: key(b, flow(b)) } as never } }),
    'in disconnect of one': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { createdBy: { disconnect: foreign() } } }),
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
        data: {
          tasks: { connectOrCreate: { where: key(b, randomUUID()), create: { key: 'k', type: 't', position: 1 } } },
        },
      }),
    'in the create of connectOrCreate': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: {
          tasks: {
            connectOrCreate: {
              where: key(a, randomUUID()),
              create: { ...foreign(), key: 'k', type: 't', position: 1 } as never,
            },
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
          tasks: {
            upsert: {
              where: key(a, randomUUID()),
              create: { key: 'k', type: 't', position: 1 },
              update: foreign() as never,
            },
          },
        },
      }),
    'in the where of nested upsert': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: { tasks: { upsert: { where: key(b, randomUUID()), create: { key: 'k', type: 't', position: 1 }, update: {} } } },
      }),
    'in the create of nested upsert': () =>
      db.workflow.update({
        where: key(a, flow(a)),
        data: {
          tasks: {
            upsert: {
              where: key(a, randomUUID()),
              create: { ...foreign(), key: 'k', type: 't', position: 1 } as never,
              update: {},
            },
          },
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
            create: {
              name: 'New',
              slug: 'n',
              tasks: { create: { ...foreign(), key: 'k', type: 't', position: 1 } as never },
            },
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
          refreshFamilyHash: Buffer.alloc(32, 3),
          accessExpiresAt: new Date(),
          refreshExpiresAt: new Date(),
          provedAt: new Date(),
          refreshedAt: new Date(),
        },
      }),
    'as an id of an organization': () =>
      db.organization.create({ data: { id: b.orgId, name: 'New', slug: 'n', engineNamespace: 'new' } }),
  };

  test.each(Object.entries(cases))('%s', (_, work) => expectRefused(work));
});

describe('what cannot be held to the tenant is refused', () => {
  const cases: Record<string, () => Promise<unknown>> = {
    'the person behind a membership': () => db.membership.findMany({ include: { user: true } }),
    'the person behind a membership, selected': () =>
      db.membership.findMany({ select: { user: { select: { email: true } } } }),
    'connecting a person': () =>
      db.membership.create({ data: { email: 'x@y.test', user: { connect: { id: b.userId } } } as never }),
    'every, over memberships everywhere': () =>
      db.user.findMany({ where: { memberships: { every: { role: 'owner' } } } }),
    'an order by the person behind a membership': () => db.membership.findMany({ orderBy: { user: { email: 'asc' } } }),
    'an order by the number of memberships everywhere': () =>
      db.user.findMany({ orderBy: { memberships: { _count: 'asc' } } }),
    'an order of what is counted': () => db.membership.count({ orderBy: { user: { email: 'asc' } } }),
    'an order of a list in a selection': () =>
      db.organization.findMany({ include: { memberships: { orderBy: { user: { email: 'asc' } } } } }),
    'an order by the person behind another row': () =>
      db.workflow.findMany({ orderBy: { createdBy: { user: { email: 'asc' } } } }),
    'the person behind memberships that are made': () =>
      db.membership.createManyAndReturn({ data: [{ orgId: a.orgId, userId: a.userId, email: 'x@y.test' }], include: { user: true } }),
    'the person behind memberships that are changed': () =>
      db.membership.updateManyAndReturn({ data: { name: 'X' }, include: { user: true } }),
    'a nested write that the wall does not know': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { tasks: { conquer: {} } as never } }),
    'a nested write named like a method of every object': () =>
      db.workflow.update({ where: key(a, flow(a)), data: { tasks: { toString: {} } as never } }),
  };

  test.each(Object.entries(cases))('%s', (_, work) => expectRefused(work));
});

describe('without a tenant nothing is sent', () => {
  const expectContextError = async (
    scope: { orgId: string | null; userId: string | null } | undefined,
    work: () => Promise<unknown>,
  ) => {
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
    'createMany of nothing': async () => db.workflow.createMany({ data: [] }),
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
    await expectContextError({ orgId: a.orgId, userId: null }, async () =>
      db.membership.count({ where: { user: { name: 'x' } } }),
    );
  });
  test('no organization in the scope, reached from a person', async () => {
    await expectContextError({ orgId: null, userId: a.userId }, async () =>
      db.user.findMany({ include: { memberships: true } }),
    );
  });
  test('an id that is no UUID makes no scope', () => {
    for (const id of ['', 'nonsense', a.orgId.toUpperCase(), `${a.orgId} `]) {
      expect(() => createScope({ orgId: id, userId: null })).toThrow(TenantContextError);
      expect(() => createScope({ orgId: null, userId: id })).toThrow(TenantContextError);
    }
  });

  test('a look-alike of a scope is none', () => {
    const forged = { orgId: b.orgId, userId: b.userId, loaders: new Map() };
    expect(() => runInScope(forged, () => db.workflow.findMany())).toThrow(TenantContextError);
    expect(() => createScope({ orgId: 'x', userId: null })).toThrow(TenantContextError);
  });
});
