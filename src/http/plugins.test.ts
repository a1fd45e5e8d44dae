import { createSchema, createYoga } from 'graphql-yoga';
import { expect, test } from 'vitest';
import type { GraphQLContext } from '../graphql/context.ts';
import type { Principal } from '../kernel/principal.ts';
import { requireScope } from '../platform/postgres/tenancy.ts';
import { useTenantScope } from './plugins.ts';

const ORG = '01900000-0000-7000-8000-000000000001';
const USER = '01900000-0000-7000-8000-000000000002';

const schema = createSchema<GraphQLContext>({
  typeDefs: 'type Query { orgId: ID userId: ID }',
  resolvers: { Query: { orgId: () => requireScope().orgId, userId: () => requireScope().userId } },
});

/** For whom the statements of an operation are sent. */
async function scopeOf(principal: object | null): Promise<unknown> {
  const yoga = createYoga({ schema, plugins: [useTenantScope(10_000)], context: () => ({ principal }) as GraphQLContext });
  const body = JSON.stringify({ query: '{ orgId userId }' });
  const answer = await yoga.fetch('http://tenantry.test/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return ((await answer.json()) as { data: unknown }).data;
}

const caller = (kind: Principal['kind'], tenant: { readonly orgId: string } | null) => ({ kind, userId: USER, tenant });

test('an operation is run for the organization and the person of its caller', async () => {
  expect(await scopeOf(caller('user', { orgId: ORG }))).toEqual({ orgId: ORG, userId: USER });
  expect(await scopeOf(caller('user', null))).toEqual({ orgId: null, userId: USER });
  expect(await scopeOf(null)).toEqual({ orgId: null, userId: null });
});

test("an API key's is run for its organization alone: what is the own of the person it belongs to is none of its business", async () => {
  expect(await scopeOf(caller('apiKey', { orgId: ORG }))).toEqual({ orgId: ORG, userId: null });
});
