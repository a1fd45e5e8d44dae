import type { ChainCheck } from '../../platform/chain/index.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';

/** Which tags are looked at. */
export interface TagRange {
  readonly orgId: string;
  readonly after: number;
  /** Events up to here lie in files: none of them has a tag any more. */
  readonly archived: number;
  readonly through: number;
}

interface Row {
  readonly position: bigint;
  readonly tag: string;
}

/** More than this tells nothing new. */
const MOST = 20;

/**
 * Holds the table that events are found by against the events, whose tags are under their hashes: an event whose tag was
 * taken away there would still be in the log and never be found.
 */
export async function checkTags(db: TenantClient, check: ChainCheck, range: TagRange): Promise<void> {
  const { orgId, archived } = range;
  const [after, through] = [BigInt(range.after), BigInt(range.through)];
  const missing = await db.$queryRaw<Row[]>`
    SELECT e.position, w.tag FROM events.events e CROSS JOIN LATERAL unnest(e.tags) AS w (tag)
    WHERE e.org_id = ${orgId}::uuid AND e.position > ${after}::bigint AND e.position <= ${through}::bigint
      AND NOT EXISTS (
        SELECT FROM events.event_tags t
        WHERE t.org_id = e.org_id AND t.tag = w.tag AND t.position = e.position AND t.type = e.type AND t.created_at = e.created_at)
    ORDER BY e.position LIMIT ${MOST}::integer`;
  for (const { position, tag } of missing) {
    check.find(Number(position), `the event at position ${position} is not found by its tag "${tag}": its row of events.event_tags is missing or was changed`);
  }
  const added = await db.$queryRaw<Row[]>`
    SELECT t.position, t.tag FROM events.event_tags t
    WHERE t.org_id = ${orgId}::uuid AND t.position > ${after}::bigint AND t.position <= ${through}::bigint
      AND NOT EXISTS (
        SELECT FROM events.events e WHERE e.org_id = t.org_id AND e.position = t.position AND t.tag = ANY (e.tags))
    ORDER BY t.position LIMIT ${MOST}::integer`;
  for (const { position, tag } of added) {
    const why = Number(position) <= archived ? 'was archived' : 'has no such tag';
    check.find(Number(position), `the event at position ${position} is found by the tag "${tag}", and ${why}`);
  }
}
