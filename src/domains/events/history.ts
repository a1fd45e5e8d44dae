import { organizationOf } from './context.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from './event-row.ts';
import type { EventContext, StoredEvent } from './event.types.ts';
import { LARGEST_PAGE_BYTES } from './read.ts';

/** A page of the history of something. */
export interface HistoryOptions {
  /** Events after this position; 0 for the beginning. */
  readonly after: number;
  /** Of each. */
  readonly limit: number;
  /** Nouns of events that are left out. */
  readonly exceptNouns: readonly string[];
}

/** A page of one of them. */
export interface HistoryPage {
  readonly events: readonly StoredEvent[];
  /** Whether there are more within the limit, which were too much for this page. */
  readonly isCut: boolean;
}

type Row = EventRow & { readonly askedTag: string; readonly found: bigint };

/**
 * The events with each of several tags, the earliest first, in the order of the tags. One statement for all. Together they
 * are no larger than a page of the log, but for the first of each.
 */
export async function readByTags(
  cx: EventContext,
  tags: readonly string[],
  { after, limit, exceptNouns }: HistoryOptions,
): Promise<readonly HistoryPage[]> {
  const orgId = organizationOf(cx);
  const bytesEach = Math.floor(LARGEST_PAGE_BYTES / Math.max(1, tags.length));
  const rows = await cx.db.$queryRaw<Row[]>`
    SELECT asked.tag AS "askedTag", e.found, ${EVENT_COLUMNS}
    FROM unnest(${[...tags]}::text[]) AS asked (tag)
    CROSS JOIN LATERAL (
      SELECT one.*, count(*) OVER () AS found, row_number() OVER along AS place,
             sum(octet_length(one.data::text) + octet_length(one.metadata::text)) OVER along AS bytes
      FROM (
        SELECT t.position FROM events.event_tags t
        WHERE t.org_id = ${orgId}::uuid AND t.tag = asked.tag AND t.position > ${BigInt(after)}::bigint
          AND split_part(t.type, '.', 1) <> ALL (${[...exceptNouns]}::text[])
        ORDER BY t.position LIMIT ${limit}::integer) AS found
      JOIN events.events one ON one.org_id = ${orgId}::uuid AND one.position = found.position
      WINDOW along AS (ORDER BY one.position)) AS e
    WHERE e.bytes <= ${bytesEach}::bigint OR e.place = 1
    ORDER BY e.position`;
  const byTag = Map.groupBy(rows, ({ askedTag }) => askedTag);
  return tags.map((tag) => {
    const own = byTag.get(tag) ?? [];
    return { events: own.map(toEvent), isCut: own.length < Number(own[0]?.found ?? 0) };
  });
}
