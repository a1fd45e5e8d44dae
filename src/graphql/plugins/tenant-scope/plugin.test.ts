import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { graphql } from 'graphql';
import { describe, expect, test } from 'vitest';
import { TenantContextError } from '../../../kernel/errors.ts';
import { getDatamodel } from '../../../platform/postgres/generated/pothos.ts';
import type PrismaTypes from '../../../platform/postgres/generated/pothos.ts';
import AccessPlugin from '../access/index.ts';
import TenantScopePlugin from './index.ts';

interface Context {
  readonly orgId: string | null;
  readonly isEnforced: boolean;
}

const OWN: Context = { orgId: 'own', isEnforced: true };
const PUBLIC = { access: 'public' } as const;
const SCOPED = { tenant: 'scoped', ...PUBLIC } as const;

/** A builder with the plugin under test, on the product's own models, and nothing behind it: what is asked is enough. */
function createBuilder() {
  const builder = new SchemaBuilder<{ Context: Context; PrismaTypes: PrismaTypes; DefaultFieldNullability: true }>({
    plugins: [AccessPlugin, TenantScopePlugin, PrismaPlugin, RelayPlugin],
    access: { principal: () => null, now: () => new Date() },
    tenantScope: {
      orgId: ({ orgId }) => {
        if (orgId === null) throw new TenantContextError();
        return orgId;
      },
      enforced: ({ isEnforced }) => isEnforced,
    },
    prisma: { client: {} as never, dmmf: getDatamodel() },
    relay: { pageInfoTypeOptions: { tenant: 'global', ...PUBLIC } },
  });
  builder.queryType({});
  return builder;
}

type Builder = ReturnType<typeof createBuilder>;

function defineWorkflow(builder: Builder) {
  builder.prismaObject('Task', { ...SCOPED, select: { orgId: true, id: true }, fields: (t) => ({ key: t.exposeString('key') }) });
  return builder.prismaObject('Workflow', {
    ...SCOPED,
    select: { orgId: true, id: true },
    fields: (t) => ({ id: t.exposeID('id'), tasks: t.relation('tasks'), taskCount: t.relationCount('tasks') }),
  });
}

const ask = async (builder: Builder, source: string, context: Context = OWN) => {
  const { data, errors } = await graphql({ schema: builder.toSchema(), source, contextValue: context });
  return { data, messages: errors?.map(({ message }) => message) };
};

describe('a root field of an organization', () => {
  test('does not run without one, whatever it answers with', async () => {
    const builder = createBuilder();
    const ran: string[] = [];
    builder.queryField('secret', (t) => t.string({ ...SCOPED, resolve: (_root, _args, { orgId }) => String(ran.push(`of ${orgId}`)) }));
    expect(await ask(builder, '{ secret }', { ...OWN, orgId: null })).toEqual({ data: { secret: null }, messages: [new TenantContextError().message] });
    expect(ran).toEqual([]);
    expect(await ask(builder, '{ secret }')).toEqual({ data: { secret: '1' }, messages: undefined });
    expect(ran).toEqual(['of own']);
  });
});

describe('a row', () => {
  test('of another organization is refused wherever a resolver returns it', async () => {
    const builder = createBuilder();
    const Workflow = defineWorkflow(builder);
    const Holder = builder.objectRef<{ readonly orgId: string }>('Holder').implement({
      tenant: 'global',
      ...PUBLIC,
      fields: (t) => ({
        held: t.field({ type: Workflow as never, resolve: ({ orgId }) => ({ orgId, id: 'one' }) as never }),
        all: t.field({ type: [Workflow] as never, resolve: ({ orgId }) => [{ orgId: 'own', id: 'one' }, { orgId, id: 'two' }] as never }),
      }),
    });
    builder.queryField('holder', (t) => t.field({ type: Holder, tenant: 'global', ...PUBLIC, args: { orgId: t.arg.string({ required: true }) }, resolve: (_root, { orgId }) => ({ orgId }) }));
    const holder = (orgId: string) => ask(builder, `{ holder(orgId: "${orgId}") { held { __typename } all { __typename } } }`);
    const workflow = { __typename: 'Workflow' };
    expect(await holder('own')).toEqual({ data: { holder: { held: workflow, all: [workflow, workflow] } }, messages: undefined });
    const { data, messages } = await holder('other');
    expect(data).toEqual({ holder: { held: null, all: null } });
    expect(messages).toEqual([0, 1].map(() => expect.stringContaining('returned a Workflow that is not of the organization of its request')));
  });
});

