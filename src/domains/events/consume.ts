import { setTimeout as sleep } from 'node:timers/promises';
import { isOutcomeUnknown, isOutOfTime, isTransientFailure } from '../../platform/postgres/adapter/index.ts';
import type { EventSignals } from '../../platform/postgres/event-signals.ts';
import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createBell } from './bell.ts';
import { organizationOf } from './context.ts';
import { parseRead } from './event.input.ts';
import type { EventContext, EventQuery, StoredEvent } from './event.types.ts';
import { advanceMark, countFailure, ensureMark, holdMark, readMark } from './marks.ts';
import { type EventPage, readEvents } from './read.ts';

const PAGE = 200;
const POLL_MS = 5_000;
const POLL_DEAF_MS = 500;

/**
 * Does what an event asks for. What it writes with the transaction is written once, together with the mark. What it does
 * elsewhere may be done again after a crash: that has to be harmless.
 */
export type Handler = (event: StoredEvent, tx: TenantTransaction) => Promise<void> | void;

export interface ConsumeOptions {
  /** Ends it, after the event that is being handled. */
  readonly signal: AbortSignal;
  /** Told of each failure; the event is handled again after a while, and none behind it before. */
  readonly onFailure?: (failure: { readonly event: StoredEvent; readonly error: unknown; readonly attempts: number }) => void;
  /** The wait after a first failure; it doubles with each, up to the other one. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

interface Consumer {
  readonly cx: EventContext<TenantClient>;
  readonly name: string;
  readonly query: EventQuery;
  readonly handler: Handler;
}

/**
 * Hands every event of the organization that matches to a handler, in order and one at a time, from the consumer's mark
 * on, until the signal is aborted. However often the process is killed, each event is handled, and the mark says exactly
 * which were. Several processes may consume under one name: each event is then handled by one of them.
 *
 * @throws ValidationError for a query or a name that is none.
 */
export async function consumeEvents(
  cx: EventContext<TenantClient>,
  name: string,
  query: EventQuery,
  handler: Handler,
  signals: EventSignals,
  options: ConsumeOptions,
): Promise<void> {
  const { signal } = options;
  const consumer: Consumer = { cx, name, query, handler };
  parseRead({ query });
  await ensureMark(cx, name);
  const bell = createBell();
  const unsubscribe = signals.subscribe(organizationOf(cx), bell.ring);
  try {
    while (!signal.aborted) {
      bell.quiet();
      const state = await orNull(() => takePage(consumer, options));
      if (state === 'more') continue;
      await bell.wait(state && signals.isListening() ? POLL_MS : POLL_DEAF_MS, signal);
    }
  } finally {
    unsubscribe();
  }
}

/** A database that is away is nobody's failure; whether something was kept before it went, the mark tells afterwards. */
const isAway = (error: unknown): boolean => isTransientFailure(error) || isOutcomeUnknown(error);

/** What could be done, or null while the database is away: that is waited for. */
const orNull = <Result>(work: () => Promise<Result>): Promise<Result | null> =>
  work().catch((error: unknown) => {
    if (isAway(error)) return null;
    throw error;
  });

/** Handles what is there, at most a page of it. */
async function takePage(consumer: Consumer, options: ConsumeOptions): Promise<'more' | 'done'> {
  const { cx, name, query } = consumer;
  const { position } = await readMark(cx, name);
  const page: EventPage = await readEvents(cx, query, { after: position, limit: PAGE });
  let done = position;
  for (const event of page.events) {
    if (options.signal.aborted) return 'more';
    try {
      await handleOne(consumer, event);
    } catch (error) {
      // A handler that takes longer than it may would be tried for ever, and nobody told.
      if (isAway(error) && !isOutOfTime(error)) throw error;
      await waitAfterFailure(consumer, done, event, error, options);
      return 'more';
    }
    done = event.position;
  }
  // Nothing else matches up to there: a consumer of rare events does not look at all others again.
  if (page.through > done) await advanceMark(cx, name, page.through);
  return page.through < page.head ? 'more' : 'done';
}

/** Handles an event and marks it, both or neither; nothing when another process has handled it already. */
async function handleOne({ cx, name, handler }: Consumer, event: StoredEvent): Promise<void> {
  await cx.db.$transaction(async (tx) => {
    const within = { ...cx, db: tx };
    if ((await holdMark(within, name)) >= event.position) return;
    await handler(event, tx);
    await advanceMark(within, name, event.position);
  });
}

async function waitAfterFailure(
  { cx, name }: Consumer,
  done: number,
  event: StoredEvent,
  error: unknown,
  { signal, onFailure, retryMinMs = 1_000, retryMaxMs = 60_000 }: ConsumeOptions,
): Promise<void> {
  await countFailure(cx, name, done, error);
  const { failedAttempts } = await readMark(cx, name);
  onFailure?.({ event, error, attempts: failedAttempts });
  const waitMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(Math.max(0, failedAttempts - 1), 30));
  await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}
