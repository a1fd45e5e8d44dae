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

/** An append that was looked at, as the database takes it: the events and the query are JSON. */
export interface Command {
  readonly orgId: string;
  readonly events: string;
  readonly query: string | null;
  readonly after: number;
}

interface Row {
  readonly position: bigint;
  readonly id: string;
  readonly aggregateVersion: bigint | null;
  readonly createdAt: Date;
}

/** A row of one of several commands: a placed event, or the position at which the condition failed. */
type NumberedRow = { readonly command: bigint } & (
  | ({ readonly conflict: null } & Row)
  | { readonly conflict: bigint }
);

/** The code of the migration for a condition that does not hold. */
const CONDITION_FAILED = 'DCB01';

/** @throws ValidationError for what is no event; TenantContextError without an organization. */
export function toCommand(cx: EventContext, events: readonly NewEvent[], input: AppendCondition): Command {
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
  return { orgId, events: text, query, after: condition.after };
}

const toPlacement = ({ position, id, aggregateVersion, createdAt }: Row): Placement => ({
  position: Number(position),
  id,
  aggregateVersion: aggregateVersion === null ? null : Number(aggregateVersion),
  createdAt,
});

function toAppended(orgId: string, rows: readonly Row[]): Appended {
  const events = rows.map(toPlacement).sort((a, b) => a.position - b.position);
  return { orgId, events, position: events.at(-1)?.position ?? 0 };
}

/**
 * Appends all events of a command or none, in the transaction of `db` or one of its own.
 *
 * @throws AppendConditionFailedError when the condition does not hold.
 */
export async function appendOne(db: EventContext['db'], { orgId, events, query, after }: Command): Promise<Appended> {
  try {
    const rows = await db.$queryRaw<Row[]>`/* writes */
      SELECT "position", id, aggregate_version AS "aggregateVersion", created_at AS "createdAt"
      FROM events.append(${events}::jsonb, ${query}::jsonb, ${BigInt(after)}::bigint)`;
    return toAppended(orgId, rows);
  } catch (error) {
    const detail = detailOfState(error, CONDITION_FAILED);
    throw detail === null ? error : new AppendConditionFailedError(Number(detail));
  }
}

/**
 * Appends for several commands of one organization in one transaction, each with a condition of its own and seeing those
 * before it. Answers for each what `appendOne` would, or would throw.
 */
export async function appendEach(
  db: EventContext['db'],
  commands: readonly Command[],
): Promise<readonly (Appended | AppendConditionFailedError)[]> {
  const written = commands.map(({ events, query, after }) => `{"events":${events},"query":${query},"after":${after}}`);
  const rows = await db.$queryRaw<NumberedRow[]>`/* writes */
    SELECT command, conflict, "position", id, aggregate_version AS "aggregateVersion", created_at AS "createdAt"
    FROM events.append_each(${`[${written.join(',')}]`}::jsonb)`;
  const byCommand = Map.groupBy(rows, ({ command }) => Number(command));
  return commands.map(({ orgId }, index) => {
    const own = byCommand.get(index + 1) ?? [];
    const failed = own.find((row) => row.conflict !== null);
    if (failed) return new AppendConditionFailedError(Number(failed.conflict));
    return toAppended(orgId, own as (NumberedRow & Row)[]);
  });
}