describe('an interface over the rows of an organization', () => {
  const held = { variant: 'Held', fields: (t: { exposeID(column: 'id'): never }) => ({ id: t.exposeID('id') }) };

  test('selects the column that proves whose they are, and no relation, or does not build', () => {
    const build = (options: object) => {
      const builder = createBuilder();
      defineWorkflow(builder);
      builder.prismaInterface('Workflow', { ...held, ...options } as never);
      builder.queryField('ok', (t) => t.string({ ...SCOPED, resolve: () => '' }));
      return () => builder.toSchema();
    };
    expect(build({ select: { id: true } })).not.toThrow();
    expect(build({})).toThrow(/Type Held must have `select: { orgId: true/);
    expect(build({ include: { tasks: true } })).toThrow(/Type Held must have `select: { orgId: true/);
    expect(build({ select: { tasks: true } })).toThrow(/Type Held selects a relation for every request/);
  });

  test('shows no row of another one', async () => {
    const builder = createBuilder();
    const Held = builder.prismaInterface('Workflow', { ...held, select: { orgId: true, id: true }, resolveType: () => 'Workflow' } as never);
    builder.prismaObject('Workflow', { ...SCOPED, interfaces: [Held as never], select: { orgId: true, id: true } });
    builder.queryField('held', (t) =>
      t.field({ type: Held as never, tenant: 'global', ...PUBLIC, args: { orgId: t.arg.string({ required: true }) }, resolve: (_root, { orgId }) => ({ orgId, id: 'one' }) as never }),
    );
    expect(await ask(builder, '{ held(orgId: "own") { __typename } }')).toEqual({ data: { held: { __typename: 'Workflow' } }, messages: undefined });
    expect(await ask(builder, '{ held(orgId: "other") { __typename } }')).toMatchObject({ data: { held: null }, messages: [expect.stringContaining('returned a Held')] });
  });
});

describe('what a resolver is given to ask', () => {
  /** The query that a field of rows of a model hands its resolver. */
  async function queryOf(context: Context, model: 'Workflow' | 'User', fields: string) {
    const builder = createBuilder();
    defineWorkflow(builder);
    builder.prismaObject('User', { tenant: 'global', ...PUBLIC, select: { id: true }, fields: (t) => ({ id: t.exposeID('id') }) });
    let asked: unknown;
    builder.queryField('rows', (t) =>
      t.prismaField({
        type: [model],
        tenant: 'global',
        ...PUBLIC,
        resolve: (query) => {
          asked = query;
          return [];
        },
      }),
    );
    expect(await ask(builder, `{ rows { ${fields} } }`, context)).toEqual({ data: { rows: [] }, messages: undefined });
    return asked;
  }
  const FIELDS = 'id tasks { key } taskCount';
  const task = { select: { orgId: true, id: true, key: true } };

  test('names the organization, also in the relations and counts under it', async () => {
    const where = { orgId: 'own' };
    expect(await queryOf(OWN, 'Workflow', FIELDS)).toEqual({
      where,
      select: { orgId: true, id: true, tasks: { ...task, where }, _count: { select: { tasks: { where } } } },
    });
  });

  test('names none where rows belong to none', async () => {
    expect(await queryOf(OWN, 'User', 'id')).toEqual({ select: { id: true } });
  });

  test('names none while this wall is taken away, so that the others are proven alone', async () => {
    const open = { ...OWN, isEnforced: false };
    expect(await queryOf(open, 'Workflow', FIELDS)).toEqual({ select: { orgId: true, id: true, tasks: task, _count: { select: { tasks: true } } } });
  });
});
