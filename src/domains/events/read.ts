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
  /** The last position of the log, matching or not, when this was read. Every match up to it was there to be seen. */
  readonly head: number;
  /** Whether there may be more that match up to the head. */
  readonly isFull: boolean;
}

/** Everything is null but the head in the one row of a page without events. */
type Row = { readonly head: bigint } & (EventRow | { readonly position: null });

/**
 * Reads a page of the log. Head and events are of one snapshot.
 *
 * @throws ValidationError for a query that is none.
 */
export async function readEvents(cx: EventContext, query: EventQuery, options: ReadOptions): Promise<EventPage> {
  const orgId = organizationOf(cx);
  const { query: checked, after, limit } = parseRead({ query, ...options });
  const rows = await cx.db.$queryRaw<Row[]>`
    SELECT head.position AS head, ${EVENT_COLUMNS}
    FROM (SELECT coalesce((SELECT position FROM events.heads WHERE org_id = ${orgId}::uuid), 0) AS position) AS head
    LEFT JOIN events.events e
      ON e.org_id = ${orgId}::uuid
     AND e.position = ANY ((SELECT events.find_positions(${JSON.stringify(checked)}::jsonb, ${BigInt(after)}::bigint, ${limit}::integer))::bigint[])
    ORDER BY e.position`;
  const events = rows.filter((row) => row.position !== null).map(toEvent);
  return { events, head: Number(rows[0]?.head ?? 0), isFull: events.length === limit };
}
