import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { toEventRow } from './event-connection.ts';
import { EventType } from './event.ts';
import { EventQueryItem, expectWholeRows, QUERY_DESCRIPTION, queryOf } from './events.ts';

export const AFTER_DESCRIPTION =
  'Begin after this position: the one of the last event that you have dealt with, or a `head` that you have read. From now on when it is not given.';

builder.subscriptionField('eventAppended', (t) =>
  t.field({
    type: EventType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'event:read',
    description:
      'The events of the log as they are appended, each once, in the order of positions. Without audit:read only what applications append; to follow the audit is written down in it.',
    args: {
      query: t.arg({ type: [EventQueryItem], description: QUERY_DESCRIPTION }),
      after: t.arg({ type: 'Position', description: AFTER_DESCRIPTION }),
    },
    subscribe: (_root, { query, after }, context) => {
      const { ended: signal } = context;
      return context.services.events.follow(serviceContext(context), queryOf(query), { after: after ?? null, signal });
    },
    resolve: (event, _args, context, info) => {
      expectWholeRows(context, info, []);
      return toEventRow(event);
    },
  }),
);
