import { organizationOf } from './context.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from './event-row.ts';
import type { EventContext, StoredEvent } from './event.types.ts';

/** A page of the history of something. */
export interface HistoryOptions {
  /** Events after this position; 0 for the beginning. */
  readonly after: number;
  /** Of each. */
  readonly limit: number;
  /** Nouns of events that are left out. */
  readonly exceptNouns: readonly string[];
}

/** The events with each of several tags, the earliest first, in the order of the tags. One statement for all. */
export async function readByTags(
  cx: EventContext,
  tags: readonly string[],
  { after, limit, exceptNouns }: HistoryOptions,
): Promise<readonly (readonly StoredEvent[])[]> {
  const orgId = organizationOf(cx);
  const rows = await cx.db.$queryRaw<(EventRow & { readonly askedTag: string })[]>`
    SELECT asked.tag AS "askedTag", ${EVENT_COLUMNS}
    FROM unnest(${[...tags]}::text[]) AS asked (tag)
    CROSS JOIN LATERAL (
      SELECT t.position FROM events.event_tags t
      WHERE t.org_id = ${orgId}::uuid AND t.tag = asked.tag AND t.position > ${BigInt(after)}::bigint
        AND split_part(t.type, '.', 1) <> ALL (${[...exceptNouns]}::text[])
      ORDER BY t.position LIMIT ${limit}::integer) AS found
    JOIN events.events e ON e.org_id = ${orgId}::uuid AND e.position = found.position
    ORDER BY e.position`;
  const byTag = Map.groupBy(rows, ({ askedTag }) => askedTag);
  return tags.map((tag) => (byTag.get(tag) ?? []).map(toEvent));
}
