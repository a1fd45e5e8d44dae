import { GraphQLBoolean, type GraphQLFieldConfig, GraphQLID, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from 'graphql';
import type pg from 'pg';
import type { GraphQLContext } from '../../../src/graphql/context.ts';
import { schema } from '../../../src/graphql/schema.ts';
import { fromGlobalId, toGlobalId } from '../../../src/kernel/ids.ts';

/** A field as somebody might write it who forgets the organization. */
type Planted = GraphQLFieldConfig<unknown, GraphQLContext>;

/** Asks the database of a request past all walls, which is what each of these fields does wrong. */
export type Ask = (context: GraphQLContext, sql: string, values?: readonly unknown[]) => Promise<pg.QueryResult>;

/** Adds a field to the schema of this process. Answers what takes it away again. */
export function plantField(root: 'Query' | 'Mutation' | 'Subscription', name: string, planted: Planted): () => void {
  const type = schema.getType(root) as GraphQLObjectType;
  // Built by the library, so that the field is what it would be if it had always been there.
  const field = new GraphQLObjectType({ name: root, fields: { [name]: planted } }).getFields()[name]!;
  type.getFields()[name] = field;
  return () => void delete type.getFields()[name];
}

/** A subscription as somebody might write it who forgets the organization. */
export const plantSubscription = (name: string, planted: Planted): (() => void) => plantField('Subscription', name, planted);

const idArgument = { id: { type: new GraphQLNonNull(GraphQLID) } };
const uuidOf = (id: unknown): string | null => fromGlobalId(String(id))?.uuid ?? null;

/** One leak of each kind that the proof must find. */
export const LEAKS: Readonly<Record<string, { name: string; root: 'Query' | 'Mutation'; field: (ask: Ask) => Planted }>> = {
  'rows without a filter': {
    name: 'plantedRows',
    root: 'Query',
    field: (ask) => ({
      type: new GraphQLList(GraphQLID),
      resolve: async (_root, _args, context) =>
        (await ask(context, 'SELECT id FROM workflow.workflows ORDER BY id')).rows.map(({ id }) => toGlobalId('Workflow', id)),
    }),
  },
  'a count': {
    name: 'plantedCount',
    root: 'Query',
    field: (ask) => ({ type: GraphQLInt, resolve: async (_root, _args, context) => Number((await ask(context, 'SELECT count(*) FROM iam.memberships')).rows[0].count) }),
  },
  'whether something exists': {
    name: 'plantedExistence',
    root: 'Query',
    field: (ask) => ({
      type: GraphQLBoolean,
      args: idArgument,
      resolve: async (_root, { id }, context) => (await ask(context, 'SELECT FROM workflow.schedules WHERE id = $1', [uuidOf(id)])).rowCount === 1,
    }),
  },
  'a cursor that is good anywhere': {
    name: 'plantedCursor',
    root: 'Query',
    field: (ask) => ({
      type: GraphQLInt,
      args: { after: { type: GraphQLString } },
      resolve: async (_root, { after }, context) => {
        const id = /[0-9a-f-]{36}/.exec(Buffer.from(String(after ?? ''), 'base64url').toString('latin1'))?.[0];
        return (await ask(context, 'SELECT FROM workflow.workflows WHERE id::text = $1', [id ?? ''])).rowCount;
      },
    }),
  },
  'a filter that sees everything': {
    name: 'plantedFilter',
    root: 'Query',
    field: (ask) => ({
      type: GraphQLBoolean,
      args: { slug: { type: GraphQLString } },
      resolve: async (_root, { slug }, context) => (await ask(context, 'SELECT FROM workflow.workflows WHERE slug = $1', [slug])).rowCount! > 0,
    }),
  },
  "a change of anybody's row": {
    name: 'plantedChange',
    root: 'Mutation',
    field: (ask) => ({
      type: GraphQLBoolean,
      args: idArgument,
      resolve: async (_root, { id }, context) => {
        await ask(context, "UPDATE workflow.workflows SET description = 'Taken over' WHERE id = $1", [uuidOf(id)]);
        // It even hides from others what it has done: only the row tells.
        return (await ask(context, "SELECT FROM workflow.workflows WHERE id = $1 AND slug LIKE '%alpha'", [uuidOf(id)])).rowCount === 1;
      },
    }),
  },
};
