import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import type { CursorBinding, Position } from '../connections/cursor.ts';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../connections/page.ts';
import type { GraphQLContext } from '../context.ts';

/** A page of what lies across organizations: read forward. */
export interface PlatformPage<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

export const platformPageArguments = builder.args((t) => ({
  first: t.int({ description: `How many rows from the start, or after \`after\`: 1 to ${PAGE_SIZE_MAX} (as long as the server is not configured otherwise), ${PAGE_SIZE_DEFAULT} when nothing is said.` }),
  after: t.string({ description: 'Only rows past this cursor.' }),
}));

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** A cursor of these lists belongs to no organization: they are of all. */
const bindingOf = (field: string, filter: unknown): CursorBinding => ({ orgId: 'platform', field, filter, order: '' });

/**
 * Reads a page: asks for one row more than it shows, which tells whether there is another page.
 *
 * @throws ValidationError for a cursor of another list, and for a size out of bounds.
 */
export async function readPlatformPage<Node>(
  { first, after }: PageArguments,
  { cursors, pageSizeMax }: GraphQLContext,
  { field, filter }: { readonly field: string; readonly filter: unknown },
  read: (after: Position | null, limit: number) => Promise<readonly Node[]>,
  positionOf: (node: Node) => Position,
): Promise<PlatformPage<Node>> {
  const size = first ?? Math.min(PAGE_SIZE_DEFAULT, pageSizeMax);
  if (size < 1 || size > pageSizeMax) throw ValidationError.of('first', `must be from 1 to ${pageSizeMax}.`);
  const binding = bindingOf(field, filter);
  const start = after == null ? null : cursors.decode(binding, after, 'after');
  const rows = await read(start, size + 1);
  const edges = rows.slice(0, size).map((node) => ({ cursor: cursors.encode(binding, positionOf(node)), node }));
  const [startCursor, endCursor] = [edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null];
  return { edges, pageInfo: { hasNextPage: rows.length > size, hasPreviousPage: start !== null, startCursor, endCursor } };
}
