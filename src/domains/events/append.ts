import { ValidationError } from '../../kernel/errors.ts';
import { detailOfState } from '../../platform/postgres/adapter/index.ts';
import type { AppendRow, SendAppends } from '../../platform/postgres/event-appends.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { organizationOf, provenanceOf } from './context.ts';
import { AppendConditionFailedError } from './event.errors.ts';
import { parseAppend, writeEvents } from './event.input.ts';
import type { EventContext, EventQuery, NewEvent, Placement, StoredEvent } from './event.types.ts';
import { matches } from './matches.ts';

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

/** An append that was looked at. */
export interface Command {
  readonly orgId: string;
  /** What may match the condition of another. */
  readonly kinds: readonly Pick<StoredEvent, 'type' | 'tags'>[];
  readonly query: EventQuery | null;
  /** As the database takes it, in JSON. */
  readonly text: string;
}

/** The code of the migration for a condition that has too much to look at. */
const CONDITION_TOO_WIDE = 'DCB03';

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
  const { query, after } = condition;
  return { orgId, kinds: checked, query, text: `{"events":${text},"query":${JSON.stringify(query)},"after":${after}}` };
}

const toPlacement = ({ position, id, aggregateVersion, createdAt }: AppendRow): Placement => ({
  position: Number(position),
  id: id!,
  aggregateVersion: aggregateVersion === null ? null : Number(aggregateVersion),
  createdAt: createdAt!,
});

function toAppended(orgId: string, rows: readonly AppendRow[]): Appended {
  const events = rows.map(toPlacement).sort((a, b) => a.position - b.position);
  return { orgId, events, position: events.at(-1)?.position ?? 0 };
}

/** Whether a condition could match what another command appends: then they must not be sent together. */
export function isAboutOther({ query }: Command, { kinds }: Command): boolean {
  return query !== null && kinds.some((kind) => matches(kind, query));
}

/**
 * Appends for several commands of one organization, each all of its events or none. Answers for each what was appended, or
 * why it was not. No command may be about another.
 *
 * @throws ValidationError for a condition that has too much to look at, whichever it is.
 */
export async function appendEach(
  send: SendAppends,
  commands: readonly Command[],
): Promise<readonly (Appended | AppendConditionFailedError)[]> {
  const texts = commands.map(({ text }) => text).join(',');
  const rows = await send(commands[0]!.orgId, `[${texts}]`).catch(sayWhatIsTooWide);
  const byCommand = Map.groupBy(rows, ({ command }) => Number(command));
  return commands.map(({ orgId }, index) => {
    const own = byCommand.get(index + 1) ?? [];
    const failed = own.find((row) => row.conflict !== null);
    if (failed) return new AppendConditionFailedError(Number(failed.conflict));
    return toAppended(orgId, own);
  });
}

function sayWhatIsTooWide(error: unknown): never {
  const looked = detailOfState(error, CONDITION_TOO_WIDE);
  if (looked === null) throw error;
  throw ValidationError.of(
    'after',
    `is too far behind for this condition: up to position ${looked} nothing matches, so read on from there and give the head that you come to`,
  );
}

/**
 * Appends all events of a command or none.
 *
 * @throws AppendConditionFailedError when the condition does not hold; ValidationError as `appendEach`.
 */
export async function appendOne(send: SendAppends, command: Command): Promise<Appended> {
  const [outcome] = await appendEach(send, [command]);
  if (outcome instanceof Error) throw outcome;
  return outcome!;
}

/** Appends in a transaction of the caller. */
export function sendWithin(tx: TenantTransaction): SendAppends {
  return (_orgId, commands) => tx.$queryRaw<AppendRow[]>`/* writes */
    SELECT command, conflict, "position", id, aggregate_version AS "aggregateVersion", created_at AS "createdAt"
    FROM events.append_each(${commands}::jsonb)`;
}
