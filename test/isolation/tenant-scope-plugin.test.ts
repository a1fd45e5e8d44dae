import SchemaBuilder from '@pothos/core';
import PrismaPlugin, { queryFromInfo } from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { graphql, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import AccessPlugin from '../../src/graphql/plugins/access/index.ts';
import TenantScopePlugin from '../../src/graphql/plugins/tenant-scope/index.ts';
import { getDatamodel } from '../../src/platform/postgres/generated/pothos.ts';
import type PrismaTypes from '../../src/platform/postgres/generated/pothos.ts';
import type { TenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

interface Context {
  readonly orgId: string;
  readonly db: TenantClient;
}

/** A builder with the plugin under test, on the product's own models, without any of the product's types. */
function createBuilder() {
  const builder = new SchemaBuilder<{ Context: Context; PrismaTypes: PrismaTypes; DefaultFieldNullability: false }>({
    plugins: [AccessPlugin, TenantScopePlugin, PrismaPlugin, RelayPlugin],
    defaultFieldNullability: false,
    access: { principal: () => null, now: () => new Date() },
    tenantScope: { orgId: ({ orgId }) => orgId },
    prisma: { client: ({ db }) => db, dmmf: getDatamodel() },
    relay: { pageInfoTypeOptions: { tenant: 'global', access: 'public' } },
  });
  builder.queryType({});
  return builder;
}

type Builder = ReturnType<typeof createBuilder>;

const PUBLIC = { access: 'public' } as const;
const SCOPED = { tenant: 'scoped', ...PUBLIC } as const;

function defineTask(builder: Builder) {
  builder.prismaObject('Task', { ...SCOPED, select: { orgId: true, id: true }, fields: (t) => ({ id: t.exposeID('id'), key: t.exposeString('key') }) });
}

function defineWorkflow(builder: Builder) {
  defineTask(builder);
  builder.prismaObject('Workflow', {
    ...SCOPED,
    select: { orgId: true, id: true },
    fields: (t) => ({
      id: t.exposeID('id'),
      tasks: t.relation('tasks'),
      taskCount: t.relationCount('tasks'),
      firstTasks: t.relation('tasks', { args: { first: t.arg.int({ required: true }) }, query: ({ first }) => ({ take: first, where: { position: { gte: 0 } } }) }),
      taskPages: t.relatedConnection('tasks', { cursor: 'orgId_id', totalCount: true }, { ...SCOPED }, { ...SCOPED }),
    }),
  });
}

describe('what is not declared does not build', () => {
  test('a type without a tenant is named', () => {
    const builder = createBuilder();
    builder.objectType(builder.objectRef<object>('Stray'), { ...PUBLIC, fields: (t) => ({ ok: t.boolean({ resolve: () => true }) }) });
    builder.queryField('stray', (t) => t.field({ type: 'String', ...SCOPED, resolve: () => '' }));
    expect(() => builder.toSchema()).toThrow(/Type Stray does not declare its tenant/);
  });

  test('a root field without a tenant is named', () => {
    const builder = createBuilder();
    builder.queryField('stray', (t) => t.field({ type: 'String', ...PUBLIC, resolve: () => '' }));
    expect(() => builder.toSchema()).toThrow(/Field Query.stray does not declare its tenant/);
  });

  test('a root field or type without access is named', () => {
    const field = createBuilder();
    field.queryField('stray', (t) => t.field({ type: 'String', tenant: 'global', resolve: () => '' }));
    expect(() => field.toSchema()).toThrow(/Field Query.stray does not declare its access/);
    const type = createBuilder();
    type.objectType(type.objectRef<object>('Stray'), { tenant: 'global', fields: (t) => ({ ok: t.boolean({ resolve: () => true }) }) });
    type.queryField('ok', (t) => t.field({ type: 'String', ...SCOPED, resolve: () => '' }));
    expect(() => type.toSchema()).toThrow(/Type Stray does not declare its access/);
  });

  test('a type over a tenant model cannot call itself global', () => {
    const builder = createBuilder();
    builder.prismaObject('Task', { tenant: 'global', ...PUBLIC, select: { orgId: true }, fields: (t) => ({ key: t.exposeString('key') }) });
    builder.queryField('ok', (t) => t.field({ type: 'String', ...SCOPED, resolve: () => '' }));
    expect(() => builder.toSchema()).toThrow(/Type Task shows the tenant model Task: it cannot be global/);
  });

  test('a type that selects every column, hashes included, does not build', () => {
    const builder = createBuilder();
    builder.prismaObject('Task', { ...SCOPED, fields: (t) => ({ key: t.exposeString('key') }) });
    builder.queryField('ok', (t) => t.field({ type: 'String', ...SCOPED, resolve: () => '' }));
    expect(() => builder.toSchema()).toThrow(/Type Task must have `select: { orgId: true/);
  });

  test('a type that selects a relation for every request does not build', () => {
    const builder = createBuilder();
    defineTask(builder);
    builder.prismaObject('Workflow', { ...SCOPED, select: { orgId: true, tasks: true }, fields: (t) => ({ id: t.exposeID('id') }) });
    builder.queryField('ok', (t) => t.field({ type: 'String', ...SCOPED, resolve: () => '' }));
    expect(() => builder.toSchema()).toThrow(/Type Workflow selects a relation for every request/);
  });
});

describe('the where of every Prisma field carries the tenant, with the other two walls taken away', () => {
  let whole: TestApp;
  let open: TestApp;
  let own: World;
  let other: World;

  beforeAll(async () => {
    whole = await startTestApp();
    const operator = await appointOperator(whole);
    own = await seedWorld(whole, 'alpha', operator.userId);
    other = await seedWorld(whole, 'beta', operator.userId);
    open = await startTestApp({ walls: { client: false, database: false }, database: whole.database });
  });
  afterAll(async () => {
    await open?.close();
    await whole?.close();
  });

  async function run(schema: GraphQLSchema, source: string, world: World = own) {
    const contextValue: Context = { orgId: world.orgUuid, db: open.app.db };
    const scope = createScope({ orgId: world.orgUuid, userId: null });
    const sent: string[] = [];
    const stop = open.app.pool.observe(({ text }) => sent.push(text));
    const result = await runInScope(scope, () => graphql({ schema, source, contextValue }));
    stop();
    return { data: result.data as any, errors: result.errors, sql: sent.filter((text) => text.includes('workflow')).join('\n') };
  }

  test('prismaField: a resolver that adds nothing gets its own rows', async () => {
    const builder = createBuilder();
    defineWorkflow(builder);
    builder.queryField('workflows', (t) =>
      t.prismaField({ type: ['Workflow'], ...SCOPED, resolve: (query, _root, _args, { db }) => db.workflow.findMany(query as object) as never }),
    );
    const { data, errors } = await run(builder.toSchema(), '{ workflows { id tasks { key } taskCount firstTasks(first: 2) { key } } }');
    expect(errors).toBeUndefined();
    expect(data.workflows).toHaveLength(3);
    expect(data.workflows.map((workflow: any) => [workflow.tasks.length, workflow.taskCount, workflow.firstTasks.length])).toEqual([[3, 3, 2], [3, 3, 2], [3, 3, 2]]);
  });

  test('relations and relation counts: the tenant stands in each of their conditions', async () => {
    const builder = createBuilder();
    defineWorkflow(builder);
    builder.queryField('workflows', (t) =>
      t.prismaField({ type: ['Workflow'], ...SCOPED, resolve: (query, _root, _args, { db }) => db.workflow.findMany(query as object) as never }),
    );
    const schema = builder.toSchema();
    const plain = await run(schema, '{ workflows { id } }');
    const conditions = (sql: string) => sql.match(/"org_id" = \$/g)?.length ?? 0;
    const base = conditions(plain.sql);
    expect(base).toBeGreaterThan(0);
    expect(conditions((await run(schema, '{ workflows { tasks { key } } }')).sql)).toBeGreaterThan(base);
    expect(conditions((await run(schema, '{ workflows { taskCount } }')).sql)).toBeGreaterThan(base);
    expect(conditions((await run(schema, '{ workflows { firstTasks(first: 1) { key } } }')).sql)).toBeGreaterThan(base);
    expect(conditions((await run(schema, '{ workflows { taskPages(first: 1) { totalCount edges { node { key } } } } }')).sql)).toBeGreaterThan(base + 1);
  });

  test('a plain field that reads what the document selects: relations and counts under it carry the tenant all the same', async () => {
    const builder = createBuilder();
    defineWorkflow(builder);
    builder.queryField('workflows', (t) =>
      t.field({
        type: ['Workflow'] as never,
        ...SCOPED,
        resolve: async (_root, _args, context, info) => (await context.db.workflow.findMany({ ...queryFromInfo({ context, info }), where: { orgId: context.orgId } })) as never,
      }),
    );
    const schema = builder.toSchema();
    const conditionsOf = async (fields: string): Promise<number> => {
      const { data, errors, sql } = await run(schema, `{ workflows { id ${fields} } }`);
      expect(errors).toBeUndefined();
      expect(data.workflows).toHaveLength(3);
      return sql.match(/"org_id" = \$/g)!.length;
    };
    expect(await conditionsOf('')).toBe(1);
    for (const fields of ['tasks { key }', 'taskCount', 'firstTasks(first: 1) { key }', 'taskPages(first: 1) { edges { node { key } } }']) {
      expect(await conditionsOf(fields), fields).toBe(2);
    }
  });

  test('prismaConnection: pages hold own rows only', async () => {
    const builder = createBuilder();
    defineWorkflow(builder);
    builder.queryField('pages', (t) =>
      t.prismaConnection(
        { type: 'Workflow', cursor: 'orgId_id', ...SCOPED, resolve: (query, _root, _args, { db }) => db.workflow.findMany(query as object) as never },
        { ...SCOPED },
        { ...SCOPED },
      ),
    );
    const { data, errors } = await run(builder.toSchema(), '{ pages(first: 100) { edges { node { id } } } }');
    expect(errors).toBeUndefined();
    expect(data.pages.edges).toHaveLength(3);
  });

  test('a resolver that asks for another organization is refused', async () => {
    const builder = createBuilder();
    defineWorkflow(builder);
    builder.queryField('stolen', (t) =>
      t.prismaField({
        type: ['Workflow'],
        ...SCOPED,
        resolve: (query, _root, _args, { db }) => db.workflow.findMany({ ...query, where: { orgId: other.orgUuid } }) as never,
      }),
    );
    const { data, errors } = await run(builder.toSchema(), '{ stolen { id } }');
    expect(data).toBeNull();
    expect(errors?.[0]?.message).toMatch(/returned a Workflow that is not of the organization of its request/);
  });

  test('a relation whose own query names another organization is refused', async () => {
    const builder = createBuilder();
    defineTask(builder);
    builder.prismaObject('Workflow', {
      ...SCOPED,
      select: { orgId: true, id: true },
      fields: (t) => ({ stolen: t.relation('tasks', { query: () => ({ where: { orgId: other.orgUuid } }) }) }),
    });
    builder.queryField('workflows', (t) =>
      t.prismaField({ type: ['Workflow'], ...SCOPED, resolve: (query, _root, _args, { db }) => db.workflow.findMany(query as object) as never }),
    );
    const { data, errors } = await run(builder.toSchema(), '{ workflows { stolen { key } } }');
    expect(data).toBeNull();
    expect(errors?.[0]?.message).toMatch(/asked for another organization/);
  });

  test('a plain resolver that returns a row of another organization, or one that does not say whose it is, is refused', async () => {
    const builder = createBuilder();
    defineWorkflow(builder);
    const load = (select: object) => async (_root: unknown, _args: unknown, { db }: Context) =>
      (await db.workflow.findFirstOrThrow({ where: { orgId: other.orgUuid }, select })) as never;
    builder.queryField('foreign', (t) => t.field({ type: 'Workflow' as never, ...SCOPED, nullable: true, resolve: load({ orgId: true, id: true }) }));
    builder.queryField('silent', (t) => t.field({ type: 'Workflow' as never, ...SCOPED, nullable: true, resolve: load({ id: true }) }));
    const { data, errors } = await run(builder.toSchema(), '{ foreign { id } silent { id } }');
    expect(data).toEqual({ foreign: null, silent: null });
    expect(errors).toHaveLength(2);
  });
});
