import { ValidationError } from '../../kernel/errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import type { Permission } from '../../kernel/permissions.ts';
import { readLastArchive } from '../../platform/chain/index.ts';
import { once } from '../../platform/postgres/idempotency.ts';
import { idempotencyKey } from '../input-fields.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type AppendEventsInput, requireApplicationEvents } from './append-events.input.ts';
import { AppendConditionFailedError } from './event.errors.ts';
import type { EventStore } from './event-store.ts';
import { type EventQuery, EVERY_EVENT, type StoredEvent } from './event.types.ts';
import { type HistoryPage, readByTags } from './history.ts';
import type { EventPage } from './read.ts';
import { describeReading, type Reading } from './reading.ts';
import { type Entity, entityTag, recordAuditRead } from './record.ts';
import { hiddenNouns, isAuditReading, reachesAudit, visibleQuery } from './visibility.rules.ts';

/** What was appended, now or when the request came for the first time. */
export interface AppendedEvents {
  readonly eventIds: readonly string[];
  /** The last one's. */
  readonly position: number;
}

export interface PageOptions {
  readonly after: number;
  readonly limit: number;
}

/** What callers do with the log of their organization. Who may is asked here: the store asks nobody. */
export interface EventService {
  /** Events that match and that the caller may see; all of them without a query. @throws ForbiddenError, ValidationError */
  read(cx: ServiceContext, query: EventQuery | null, options: PageOptions): Promise<EventPage>;
  /** The events that concern each of several things, in the order of the things. */
  readHistories(cx: ServiceContext, entities: readonly Entity[], options: PageOptions): Promise<readonly HistoryPage[]>;
  /** To be told of before events that were read by their ids are shown: that the audit was read is written down. */
  willShow(cx: ServiceContext, field: string, events: readonly Pick<StoredEvent, 'id' | 'type'>[]): Promise<void>;
  /** @throws AppendConditionFailedError, ValidationError, ConflictError for an idempotency key of another input */
  append(cx: ServiceContext, input: AppendEventsInput): Promise<AppendedEvents>;
  /** Those that match, after a position or from now on, until the signal is aborted. */
  follow(cx: ServiceContext, query: EventQuery | null, options: FollowOptions): Promise<AsyncIterableIterator<StoredEvent>>;
  /** What happens to things of a kind, for whoever may read them: that they change is no secret of the audit then. */
  followChanges(cx: ServiceContext, changes: FollowedChanges, options: FollowOptions): Promise<AsyncIterableIterator<StoredEvent>>;
}

export interface FollowOptions {
  /** The position of the last event that was dealt with; null to begin now. */
  readonly after: number | null;
  readonly signal: AbortSignal;
}

export interface FollowedChanges {
  /** What it takes to read such a thing. */
  readonly permission: Permission;
  readonly types: readonly string[];
  /** Only what happens to this one. */
  readonly entity: Entity | null;
}

/** The log as callers may use it: each sees what its permissions allow, and to see the audit is written down in it. */
export function createEventService(store: EventStore): EventService {
  /** The head of the log, without any of its events. */
  const headOf = async (cx: ServiceContext): Promise<number> =>
    (await store.read(cx, EVERY_EVENT, { after: Number.MAX_SAFE_INTEGER, limit: 1 })).head;

  const begin = async (cx: ServiceContext, query: EventQuery, { after, signal }: FollowOptions) => {
    if (after !== null) await requireKept(cx, after);
    return store.subscribe(cx, query, { after: after ?? (await headOf(cx)) }, signal);
  };

  return {
    async read(cx, query, options) {
      requirePermission(cx, 'event:read');
      const visible = visibleQuery(cx.principal, query);
      await requireKept(cx, options.after);
      const page = await readFar(store, cx, visible, options);
      if (showsAudit(page.events)) await noteReading(cx, { field: 'Query.events', query, after: options.after });
      return page;
    },

    async readHistories(cx, entities, options) {
      requirePermission(cx, 'event:read');
      const exceptNouns = hiddenNouns(cx.principal);
      const histories = await store.inTurn(cx, () => readByTags(cx, entities.map(entityTag), { ...options, exceptNouns }));
      const shown = entities.filter((_, index) => showsAudit(histories[index]?.events ?? []));
      const [first] = shown;
      if (first) await noteReading(cx, { field: `${first.type}.history`, tags: shown.map(entityTag), after: options.after });
      return histories;
    },

    async willShow(cx, field, events) {
      const shown = events.filter((event) => showsAudit([event]));
      if (shown.length > 0) await noteReading(cx, { field, ids: shown.map(({ id }) => toGlobalId('Event', id)) });
    },

    append: (cx, input) => append(store, cx, input).catch((error: unknown) => tell(store, cx, input, error)),

    async follow(cx, query, options) {
      requirePermission(cx, 'event:read');
      const visible = visibleQuery(cx.principal, query);
      const events = await begin(cx, visible, options);
      if (reachesAudit(visible)) await noteReading(cx, { field: 'Subscription.eventAppended', query, after: options.after });
      return events;
    },

    followChanges(cx, { permission, types, entity }, options) {
      requirePermission(cx, permission);
      return begin(cx, [{ types, tags: entity ? [entityTag(entity)] : [] }], options);
    },
  };
}

