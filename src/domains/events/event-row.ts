import type { Source } from '../../kernel/origin.ts';
import { sql } from '../../platform/postgres/tenant-client.ts';
import type { JsonObject } from '../json-limits.ts';
import type { StoredEvent } from './event.types.ts';

/** An event as `EVENT_COLUMNS` gives it. */
export interface EventRow {
  readonly position: bigint;
  readonly orgId: string;
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

/** Everything that is read of an event, of the table named e. */
export const EVENT_COLUMNS = sql`
  e.org_id AS "orgId", e.position, e.id, e.type, e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
  e.aggregate_version AS "aggregateVersion", e.data, e.metadata, e.tags, e.actor_kind AS "actorKind",
  e.actor_user_id AS "actorUserId", e.actor_membership_id AS "actorMembershipId",
  e.actor_credential_id AS "actorCredentialId", e.correlation_id AS "correlationId", e.causation_id AS "causationId",
  e.source, host(e.ip) AS ip, e.user_agent AS "userAgent", e.created_at AS "createdAt"`;

/** The event that a row holds. */
export function toEvent(row: EventRow): StoredEvent {
  const { orgId, id, type, data, metadata, tags, correlationId, causationId, source, ip, userAgent, createdAt } = row;
  const { aggregateType, aggregateId, aggregateVersion } = row;
  return {
    position: Number(row.position),
    orgId,
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
