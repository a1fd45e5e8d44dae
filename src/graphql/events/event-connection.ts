import type { StoredEvent } from '../../domains/events/index.ts';
import { builder } from '../builder.ts';
import type { CursorBinding, CursorCodec } from '../connections/cursor.ts';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../connections/page.ts';
import type { GraphQLContext } from '../context.ts';
import { ValidationError } from '../../kernel/errors.ts';
import { EventType } from './event.ts';

interface EventEdge {
  readonly cursor: string;
  readonly node: EventRow;
}

/** A page of the log: in the order of positions, read forward. */
export interface EventConnection {
  readonly edges: readonly EventEdge[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** An event with all its columns under the names of its table, so that none has to be read again. */
export type EventRow = ReturnType<typeof toEventRow>;

export function toEventRow({ position, aggregate, actor, ...event }: StoredEvent) {
  return {
    ...event,
    position: BigInt(position),
    aggregateType: aggregate?.type ?? null,
    aggregateId: aggregate?.id ?? null,
    aggregateVersion: aggregate ? BigInt(aggregate.version) : null,
    actorKind: actor.kind === 'apiKey' ? 'api_key' : actor.kind,
    actorUserId: actor.userId,
    actorMembershipId: actor.membershipId,
    actorCredentialId: actor.credentialId,
  };
}

export const EventEdgeType = builder.objectRef<EventEdge>('EventEdge').implement({
  description: 'An Event in a list, with its place.',
  tenant: 'scoped',
  access: 'event:read',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'The place of this event in this list: give it to `after` of the same list.' }),
    node: t.field({ type: EventType, description: 'The event itself.', resolve: ({ node }) => node as never }),
  }),
});

export interface PageOfEvents {
  readonly after: number;
  readonly size: number;
  readonly binding: CursorBinding;
}

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** Reads the arguments of a page of events. @throws ValidationError */
export function readEventPage({ first, after }: PageArguments, binding: CursorBinding, { cursors, pageSizeMax }: GraphQLContext): PageOfEvents {
  const size = first ?? Math.min(PAGE_SIZE_DEFAULT, pageSizeMax);
  if (size < 1 || size > pageSizeMax) throw ValidationError.of('first', `must be from 1 to ${pageSizeMax}.`);
  return { size, binding, after: after == null ? 0 : Number(cursors.decode(binding, after, 'after').value) };
}

/**
 * What was read for a page (one event more, if there is one), as a connection.
 *
 * @param through up to where that is all, when it ended before the log did.
 */
export function toEventConnection(
  read: readonly StoredEvent[],
  { after, size, binding }: PageOfEvents,
  cursors: CursorCodec,
  through: number | null = null,
): EventConnection {
  const edges = read.slice(0, size).map((event) => ({
    cursor: cursors.encode(binding, { value: event.position, id: event.id }),
    node: toEventRow(event),
  }));
  const isCutShort = read.length <= size && through !== null;
  return {
    edges,
    pageInfo: {
      hasNextPage: isCutShort || read.length > size,
      hasPreviousPage: after > 0,
      startCursor: edges[0]?.cursor ?? null,
      // What lies between the last event and there matches nothing: the next page is not to look at it again.
      endCursor: isCutShort ? cursors.encode(binding, { value: through, id: '' }) : (edges.at(-1)?.cursor ?? null),
    },
  };
}

export const eventPageArguments = builder.args((t) => ({
  first: t.int({ description: `How many events, or how many after \`after\`: 1 to ${PAGE_SIZE_MAX} (as long as the server is not configured otherwise), ${PAGE_SIZE_DEFAULT} when nothing is said.` }),
  after: t.string({ description: 'Only events past this cursor.' }),
}));
