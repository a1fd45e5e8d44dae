import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { EmailAddressResolver, JSONObjectResolver, JSONResolver } from 'graphql-scalars';
import { getDatamodel } from '../platform/postgres/generated/pothos.ts';
import type PrismaTypes from '../platform/postgres/generated/pothos.ts';
import { orgIdOf, type GraphQLContext } from './context.ts';
import { DateTimeScalar } from './date-time.ts';
import { PositionResolver } from './events/position.ts';
import AccessPlugin from './plugins/access/index.ts';
import type { StoredJson } from './stored-json.ts';
import TenantScopePlugin from './plugins/tenant-scope/index.ts';

export type { Prisma } from '../platform/postgres/generated/client/client.ts';

/**
 * The schema builder: plugins and scalars, no types. The first plugin wraps the outermost: access is decided before
 * anything else happens, and outside the result unions, so that "you may not" is always a top-level error.
 */
export const builder = new SchemaBuilder<{
  Context: GraphQLContext;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    EmailAddress: { Input: string; Output: string };
    JSON: { Input: unknown; Output: StoredJson };
    JSONObject: { Input: Record<string, unknown>; Output: StoredJson };
    Position: { Input: number; Output: number | bigint };
  };
}>({
  plugins: [AccessPlugin, ErrorsPlugin, TenantScopePlugin, PrismaPlugin, RelayPlugin],
  defaultFieldNullability: false,
  access: { principal: (context) => context.principal, renew: (context) => context.renewPrincipal(), now: ({ clock }) => clock.now() },
  tenantScope: { orgId: orgIdOf, enforced: (context) => context.schemaWall },
  errors: {
    directResult: true,
    defaultUnionOptions: {
      description: 'What became of it: the success, or a failure that can be expected.',
      name: ({ fieldName }) => `${fieldName[0]!.toUpperCase()}${fieldName.slice(1)}Result`,
    },
  },
  prisma: {
    client: (context) => context.db,
    dmmf: getDatamodel(),
  },
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: {
      description: 'Where a page stands in its list.',
      tenant: 'global',
      access: 'public',
    },
    hasNextPageFieldOptions: { description: 'Whether there are rows past this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are rows before this page.' },
    startCursorFieldOptions: { description: 'The place of the first row of this page.' },
    endCursorFieldOptions: { description: 'The place of the last row of this page: give it to `after` for the next one.' },
  },
});

builder.addScalarType('DateTime', DateTimeScalar, {
  description: 'A moment in RFC 3339 form, in UTC with milliseconds, for example "2026-01-31T09:30:00.000Z".',
});
builder.addScalarType('EmailAddress', EmailAddressResolver, { description: 'An email address, lower case.' });
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' });
builder.addScalarType('JSONObject', JSONObjectResolver, { description: 'A JSON object.' });
builder.addScalarType('Position', PositionResolver, {
  description: 'The place of an event in the log of its organization, from 1 on; 0 is before the first. A whole number up to 9,007,199,254,740,991: 32 bits are not enough for it.',
});

builder.queryType({ description: 'Everything that can be read.' });
builder.mutationType({ description: 'Everything that can be changed. Expected failures are members of each result union.' });
builder.subscriptionType({
  description:
    'What can be followed as it happens, over server-sent events or a WebSocket. All of it comes from the log: whoever keeps the last position begins again after it, and misses nothing. A subscription ends when its caller may no longer see what it shows.',
});

/** The where clause that the first wall asks of a statement that a resolver writes itself. */
export function tenantWhere(context: GraphQLContext, tenantKey: 'orgId' | 'id' = 'orgId'): Readonly<Record<string, string>> {
  return context.schemaWall ? { [tenantKey]: orgIdOf(context) } : {};
}
