import SchemaBuilder from '@pothos/core';
import { graphql } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Permission } from '../../../kernel/permissions.ts';
import type { Principal } from '../../../kernel/principal.ts';
import { getDatamodel } from '../../../platform/postgres/generated/pothos.ts';
import TenantScopePlugin from '../tenant-scope/index.ts';
import AccessPlugin from './index.ts';

interface Context {
  permissions: readonly Permission[];
  readonly renew?: (context: Context) => void;
  readonly ran: string[];
}

const principalOf = ({ permissions }: Context) =>
  ({ tenant: { orgId: 'own', membershipId: null, role: null }, permissions: new Set(permissions) }) as unknown as Principal;

const renew = async (context: Context) => context.renew?.(context);

function createSchema() {
  const builder = new SchemaBuilder<{ Context: Context; DefaultFieldNullability: true }>({
    plugins: [AccessPlugin, TenantScopePlugin],
    access: { principal: principalOf, renew },
    tenantScope: { orgId: () => 'own' },
    prisma: { client: {} as never, dmmf: getDatamodel() },
  });
  const field = { type: 'String', tenant: 'scoped', access: 'workflow:write' } as const;
  builder.queryType({ fields: (t) => ({ asked: t.field({ ...field, resolve: (_root, _args, { ran }) => String(ran.push('asked')) }) }) });
  builder.mutationType({ fields: (t) => ({ changed: t.field({ ...field, resolve: (_root, _args, { ran }) => String(ran.push('changed')) }) }) });
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
