import { createKeyedTurns } from '../../kernel/turns.ts';
import type { DatabasePool } from '../../platform/postgres/adapter/index.ts';
import { createAppendSender } from '../../platform/postgres/event-appends.ts';
import type { EventSignals } from '../../platform/postgres/event-signals.ts';
import { isInTransaction, type TenantClient, type TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createAnnouncer } from './announcer.ts';
import { type AppendCondition, type Appended, appendOne, sendWithin, toCommand } from './append.ts';
import { createBatcher } from './batcher.ts';
import { consumeEvents, type ConsumeOptions, type Handler } from './consume.ts';
import { organizationOf } from './context.ts';
import { decideByEvents, type Decision } from './decide.ts';
import type { EventContext, EventQuery, NewEvent, StoredEvent } from './event.types.ts';
import { type EventPage, readEvents, type ReadOptions } from './read.ts';
import { followEvents, type SubscribeOptions } from './subscribe.ts';
import { createTails } from './tails.ts';

/** The log of an organization: that of the scope in which it is used. Who may use it is for the caller to ask. */
export interface EventStore {
  /**
   * Appends all events or none. With a transaction in the context it is part of that one: call it last, because other
   * appends of the organization wait until the transaction ends.
   *
   * @throws AppendConditionFailedError when the condition does not hold; ValidationError for what is no event.
   */
  append(cx: EventContext, events: readonly NewEvent[], condition?: AppendCondition): Promise<Appended>;
  /** Events that match, the earliest first, and the head of the log. */
  read(cx: EventContext, query: EventQuery, options?: ReadOptions): Promise<EventPage>;
  /**
   * Does work that asks the log for much: of one organization, and of all, only so much is under way at once, so that nobody
   * who asks for what is hard to find keeps others waiting. Reads are done so by themselves.
   *
   * @throws ServiceUnavailableError when very much of the organization waits already.
   */
  inTurn<Result>(cx: EventContext, work: () => Promise<Result>): Promise<Result>;
  /** Reads, decides and appends; decides anew when it was overtaken. See `decideByEvents`. */
  decide(cx: EventContext<TenantClient>, query: EventQuery, decision: Decision): Promise<Appended | null>;
  /** Every event that matches, once and in order, those to come too. See `followEvents`. */
  subscribe(
    cx: EventContext<TenantClient>,
    query: EventQuery,
    options: SubscribeOptions,
    signal: AbortSignal,
  ): AsyncIterableIterator<StoredEvent>;
  /** Hands every event that matches to a handler and marks it, across restarts and processes. See `consumeEvents`. */
  consume(cx: EventContext<TenantClient>, consumer: string, query: EventQuery, handler: Handler, options: ConsumeOptions): Promise<void>;
  /** Tells followers what is still to be told. The signals belong to whoever made them. */
  close(): Promise<void>;
}

/** Fewer than a process has connections. */
const READS_AT_ONCE = { ofOne: 2, ofAll: 6, waiting: 200 };

/** @param pool by which appends go that are no part of a transaction of the caller. */
export function createEventStore(signals: EventSignals, pool: DatabasePool): EventStore {
  const announcer = createAnnouncer(signals);
  const appendAlone = createBatcher(createAppendSender(pool));
  const inTurn = createKeyedTurns(READS_AT_ONCE);
  const read: EventStore['read'] = async (cx, query, options = {}) =>
    inTurn(organizationOf(cx), () => readEvents(cx, query, options));
  const following = { signals, tails: createTails(), read };

  const append: EventStore['append'] = async (cx, events, condition = {}) => {
    const command = toCommand(cx, events, condition);
    const { db } = cx;
    if (isInTransaction(db)) {
      const appended = await appendOne(sendWithin(db as TenantTransaction), command);
      announcer.expected(appended.orgId, appended.position);
      return appended;
    }
    const appended = await appendAlone(command);
    announcer.committed(appended.orgId);
    return appended;
  };

  return {
    append,
    read,
    inTurn: async (cx, work) => inTurn(organizationOf(cx), work),
    decide: (cx, query, decision) => decideByEvents(cx, query, decision, { read, append }),
    subscribe: (cx, query, options, signal) => followEvents(cx, query, options, following, signal),
    consume: (cx, consumer, query, handler, options) => consumeEvents(cx, consumer, query, handler, signals, options),
    close: () => announcer.close(),
  };
}
