import { ServiceUnavailableError } from '../../kernel/errors.ts';
import { isTransientFailure } from '../../platform/postgres/adapter/index.ts';
import type { EventSignals } from '../../platform/postgres/event-signals.ts';
import { requireScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { createBell } from './bell.ts';
import { organizationOf } from './context.ts';
import { parseRead } from './event.input.ts';
import type { EventContext, EventQuery, StoredEvent } from './event.types.ts';
import { matches } from './matches.ts';
import type { EventPage, ReadOptions } from './read.ts';
import type { Tails } from './tails.ts';

/** As many events as one follower keeps in memory. */
const PAGE = 200;
/** Who is no further from the end reads on with all others there, and takes from what is new what matches. */
const NEAR = 1_000;
/** How often one looks without being told: signals can be lost. */
const POLL_MS = 5_000;
/** How often while signals cannot be heard at all, or the database cannot be asked. */
const POLL_DEAF_MS = 500;

export interface SubscribeOptions {
  /** Events after this position: the one of the last event that was dealt with. 0 for all of them. */
  readonly after: number;
}

/** What followers of one process share. */
export interface Following {
  readonly signals: EventSignals;
  readonly tails: Tails;
  /** Reads a page by a query, in its turn. */
  read(cx: EventContext, query: EventQuery, options: ReadOptions): Promise<EventPage>;
}

/**
 * Every event of the organization that matches, once and in order, those to come too, until the signal is aborted. The
 * next page is read when the one before was taken, so a slow consumer holds no more than a page.
 *
 * What lies behind is looked for by the query. Who has come near the end reads on together with all others who have.
 *
 * It belongs to the scope in which it was begun, whoever takes from it. A database that is away is waited for.
 *
 * @throws ValidationError for a query that is none, when it is begun.
 */
export function followEvents(
  cx: EventContext<TenantClient>,
  query: EventQuery,
  { after }: SubscribeOptions,
  { signals, tails, read }: Following,
  signal: AbortSignal,
): AsyncIterableIterator<StoredEvent> {
  const orgId = organizationOf(cx);
  parseRead({ query, after });
  const scope = requireScope();
  return follow({
    after,
    signal,
    isMatch: (event) => matches(event, query),
    readBehind: (position) =>
      orNothing(runInScope(scope, () => read(cx, query, { after: position, limit: PAGE }))),
    readEnd: (position) => orNothing(tails.read(cx.db, orgId, position, PAGE)),
    subscribe: (onSignal) =>
      signals.subscribe(orgId, () => {
        tails.renew(orgId);
        onSignal();
      }),
    isListening: () => signals.isListening(),
  });
}

/** A page, or null when the database is away for the moment, or has too much to do for the organization. */
const orNothing = (reading: Promise<EventPage>): Promise<EventPage | null> =>
  reading.catch((error: unknown) => {
    if (isTransientFailure(error) || error instanceof ServiceUnavailableError) return null;
    throw error;
  });

interface Follower {
  readonly after: number;
  readonly signal: AbortSignal;
  readonly isMatch: (event: StoredEvent) => boolean;
  /** Events that match. */
  readonly readBehind: (position: number) => Promise<EventPage | null>;
  /** All events, matching or not. */
  readonly readEnd: (position: number) => Promise<EventPage | null>;
  readonly subscribe: (onSignal: () => void) => () => void;
  readonly isListening: () => boolean;
}

async function* follow(follower: Follower): AsyncGenerator<StoredEvent, void> {
  const { after, signal, isMatch, readBehind, readEnd, subscribe, isListening } = follower;
  const bell = createBell();
  // Before the first look: what is appended after a look is then either heard or seen by the next one.
  const unsubscribe = subscribe(bell.ring);
  let position = after;
  let isNearEnd = false;
  try {
    while (!signal.aborted) {
      bell.quiet();
      const page: EventPage | null = await (isNearEnd ? readEnd(position) : readBehind(position));
      for (const event of page?.events ?? []) {
        if (signal.aborted) return;
        if (isMatch(event)) yield event;
      }
      if (page) {
        // Nothing else matches up to there, so the next look begins after it.
        position = Math.max(position, page.through);
        isNearEnd = page.head - position <= NEAR;
        if (position < page.head) continue;
      }
      await bell.wait(page && isListening() ? POLL_MS : POLL_DEAF_MS, signal);
    }
  } finally {
    unsubscribe();
  }
}
