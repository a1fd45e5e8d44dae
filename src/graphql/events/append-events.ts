import { AppendConditionFailedError, APPEND_MAX } from '../../domains/events/index.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CREATE_ERRORS, ErrorInterface } from '../errors.ts';
import { byIds } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { EventType } from './event.ts';
import { EventQueryItem, queryOf } from './events.ts';

builder.objectType(AppendConditionFailedError, {
  name: 'AppendConditionFailedError',
  description: 'An event that matches `failIfEventsMatch` is in the log after `after`. Nothing was appended.',
  tenant: 'global',
  access: 'public',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    position: t.field({ type: 'Position', description: 'The first position at which such an event is.', resolve: ({ position }) => position }),
  }),
});

const NewEventAggregate = builder.inputType('NewEventAggregate', {
  description: 'The one thing that an event is about. The server counts its events.',
  fields: (t) => ({
    type: t.string({ required: true, description: "What it is: 1 to 100 characters, for example \"invoice\". Not a type of this schema: the server counts those itself." }),
    id: t.string({ required: true, description: 'Which one: a UUID in lower case.' }),
  }),
});

const NewEventInput = builder.inputType('NewEventInput', {
  description: 'An event to append.',
  fields: (t) => ({
    type: t.string({ required: true, description: 'What happened: NOUN.VERB in capitals, at most 50 characters each, for example "INVOICE.PAID". Nouns of the audit, such as MEMBER or WORKFLOW, are refused.' }),
    data: t.field({ type: 'JSON', description: 'What is to be known of it: a JSON object, at most 64 kB and 30 levels deep.' }),
    metadata: t.field({ type: 'JSON', description: 'What belongs to no decision: a JSON object of the same size at most.' }),
    tags: t.stringList({ description: 'What it is found by, for example ["invoice:42"]: at most 20 of 1 to 200 characters, without spaces and invisible characters. Those that begin with "actor:" are the server\'s own.' }),
    aggregate: t.field({ type: NewEventAggregate, description: 'What it is about, when it is about one thing.' }),
    causationId: t.string({ description: 'What caused it, for example the id of another event: at most 200 characters.' }),
  }),
});

const AppendEventsInput = builder.inputType('AppendEventsInput', {
  description: 'What to append, and on which condition.',
  fields: (t) => ({
    events: t.field({ type: [NewEventInput], required: true, description: `1 to ${APPEND_MAX} events: all of them are appended in this order, or none.` }),
    failIfEventsMatch: t.field({ type: [EventQueryItem], description: 'Nothing is appended when an event after `after` matches at least one of these items, at most 20. Give the query that the decision was made by.' }),
    after: t.field({ type: 'Position', description: 'The `head` that was read before the decision: 0, the beginning, when nothing is said. Only with `failIfEventsMatch`.' }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours answers with the same events and appends none a second time.' }),
  }),
});

const AppendEventsSuccess = builder.objectRef<{ eventIds: readonly string[]; position: number }>('AppendEventsSuccess').implement({
  description: 'The events are in the log.',
  tenant: 'scoped',
  access: 'event:append',
  fields: (t) => ({
    position: t.field({ type: 'Position', description: 'The position of the last of them.', resolve: ({ position }) => position }),
    events: t.prismaField({
      type: [EventType],
      description: 'The events as they lie in the log, in the order in which they were given.',
      resolve: (query, { eventIds }, _args, { db }) =>
        db.event.findMany({ ...byIds(query, eventIds), orderBy: { position: 'asc' } }),
    }),
  }),
});

builder.mutationField('appendEvents', (t) =>
  t.field({
    type: AppendEventsSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'event:append',
    description:
      'Appends events to the log of this organization, all or none. With a condition nothing is appended when something that matters has happened since the log was read.',
    errors: { types: [...CREATE_ERRORS, AppendConditionFailedError] },
    args: { input: t.arg({ type: AppendEventsInput, required: true, description: 'What, and on which condition.' }) },
    resolve: (_root, { input: { events, failIfEventsMatch, after, idempotencyKey } }, context) =>
      context.services.events.append(serviceContext(context), {
        events: events.map(({ type, data, metadata, tags, aggregate, causationId }) => ({
          type,
          ...(data == null ? {} : { data: data as never }),
          ...(metadata == null ? {} : { metadata: metadata as never }),
          tags: tags ?? [],
          aggregate: aggregate ?? null,
          causationId: causationId ?? null,
        })),
        failIfEventsMatch: queryOf(failIfEventsMatch),
        after: after ?? null,
        idempotencyKey: idempotencyKey ?? null,
      }),
  }),
);
