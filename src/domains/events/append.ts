import { detailOfState } from '../../platform/postgres/adapter/index.ts';
import { organizationOf, provenanceOf } from './context.ts';
import { AppendConditionFailedError } from './event.errors.ts';
import { parseAppend, writeEvents } from './event.input.ts';
import type { EventContext, EventQuery, NewEvent, Placement } from './event.types.ts';

/** When an append is refused. */
export interface AppendCondition {
  /** Refused when an event after `after` matches. */
  readonly failIfEventsMatch?: EventQuery | null;
  /** The head that a read answered; 0, the beginning, when nothing is said. */
  readonly after?: number | null;
}

/** What was appended. */
export interface Appended {
  readonly orgId: string;
  /** In the order in which the events were given. */
  readonly events: readonly Placement[];
  /** The last position. */
  readonly position: number;
}

interface Row {
  readonly position: bigint;
  readonly id: string;
  readonly aggregateVersion: bigint | null;
  readonly createdAt: Date;
}

/** The code of the migration for a condition that does not hold. */
const CONDITION_FAILED = 'DCB01';

/** Turns what the database says about a condition into an error that a caller can act on. */
export function toConditionFailure(error: unknown): unknown {
  const detail = detailOfState(error, CONDITION_FAILED);
  return detail === null ? error : new AppendConditionFailedError(Number(detail));
}

const toPlacement = ({ position, id, aggregateVersion, createdAt }: Row): Placement => ({
  position: Number(position),
  id,
  aggregateVersion: aggregateVersion === null ? null : Number(aggregateVersion),
  createdAt,
});

/** Appends all events or none, in the caller's transaction or one of its own. Tells nobody about it. */
export async function appendEvents(cx: EventContext, events: readonly NewEvent[], input: AppendCondition): Promise<Appended> {
  const orgId = organizationOf(cx);
  const { events: checked, condition } = parseAppend({ events, ...input });
  const provenance = provenanceOf(cx);
  const text = writeEvents(
    checked.map(({ aggregate, ...event }) => ({
      ...event,
      ...provenance,
      aggregateType: aggregate?.type ?? null,
      aggregateId: aggregate?.id ?? null,
    })),
  );
  const query = condition.query === null ? null : JSON.stringify(condition.query);
  try {
    const rows = await cx.db.$queryRaw<Row[]>`/* writes */
      SELECT "position", id, aggregate_version AS "aggregateVersion", created_at AS "createdAt"
      FROM events.append(${text}::jsonb, ${query}::jsonb, ${BigInt(condition.after)}::bigint)`;
    const placements = rows.map(toPlacement).sort((a, b) => a.position - b.position);
    return { orgId, events: placements, position: placements.at(-1)?.position ?? 0 };
  } catch (error) {
    throw toConditionFailure(error);
  }
}
