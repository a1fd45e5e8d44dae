import type { ObjectRef, SchemaTypes } from '@pothos/core';
import { builder } from '../builder.ts';
import type { Access } from '../plugins/access/index.ts';
import type { CursorCodec, Position } from './cursor.ts';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, type Page } from './page.ts';

/** A row as connections need it; the sort column is read by name. */
export interface Row {
  readonly orgId: string;
  readonly id: string;
}

export interface Edge {
  readonly cursor: string;
  readonly node: Row;
}

export interface Connection {
  readonly edges: readonly Edge[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** Counts all rows that match, only when somebody asks. */
  readonly totalCount: () => Promise<number>;
}

export type BuilderTypes = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Types extends SchemaTypes> ? Types : never;
export type ConnectionRef = ObjectRef<BuilderTypes, Connection>;

/** The connection and edge types of a node type, as the Relay cursor connections specification has them. */
export function connectionType<Node extends Row>(name: string, node: ObjectRef<BuilderTypes, Node>, access: Access): ConnectionRef {
  const edge = builder.objectRef<Edge>(`${name}Edge`).implement({
    description: `A ${name} in a list, with its place.`,
    tenant: 'scoped',
    access,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'The place of this row: give it to `after` or `before` of the same list.' }),
      node: t.field({ type: node, description: 'The row itself.', resolve: (parent) => parent.node as never }),
    }),
  });
  return builder.objectRef<Connection>(`${name}Connection`).implement({
    description: `A page of a list of ${name}.`,
    tenant: 'scoped',
    access,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: 'The rows of this page, in the order asked for.',
        resolve: (parent) => parent.edges,
      }),
      pageInfo: t.field({ type: builder.pageInfoRef(), description: 'Where this page stands in the list.', resolve: (parent) => parent.pageInfo }),
      totalCount: t.int({
        description: 'How many rows match in all, over all pages. Counted only when asked for; costs a scan of what matches.',
        resolve: (parent) => parent.totalCount(),
      }),
    }),
  });
}

/** The arguments of every connection. */
export const pageArguments = builder.args((t) => ({
  first: t.int({ description: `How many rows from the start, or after \`after\`: 1 to ${PAGE_SIZE_MAX} (as long as the server is not configured otherwise), ${PAGE_SIZE_DEFAULT} when nothing is said.` }),
  after: t.string({ description: 'Only rows past this cursor.' }),
  last: t.int({ description: `How many rows from the end, or before \`before\`: 1 to ${PAGE_SIZE_MAX}. Not together with \`first\`.` }),
  before: t.string({ description: 'Only rows short of this cursor.' }),
}));

/** What the database answered to a page's query (one row more than the page, if there is one), as a connection. */
export function toConnection(
  answered: readonly Row[],
  page: Page,
  cursors: CursorCodec,
  totalCount: () => Promise<number>,
): Connection {
  const more = answered.length > page.size;
  const rows = more ? answered.slice(0, page.size) : [...answered];
  if (page.backward) rows.reverse();
  const edges = rows.map((node) => ({ cursor: cursors.encode(page.binding, positionOf(node, page.sort.column)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.backward ? page.endsBeforeCursor : more,
      hasPreviousPage: page.backward ? more : page.startsAfterCursor,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}

function positionOf(row: Row, column: string): Position {
  const value = (row as unknown as Record<string, unknown>)[column];
  return { value: value instanceof Date ? value.toISOString() : (value as string | number), id: row.id };
}

