import type { Source } from '../../kernel/origin.ts';
import type { JsonObject } from '../json-limits.ts';
import { organizationOf } from './context.ts';
import { parseRead } from './event.input.ts';
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

interface Row {
  readonly head: bigint;
  /** Null in the one row of a page without events. */
  readonly position: bigint | null;
  readonly id: string;
  readonly type: string;
  readonly aggregateType: string | null;
  readonly aggregateId: string;
  readonly aggregateVersion: bigint;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly tags: string[];
  readonly actorKind: 'user' | 'api_key' | 'system';
  readonly actorUserId: string | null;
  readonly actorMembershipId: string | null;
  readonly actorCredentialId: string | null;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly source: Source;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Date;
}

/**
 * Reads a page of the log. Head and events are of one snapshot.
 *
 * @throws ValidationError for a query that is none.
 */
export async function readEvents(cx: EventContext, query: EventQuery, options: ReadOptions): Promise<EventPage> {
  const orgId = organizationOf(cx);
  const { query: checked, after, limit } = parseRead({ query, ...options });
  const rows = await cx.db.$queryRaw<Row[]>`
    SELECT head.position AS head, e.position, e.id, e.type, e.aggregate_type AS "aggregateType",
           e.aggregate_id AS "aggregateId", e.aggregate_version AS "aggregateVersion", e.data, e.metadata, e.tags,
           e.actor_kind AS "actorKind", e.actor_user_id AS "actorUserId", e.actor_membership_id AS "actorMembershipId",
           e.actor_credential_id AS "actorCredentialId", e.correlation_id AS "correlationId",
           e.causation_id AS "causationId", e.source, host(e.ip) AS ip, e.user_agent AS "userAgent",
           e.created_at AS "createdAt"
    FROM (SELECT coalesce((SELECT position FROM events.heads WHERE org_id = ${orgId}::uuid), 0) AS position) AS head
    LEFT JOIN events.events e
      ON e.org_id = ${orgId}::uuid
     AND e.position = ANY ((SELECT events.find_positions(${JSON.stringify(checked)}::jsonb, ${BigInt(after)}::bigint, ${limit}::integer))::bigint[])
    ORDER BY e.position`;
  const events = rows.filter(({ position }) => position !== null).map(toEvent);
  return { events, head: Number(rows[0]?.head ?? 0), isFull: events.length === limit };
}

function toEvent(row: Row): StoredEvent {
  const { id, type, data, metadata, tags, correlationId, causationId, source, ip, userAgent, createdAt } = row;
  const { aggregateType, aggregateId, aggregateVersion } = row;
  return {
    position: Number(row.position),
    id,
    type,
    aggregate: aggregateType === null ? null : { type: aggregateType, id: aggregateId, version: Number(aggregateVersion) },
    data,
    metadata,
    tags,
    actor: {
      kind: row.actorKind === 'api_key' ? 'apiKey' : row.actorKind,
      userId: row.actorUserId,
      membershipId: row.actorMembershipId,
      credentialId: row.actorCredentialId,
    },
    correlationId,
    causationId,
    source,
    ip,
    userAgent,
    createdAt,
  };
}
