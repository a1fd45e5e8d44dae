import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import type { EventQuery } from '../../domains/events/index.ts';
import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { type GraphQLContext, orgIdOf, serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { type EventConnection, EventEdgeType, eventPageArguments, readEventPage, toEventConnection } from './event-connection.ts';

export const EventQueryItem = builder.inputType('EventQueryItem', {
  description: 'What an event must be: of one of the types, and with all of the tags. What is left out asks for nothing, so that an empty item matches every event.',
  fields: (t) => ({
    types: t.stringList({ description: 'Types of which the event has one, for example ["INVOICE.PAID"]; at most 20. FORBIDDEN for types of the audit without audit:read.' }),
    tags: t.stringList({ description: 'Tags of which the event has all, for example ["invoice:42"]; at most 20.' }),
  }),
});

type GivenQuery = readonly { readonly types?: readonly string[] | null; readonly tags?: readonly string[] | null }[] | null | undefined;

/** A query as callers give it; null asks for everything. */
export function queryOf(given: GivenQuery): EventQuery | null {
  return given?.map(({ types, tags }) => ({ types: types ?? [], tags: tags ?? [] })) ?? null;
}

export const QUERY_DESCRIPTION = 'Events that match at least one of these items, at most 20; all events when it is not given.';

interface PageOfLog extends EventConnection {
  readonly head: number;
}

/** Lets the fields below `path` take the rows as they are: they hold all that can be asked of an event. */
export function expectWholeRows(context: GraphQLContext, info: GraphQLResolveInfo, path: string[]): void {
  queryFromInfo({ context, info, path });
}

const EventConnectionType = builder.objectRef<PageOfLog>('EventConnection').implement({
  description: 'A page of the log, in the order of positions.',
  tenant: 'scoped',
  access: 'event:read',
  fields: (t) => ({
    edges: t.field({ type: [EventEdgeType], description: 'The events of this page, the earliest first.', resolve: ({ edges }) => edges }),
    pageInfo: t.field({ type: builder.pageInfoRef(), description: 'Where this page stands in the list.', resolve: ({ pageInfo }) => pageInfo }),
    head: t.field({
      type: 'Position',
      description: 'The last position of the log when this page was read, matching or not. On the last page: give it to `appendEvents` or a subscription as `after`, and nothing is missed.',
      resolve: ({ head }) => head,
    }),
  }),
});

builder.queryField('events', (t) =>
  t.field({
    type: EventConnectionType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'event:read',
    description:
      'The log of this organization, in the order of positions. Without audit:read only what applications have appended; to have read the audit is written down in it. A page may have fewer events than `first` although more follow, when they are large or few among many: `pageInfo` says so.',
    args: {
      query: t.arg({ type: [EventQueryItem], description: QUERY_DESCRIPTION }),
      ...eventPageArguments,
      afterPosition: t.arg({ type: 'Position', description: 'Only events after this position. Not together with `after`.' }),
    },
    resolve: async (_root, { query: given, afterPosition, ...args }, context, info) => {
      if (afterPosition != null && args.after != null) throw ValidationError.of('afterPosition', 'cannot be used together with after.');
      const query = queryOf(given);
      const binding = { orgId: orgIdOf(context), field: 'Query.events', filter: query, order: 'position asc' };
      const page = readEventPage(args, binding, context);
      const after = afterPosition ?? page.after;
      expectWholeRows(context, info, ['edges', 'node']);
      const { events, head, through } = await context.services.events.read(serviceContext(context), query, { after, limit: page.size + 1 });
      const cut = through < head ? through : null;
      return { ...toEventConnection(events, { ...page, after }, context.cursors, cut), head };
    },
  }),
);
