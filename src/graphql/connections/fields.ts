import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { tenantWhere } from '../builder.ts';
import { orgIdOf, type GraphQLContext } from '../context.ts';
import { pageQuery, readPage, type PageArguments, type SortOrder } from './page.ts';
import { toConnection, type Connection, type Row } from './types.ts';

type Where = Readonly<Record<string, unknown>>;

/** The two calls of a Prisma model delegate that a list makes. */
interface ListDelegate {
  findMany(query: never): PromiseLike<readonly Row[]>;
  count(query: never): PromiseLike<number>;
}

export interface ListRequest {
  /** The coordinate of the field, for example "Query.workflows": a cursor is good for one field only. */
  readonly field: string;
  readonly delegate: ListDelegate;
  readonly args: PageArguments & { readonly filter?: unknown };
  readonly sort: SortOrder;
  /** The filter of the caller, as a where clause without the tenant. */
  readonly where?: Where | null;
}

/** Resolves a root connection: one statement for the page with everything selected under it, one more for a totalCount. */
export async function resolveList(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  { field, delegate, args, sort, where }: ListRequest,
): Promise<Connection> {
  const binding = { orgId: orgIdOf(context), field, filter: args.filter ?? null, order: `${sort.column} ${sort.direction}` };
  const page = readPage(args, sort, binding, context);
  const select = { orgId: true, id: true, [sort.column]: true };
  const selection = queryFromInfo({ context, info, path: ['edges', 'node'], select });
  const matching = allOf(tenantWhere(context), where);
  const rows = await delegate.findMany({ ...selection, ...pageQuery(page), where: allOf(matching, page.where) } as never);
  return toConnection(rows, page, context.cursors, () => Promise.resolve(delegate.count({ where: matching } as never)));
}

export interface RelationList {
  /** The coordinate of the field, for example "Workflow.tasks". */
  readonly field: string;
  /** The name of the relation on the parent's model. */
  readonly relation: string;
  readonly sort: SortOrder;
  /** How many rows each parent has, for a batch of parents of one organization, in their order. */
  readonly count: (context: GraphQLContext, orgId: string, parentIds: readonly string[]) => Promise<readonly number[]>;
}

type NestedSelection = (query: unknown, path: string[]) => { select?: Record<string, unknown> };

/**
 * The `select` and `resolve` of a connection under a row: its page is part of the parent's own statement, so that a list
 * with two such relations is still one statement. Counts of all parents are one statement more.
 */
export function relationList({ field, relation, sort, count }: RelationList) {
  const pageOf = (args: PageArguments, context: GraphQLContext) => {
    const binding = { orgId: orgIdOf(context), field, filter: null, order: `${sort.column} ${sort.direction}` };
    return readPage(args, sort, binding, context);
  };
  const select = (args: PageArguments, context: GraphQLContext, nested: NestedSelection): object => {
    const page = pageOf(args, context);
    const query = nested({ ...pageQuery(page), ...(page.where ? { where: page.where } : {}) }, ['edges', 'node']);
    const columns = { orgId: true, id: true, [sort.column]: true };
    return { [relation]: { ...query, select: { ...columns, ...query.select } } };
  };
  return {
    // The relation is a parameter here, so no model's own select type fits: the tests run every one of these lists.
    select: select as never,
    resolve: (parent: Row, args: PageArguments, context: GraphQLContext): Connection => {
      const rows = (parent as unknown as Record<string, readonly Row[]>)[relation]!;
      const total = () => context.loaders.load(`count ${field}`, (orgId, ids: readonly string[]) => count(context, orgId, ids), parent.orgId, parent.id);
      return toConnection(rows, pageOf(args, context), context.cursors, total);
    },
  };
}

/** Both conditions; either may be absent. */
export function allOf(left: Where | null | undefined, right: Where | null | undefined): Where {
  if (!left || Object.keys(left).length === 0) return right ?? {};
  if (!right || Object.keys(right).length === 0) return left;
  return { AND: [left, right] };
}
