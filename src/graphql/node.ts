import { brandWithType } from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { NotFoundError, ValidationError } from '../kernel/errors.ts';
import { fromGlobalId, toGlobalId, type NodeType } from '../kernel/ids.ts';
import { builder, tenantWhere } from './builder.ts';
import { allOf } from './connections/fields.ts';
import { NODE_IDS_MAX } from './connections/page.ts';
import { orgIdOf, type GraphQLContext } from './context.ts';
import { assertAccess, type Access } from './plugins/access/index.ts';
import { ITEMS_NULL_ON_ERROR, NULL_ON_ERROR } from './semantic-non-null.ts';

/** Everything that has a global id. */
export const NodeInterface = builder.interfaceRef<{ readonly id: string }>('Node').implement({
  description: 'Anything with a global id.',
  fields: (t) => ({
    id: t.id({ description: 'The global id. It stays the same for ever and says the type by its prefix.', resolve: () => '' }),
  }),
});

export interface NodeLoader {
  readonly access: Access;
  readonly tenantKey?: 'orgId' | 'id';
  readonly delegate: (context: GraphQLContext) => { findMany(query: never): PromiseLike<readonly { readonly id: string }[]> };
  /** Narrows what the caller may see of this type beyond its organization. */
  readonly where?: (context: GraphQLContext) => Record<string, unknown>;
  /** Done before rows are shown; what it throws is answered instead. */
  readonly willShow?: (context: GraphQLContext, rows: readonly never[]) => Promise<void>;
}

const loaders = new Map<NodeType, NodeLoader>();

/** Makes a type reachable by `node` and `nodes`. */
export function registerNode(type: NodeType, loader: NodeLoader): void {
  loaders.set(type, loader);
}

async function loadNodes(type: NodeType, ids: readonly string[], context: GraphQLContext, info: GraphQLResolveInfo): Promise<Map<string, object>> {
  const loader = loaders.get(type);
  if (!loader) return new Map();
  assertAccess(context.principal, loader.access);
  // The id of another organization is unknown like any other unknown id: under it, the wall of the client would stop the
  // whole request as one that names two organizations.
  const known = loader.tenantKey === 'id' ? ids.filter((id) => id === orgIdOf(context)) : [...ids];
  if (known.length === 0) return new Map();
  const query = queryFromInfo({ context, info, typeName: type });
  const named = { id: { in: known } };
  const visible = allOf(tenantWhere(context, loader.tenantKey), loader.where?.(context));
  const rows = await loader.delegate(context).findMany({ ...query, where: allOf(visible, named) } as never);
  await loader.willShow?.(context, rows as readonly never[]);
  for (const row of rows) brandWithType(row, type as never);
  return new Map(rows.map((row) => [toGlobalId(type, row.id), row]));
}

const notFound = () => new NotFoundError('Node');

builder.queryField('node', (t) =>
  t.field({
    type: NodeInterface,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Anything by its global id. NOT_FOUND when it does not exist or is not of this organization.',
    args: { id: t.arg.id({ required: true, description: 'A global id.' }) },
    resolve: async (_root, { id }, context, info) => {
      const parsed = fromGlobalId(id);
      const node = parsed ? (await loadNodes(parsed.type, [parsed.uuid], context, info)).get(id) : undefined;
      if (!node) throw notFound();
      return node as never;
    },
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [NodeInterface],
    ...ITEMS_NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: `Many things by their global ids, at most ${NODE_IDS_MAX}, in the order of the ids: one statement for each type among them. NOT_FOUND for each that does not exist or is not of this organization.`,
    args: { ids: t.arg.idList({ required: true, description: `Global ids, at most ${NODE_IDS_MAX}.` }) },
    resolve: async (_root, { ids }, context, info) => {
      if (ids.length > NODE_IDS_MAX) throw ValidationError.of('ids', `must be at most ${NODE_IDS_MAX}.`);
      const wanted = new Map<NodeType, string[]>();
      for (const parsed of ids.map((id) => fromGlobalId(id))) {
        if (parsed) wanted.set(parsed.type, [...(wanted.get(parsed.type) ?? []), parsed.uuid]);
      }
      const found = await Promise.all([...wanted].map(([type, uuids]) => loadNodes(type, uuids, context, info)));
      return ids.map((id) => found.map((nodes) => nodes.get(id)).find((node) => node !== undefined) ?? notFound()) as never;
    },
  }),
);

