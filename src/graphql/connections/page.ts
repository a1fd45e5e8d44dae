import { ValidationError } from '../../kernel/errors.ts';
import type { CursorBinding, CursorCodec, Position } from './cursor.ts';

export const PAGE_SIZE_DEFAULT = 25;
/** Rows of a page at most, unless the server is configured otherwise. */
export const PAGE_SIZE_MAX = 100;
/** Ids that one field takes at most. */
export const NODE_IDS_MAX = 100;

/** The Relay arguments of a connection. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** How a list is sorted: by one column that is never null, then by id, both in the same direction. */
export interface SortOrder {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
}

/** What reading a page needs besides its arguments. */
export interface Paging {
  readonly cursors: CursorCodec;
  /** Rows of a page at most. */
  readonly pageSizeMax: number;
}

/** A page of a list, ready to be asked of the database. */
export interface Page {
  readonly size: number;
  readonly backward: boolean;
  readonly sort: SortOrder;
  readonly binding: CursorBinding;
  /** What the cursors ask for: rows past `after`, rows short of `before`. */
  readonly where: Readonly<Record<string, unknown>> | null;
  readonly startsAfterCursor: boolean;
  readonly endsBeforeCursor: boolean;
}

/**
 * Reads the arguments of a connection. A page costs the same wherever it begins: its rows are found by comparing with
 * the position in the cursor, along the index, and never by counting.
 */
export function readPage(args: PageArguments, sort: SortOrder, binding: CursorBinding, { cursors, pageSizeMax }: Paging): Page {
  const { first, last } = args;
  if (isGiven(first) && isGiven(last)) throw ValidationError.of('last', 'cannot be used together with first.');
  const backward = isGiven(last);
  const after = isGiven(args.after) ? cursors.decode(binding, args.after, 'after') : null;
  const before = isGiven(args.before) ? cursors.decode(binding, args.before, 'before') : null;
  const bounds = [
    ...(after ? [beyond(after, sort, sort.direction === 'asc' ? 'gt' : 'lt')] : []),
    ...(before ? [beyond(before, sort, sort.direction === 'asc' ? 'lt' : 'gt')] : []),
  ];
  return {
    size: backward
      ? pageSize(last, 'last', pageSizeMax)
      : pageSize(first ?? Math.min(PAGE_SIZE_DEFAULT, pageSizeMax), 'first', pageSizeMax),
    backward,
    sort,
    binding,
    where: bounds.length === 0 ? null : bounds.length === 1 ? bounds[0]! : { AND: bounds },
    startsAfterCursor: after !== null,
    endsBeforeCursor: before !== null,
  };
}

/** The order of the rows and how many: one more than the page, which tells whether there is another page. */
export function pageQuery(page: Page): { orderBy: Record<string, 'asc' | 'desc'>[]; take: number } {
  const flipped = page.sort.direction === 'asc' ? 'desc' : 'asc';
  const direction = page.backward ? flipped : page.sort.direction;
  const columns = page.sort.column === 'id' ? ['id'] : [page.sort.column, 'id'];
  return { orderBy: columns.map((column) => ({ [column]: direction })), take: page.size + 1 };
}

function pageSize(size: number, argument: string, most: number): number {
  if (!Number.isInteger(size) || size < 1 || size > most) {
    throw ValidationError.of(argument, `must be from 1 to ${most}.`);
  }
  return size;
}

/** Rows past a position. The first comparison is what the index is entered by; the second settles equal sort values. */
function beyond({ value, id }: Position, { column }: SortOrder, operator: 'gt' | 'lt'): Record<string, unknown> {
  if (column === 'id') return { id: { [operator]: id } };
  const bound = typeof value === 'string' && column.endsWith('At') ? new Date(value) : value;
  const inclusive = operator === 'gt' ? 'gte' : 'lte';
  return { [column]: { [inclusive]: bound }, OR: [{ [column]: { [operator]: bound } }, { id: { [operator]: id } }] };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
