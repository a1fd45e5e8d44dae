import { organizationOf } from './context.ts';
import { parseRead } from './event.input.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from './event-row.ts';
import type { EventContext, EventQuery, StoredEvent } from './event.types.ts';

export interface ReadOptions {
  /** Events after this position; 0, the beginning, when nothing is said. */
  readonly after?: number;
  /** From 1 to 1,000; 100 when nothing is said. */
  readonly limit?: number;
}

export interface EventPage {
  /** Those that match, the earliest first. */
  readonly events: readonly StoredEvent[];
  /** The last position of the log, matching or not, when this was read. */
  readonly head: number;
  /** Every match up to this position is in the page; `head` at the most. Whoever wants more reads on after it. */
  readonly through: number;
}

/** So many bytes of what events carry are in a page, or one event: pages are kept in memory for as long as readers take. */
export const LARGEST_PAGE_BYTES = 512 * 1024;

/** Of a page without events everything of them is null in its one row. */
type Row = { readonly head: bigint; readonly found: bigint[]; readonly looked: bigint | null } & (
  | EventRow
  | { readonly position: null }
);

/**
 * Reads a page of the log. Head and events are of one snapshot. A page ends at its limit, when it is large, or when there
 * was much to look at and little that matched: `through` says where.
 *
 * @throws ValidationError for a query that is none.
 */
export async function readEvents(cx: EventContext, query: EventQuery, options: ReadOptions): Promise<EventPage> {
  const orgId = organizationOf(cx);
  const { query: checked, after, limit } = parseRead({ query, ...options });
  const rows = await cx.db.$queryRaw<Row[]>`
    WITH found AS MATERIALIZED (
      SELECT positions, looked FROM events.find_positions(${JSON.stringify(checked)}::jsonb, ${BigInt(after)}::bigint, ${limit}::integer))
    SELECT coalesce((SELECT position FROM events.heads WHERE org_id = ${orgId}::uuid), 0) AS head,
           found.positions AS found, found.looked, ${EVENT_COLUMNS}
    FROM found
    LEFT JOIN (
      SELECT one.*, sum(octet_length(one.data::text) + octet_length(one.metadata::text)) OVER (ORDER BY one.position) AS bytes
      FROM events.events one
      WHERE one.org_id = ${orgId}::uuid AND one.position = ANY ((SELECT positions FROM found)::bigint[])) AS e
      ON e.bytes <= ${LARGEST_PAGE_BYTES}::bigint OR e.position = found.positions[1]
    ORDER BY e.position`;
  const { head, found, looked } = rows[0]!;
  const events = rows.filter((row) => row.position !== null).map(toEvent);
  return { events, head: Number(head), through: reachOf(events, { head: Number(head), found: found.length, limit, looked }) };
}

interface Found {
  readonly head: number;
  /** How many were found, those that were too much for the page included. */
  readonly found: number;
  readonly limit: number;
  readonly looked: bigint | null;
}

/** Up to which position a page has every match. */
function reachOf(events: readonly StoredEvent[], { head, found, limit, looked }: Found): number {
  const last = events.at(-1)?.position ?? 0;
  if (events.length < found || found === limit) return last;
  return Math.max(last, looked === null ? head : Number(looked));
}
