import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from '../../kernel/errors.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import type { AppendCondition, Appended } from './append.ts';
import { AppendConditionFailedError } from './event.errors.ts';
import type { EventContext, EventQuery, NewEvent, StoredEvent } from './event.types.ts';
import type { EventPage, ReadOptions } from './read.ts';

const PAGE = 1_000;
/** A decision that needs more events than this wants a projection instead. */
const MOST_EVENTS = 10_000;
const ATTEMPTS = 10;
/** Waits are random below this and twice as long each time, so that those who met do not meet again. */
const FIRST_WAIT_MS = 4;

/** Decides by the events that match: gives the events to append, none to leave it at that, or throws. */
export type Decision = (events: readonly StoredEvent[]) => readonly NewEvent[] | Promise<readonly NewEvent[]>;

/** The log that is decided about. */
interface Log {
  read(cx: EventContext, query: EventQuery, options: ReadOptions): Promise<EventPage>;
  append(cx: EventContext, events: readonly NewEvent[], condition: AppendCondition): Promise<Appended>;
}

/**
 * Reads what matches, decides, and appends on the condition that nothing else that matches has come meanwhile. When
 * something has, it all begins anew, at most ten times.
 *
 * @returns null when the decision was to append nothing.
 * @throws AppendConditionFailedError after the last attempt; ConflictError when more than 10,000 events match.
 */
export async function decideByEvents(
  cx: EventContext<TenantClient>,
  query: EventQuery,
  decision: Decision,
  log: Log,
): Promise<Appended | null> {
  for (let attempt = 1; ; attempt += 1) {
    const { events, head } = await readAll(log, cx, query);
    const decided = await decision(events);
    if (decided.length === 0) return null;
    try {
      return await log.append(cx, decided, { failIfEventsMatch: query, after: head });
    } catch (error) {
      if (!(error instanceof AppendConditionFailedError) || attempt === ATTEMPTS) throw error;
    }
    await sleep(Math.random() * FIRST_WAIT_MS * 2 ** (attempt - 1));
  }
}

/** Everything that matches, up to the head of the last page: each page has all that matches up to its end. */
async function readAll(log: Log, cx: EventContext, query: EventQuery): Promise<{ events: StoredEvent[]; head: number }> {
  const events: StoredEvent[] = [];
  for (let after = 0; ; ) {
    const page = await log.read(cx, query, { after, limit: PAGE });
    events.push(...page.events);
    if (page.through >= page.head) return { events, head: page.head };
    if (events.length >= MOST_EVENTS) {
      throw new ConflictError(`More than ${MOST_EVENTS} events match: decide by a narrower query.`);
    }
    after = page.through;
  }
}
