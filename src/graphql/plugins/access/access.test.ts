import SchemaBuilder from '@pothos/core';
import { graphql } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Permission } from '../../../kernel/permissions.ts';
import type { Principal } from '../../../kernel/principal.ts';
import { getDatamodel } from '../../../platform/postgres/generated/pothos.ts';
import TenantScopePlugin from '../tenant-scope/index.ts';
import AccessPlugin from './index.ts';

const NOW = new Date('2026-01-31T09:30:00.000Z');
const before = (ms: number) => new Date(NOW.getTime() - ms);

interface Context {
  permissions: readonly Permission[];
  readonly kind?: Principal['kind'];
  provedUntil?: Date | null;
  readonly renew?: (context: Context) => void;
  readonly ran: string[];
}

const principalOf = ({ permissions, kind = 'user', provedUntil }: Context) =>
  ({ kind, provedUntil, tenant: { orgId: 'own', membershipId: null, role: null }, permissions: new Set(permissions) }) as unknown as Principal;

const renew = async (context: Context) => context.renew?.(context);

const createBuilder = () =>
  new SchemaBuilder<{ Context: Context; DefaultFieldNullability: true }>({
    plugins: [AccessPlugin, TenantScopePlugin],
    access: { principal: principalOf, renew, now: () => NOW },
    tenantScope: { orgId: () => 'own' },
    prisma: { client: {} as never, dmmf: getDatamodel() },
  });

function createSchema() {
  const builder = createBuilder();
  const field = { type: 'String', tenant: 'scoped', access: 'workflow:write' } as const;
  builder.queryType({ fields: (t) => ({ asked: t.field({ ...field, resolve: (_root, _args, { ran }) => String(ran.push('asked')) }) }) });
  builder.mutationType({
    fields: (t) => ({
      changed: t.field({ ...field, resolve: (_root, _args, { ran }) => String(ran.push('changed')) }),
      destroyed: t.field({ ...field, stepUp: true, resolve: (_root, _args, { ran }) => String(ran.push('destroyed')) }),
    }),
  });
  return builder.toSchema();
}

async function run(source: string, context: Omit<Context, 'ran'>) {
  const ran: string[] = [];
  const { errors } = await graphql({ schema: createSchema(), source, contextValue: { ...context, ran } });
  return { ran, codes: errors?.map(({ originalError }) => (originalError as { code?: string }).code) };
}

describe('a resolver', () => {
  test.each([['query', '{ asked }', 'asked'], ['mutation', 'mutation { changed }', 'changed']])('of a %s runs for whoever may, and for nobody else', async (_kind, source, name) => {
    expect(await run(source, { permissions: ['workflow:write'] })).toEqual({ ran: [name], codes: undefined });
    expect(await run(source, { permissions: ['workflow:read'] })).toEqual({ ran: [], codes: ['FORBIDDEN'] });
  });

  test('of a mutation does not run for somebody whose right was taken away while it waited', async () => {
    const removed = (context: Context) => {
      if (context.ran.length > 0) context.permissions = [];
    };
    const twice = 'mutation { first: changed second: changed }';
    expect(await run(twice, { permissions: ['workflow:write'], renew: removed })).toEqual({ ran: ['changed'], codes: ['FORBIDDEN'] });
  });
});

describe('a field that asks for a step-up', () => {
  const destroy = (context: Omit<Context, 'ran' | 'permissions'>, permissions: readonly Permission[] = ['workflow:write']) =>
    run('mutation { destroyed }', { permissions, ...context });

  test('runs for a person whose proof is recent, to the last millisecond, and not after', async () => {
    expect(await destroy({ provedUntil: NOW })).toEqual({ ran: ['destroyed'], codes: undefined });
    expect(await destroy({ provedUntil: before(1) })).toEqual({ ran: [], codes: ['STEP_UP_REQUIRED'] });
  });

  test('does not run for who has proved nothing', async () => {
    expect(await destroy({ provedUntil: null })).toEqual({ ran: [], codes: ['STEP_UP_REQUIRED'] });
    expect(await destroy({})).toEqual({ ran: [], codes: ['STEP_UP_REQUIRED'] });
  });

  test('never runs for an API key', async () => {
    expect(await destroy({ kind: 'apiKey', provedUntil: NOW })).toEqual({ ran: [], codes: ['FORBIDDEN'] });
  });

  test('asks nobody to prove anything who may not do it at all', async () => {
    expect(await destroy({ provedUntil: null }, [])).toEqual({ ran: [], codes: ['FORBIDDEN'] });
  });

  test('asks anew for each of a request: a proof may be over meanwhile', async () => {
    const tooLate = (context: Context) => {
      if (context.ran.length > 0) context.provedUntil = before(1);
    };
    const context = { permissions: ['workflow:write'] as const, provedUntil: NOW, renew: tooLate };
    expect(await run('mutation { first: destroyed second: destroyed }', context)).toEqual({ ran: ['destroyed'], codes: ['STEP_UP_REQUIRED'] });
  });

  test.each([undefined, 'public'] as const)('has to ask for a caller: with the access %s the schema is refused', (access) => {
    const builder = createBuilder();
    builder.queryType({ fields: (t) => ({ thing: t.field({ type: 'String', tenant: 'global', access: 'public', resolve: () => '' }) }) });
    builder.objectType(builder.objectRef<object>('Thing'), {
      ...{ tenant: 'global', access: 'authenticated' },
      fields: (t) => ({ part: t.field({ type: 'String', ...(access && { access }), stepUp: true, resolve: () => '' }) }),
    });
    expect(() => builder.toSchema()).toThrow('Field Thing.part asks for a step-up, so its access has to ask for a caller.');
  });
});