/**
 * Whoever goes on from a position is told when events after it were archived: it would take it that there were none. From
 * the beginning means from what is there.
 *
 * @throws ValidationError with the position from which on all are there.
 */
async function requireKept({ db }: ServiceContext, after: number): Promise<void> {
  if (after === 0) return;
  const archived = (await readLastArchive(db))?.statement.position ?? 0;
  if (after < archived) throw ValidationError.of('after', `must be at least ${archived}: what comes before was archived`);
}

/** So often is read on for one page, where there is much to look at and little that matches. */
const MOST_LOOKS = 5;

/** A page that is full, or ends where the log does, or is as much as one caller is looked for at once. */
async function readFar(store: EventStore, cx: ServiceContext, query: EventQuery, { after, limit }: PageOptions): Promise<EventPage> {
  let page = await store.read(cx, query, { after, limit });
  for (let looks = 1; looks < MOST_LOOKS && page.events.length === 0 && page.through < page.head; looks += 1) {
    page = await store.read(cx, query, { after: page.through, limit });
  }
  return page;
}

const showsAudit = (events: readonly Pick<StoredEvent, 'type'>[]): boolean => isAuditReading(events.map(({ type }) => type));

const noteReading = (cx: ServiceContext, reading: Reading): Promise<void> => recordAuditRead(cx, describeReading(reading));

/**
 * What an append fails with, for its caller. A condition that an event of the audit is against tells that there is such an
 * event, and where: that is written down before it is told, like any reading.
 */
async function tell(store: EventStore, cx: ServiceContext, { failIfEventsMatch = null, after = null }: AppendEventsInput, error: unknown): Promise<never> {
  if (error instanceof AppendConditionFailedError && reachesAudit(visibleQuery(cx.principal, failIfEventsMatch))) {
    const { events } = await store.read(cx, EVERY_EVENT, { after: error.position - 1, limit: 1 });
    if (showsAudit(events)) await noteReading(cx, { field: 'Mutation.appendEvents', query: failIfEventsMatch, after: after ?? 0 });
  }
  throw error;
}

async function append(store: EventStore, cx: ServiceContext, input: AppendEventsInput): Promise<AppendedEvents> {
  requirePermission(cx, 'event:append');
  const { orgId } = requireTenant(cx);
  const { events, failIfEventsMatch = null, after = null } = input;
  const key = parseInput(idempotencyKey, input.idempotencyKey);
  requireApplicationEvents(events);
  const condition = {
    failIfEventsMatch: failIfEventsMatch && visibleQuery(cx.principal, failIfEventsMatch),
    after,
  };
  const appendTo = async (db: Parameters<EventStore['append']>[0]['db']): Promise<AppendedEvents> => {
    const { principal, origin } = cx;
    const appended = await store.append({ db, principal, origin }, events, condition);
    return { eventIds: appended.events.map(({ id }) => id), position: appended.position };
  };
  if (key === null) return appendTo(cx.db);
  const request = {
    orgId,
    userId: cx.principal.userId,
    operation: 'appendEvents',
    key,
    input: { events, failIfEventsMatch, after },
    now: cx.clock.now(),
  };
  const appendOnce = async () => (await cx.db.$transaction((tx) => once(tx, request, () => appendTo(tx)))).result;
  // A condition may take long to look at, and would hold a connection for as long.
  return failIfEventsMatch === null ? appendOnce() : store.inTurn(cx, appendOnce);
}
