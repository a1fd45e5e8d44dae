import { isTransientFailure } from '../../platform/postgres/adapter/index.ts';
import type { EventSignals } from '../../platform/postgres/event-signals.ts';
import { requireScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { createBell } from './bell.ts';
import { organizationOf } from './context.ts';
import { parseRead } from './event.input.ts';
import type { EventContext, EventQuery, StoredEvent } from './event.types.ts';
import { type EventPage, readEvents } from './read.ts';

/** As many events as one follower keeps in memory. */
const PAGE = 200;
/** How often one looks without being told: signals can be lost. */
const POLL_MS = 5_000;
/** How often while signals cannot be heard at all, or the database cannot be asked. */
const POLL_DEAF_MS = 500;

export interface SubscribeOptions {
  /** Events after this position: the one of the last event that was dealt with. 0 for all of them. */
  readonly after: number;
}

/**
 * Every event of the organization that matches, once and in order, those to come too, until the signal is aborted. The
 * next page is read when the one before was taken, so a slow consumer holds no more than a page.
 *
 * It belongs to the scope in which it was begun, whoever takes from it. A database that is away is waited for.
 *
 * @throws ValidationError for a query that is none, when it is begun.
 */
export function followEvents(
  cx: EventContext<TenantClient>,
  query: EventQuery,
  { after }: SubscribeOptions,
  signals: EventSignals,
  signal: AbortSignal,
): AsyncIterableIterator<StoredEvent> {
  const orgId = organizationOf(cx);
  parseRead({ query, after });
  const scope = requireScope();
  const read = (position: number): Promise<EventPage | null> =>
    runInScope(scope, () => readEvents(cx, query, { after: position, limit: PAGE })).catch((error: unknown) => {
      if (isTransientFailure(error)) return null;
      throw error;
    });
  return follow(orgId, after, read, signals, signal);
}

async function* follow(
  orgId: string,
  after: number,
  read: (position: number) => Promise<EventPage | null>,
  signals: EventSignals,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent, void> {
  const bell = createBell();
  // Before the first look: what is appended after a look is then either heard or seen by the next one.
  const unsubscribe = signals.subscribe(orgId, bell.ring);
  let position = after;
  try {
    while (!signal.aborted) {
      bell.quiet();
      const page = await read(position);
      for (const event of page?.events ?? []) {
        if (signal.aborted) return;
        yield event;
        position = event.position;
      }
      if (page?.isFull) continue;
      // Nothing else matches up to the head, so the next look begins there.
      if (page) position = Math.max(position, page.head);
      await bell.wait(page && signals.isListening() ? POLL_MS : POLL_DEAF_MS, signal);
    }
  } finally {
    unsubscribe();
  }
}
