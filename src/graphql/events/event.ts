import { hiddenNouns } from '../../domains/events/index.ts';
import { NotFoundError } from '../../kernel/errors.ts';
import { ID_PREFIXES, type NodeType, toGlobalId, uuidOf } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { allOf } from '../connections/fields.ts';
import { type GraphQLContext, serviceContext } from '../context.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { StoredJson } from '../stored-json.ts';

const EventSourceEnum = builder.enumType('EventSource', {
  description: 'By which way something came in.',
  values: {
    API: { value: 'api', description: 'By this API.' },
    CLI: { value: 'cli', description: 'By a command.' },
    WEBHOOK: { value: 'webhook', description: 'By a call of another service.' },
    SYSTEM: { value: 'system', description: 'By the server itself.' },
  } as const,
});

const ActorKindEnum = builder.enumType('EventActorKind', {
  description: 'Who acted.',
  values: {
    USER: { value: 'user', description: 'A person.' },
    API_KEY: { value: 'api_key', description: 'An API key, for its owner.' },
    SYSTEM: { value: 'system', description: 'The server: nobody asked for it.' },
  } as const,
});

interface Actor {
  readonly kind: 'user' | 'api_key' | 'system';
  readonly membershipId: string | null;
  readonly credentialId: string | null;
}

const EventActorType = builder.objectRef<Actor>('EventActor').implement({
  description: 'Who acted. What is said here outlives members and keys.',
  tenant: 'scoped',
  access: 'event:read',
  fields: (t) => ({
    kind: t.expose('kind', { type: ActorKindEnum, description: 'Of which kind.' }),
    memberId: t.id({
      nullable: true,
      description: 'The member, for an API key its owner; null for an operator of the platform and for the server itself.',
      resolve: ({ membershipId }) => (membershipId === null ? null : toGlobalId('Member', membershipId)),
    }),
    apiKeyId: t.id({
      nullable: true,
      description: 'The API key, when it was one.',
      resolve: ({ kind, credentialId }) =>
        kind === 'api_key' && credentialId !== null ? toGlobalId('ApiKey', credentialId) : null,
    }),
  }),
});

interface Aggregate {
  readonly type: string;
  readonly id: string;
  readonly version: bigint;
}

/** The types of this schema by their names in the log. */
const OWN_TYPES = new Map((Object.keys(ID_PREFIXES) as NodeType[]).map((type) => [type.charAt(0).toLowerCase() + type.slice(1), type]));

const EventAggregateType = builder.objectRef<Aggregate>('EventAggregate').implement({
  description: 'The one thing that an event is about.',
  tenant: 'scoped',
  access: 'event:read',
  fields: (t) => ({
    type: t.exposeString('type', { description: 'What it is, for example "invoice"; "workflow", "member" and the like are things of this schema.' }),
    id: t.id({
      description: 'Which one: the global id of a thing of this schema, else the UUID as it was appended.',
      resolve: ({ type, id }) => {
        const own = OWN_TYPES.get(type);
        return own ? toGlobalId(own, id) : id;
      },
    }),
    version: t.field({ type: 'Position', description: 'How many events were about it by then, this one included.', resolve: ({ version }) => version }),
  }),
});

export const EventType = builder.prismaObject('Event', {
  description:
    'Something that happened, as it lies in the log of the organization. Events never change. Those that the server writes down itself (who changed what) are the audit, which needs audit:read.',
  tenant: 'scoped',
  access: 'event:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true, position: true, type: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Event', row.id) }),
    position: t.field({
      type: 'Position',
      description: 'Where it is in the log: later events have greater ones. Those of events that the caller may not see are left out.',
      resolve: (row) => row.position,
    }),
    type: t.exposeString('type', { description: 'What happened: NOUN.VERB in capitals, for example "INVOICE.PAID".' }),
    data: t.field({
      type: 'JSONObject',
      description: 'What is to be known of it.',
      select: { data: true },
      resolve: (row) => new StoredJson(row.data),
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'What belongs to no decision, for example the version of the data.',
      select: { metadata: true },
      resolve: (row) => new StoredJson(row.metadata),
    }),
    tags: t.exposeStringList('tags', { description: 'What it is found by, in the order of the alphabet.' }),
    aggregate: t.field({
      type: EventAggregateType,
      nullable: true,
      description: 'What it is about, when it is about one thing.',
      select: { aggregateType: true, aggregateId: true, aggregateVersion: true },
      resolve: ({ aggregateType: type, aggregateId: id, aggregateVersion: version }) =>
        type !== null && id !== null && version !== null ? { type, id, version } : null,
    }),
    actor: t.field({
      type: EventActorType,
      description: 'Who acted.',
      select: { actorKind: true, actorMembershipId: true, actorCredentialId: true },
      resolve: (row) => ({ kind: row.actorKind as Actor['kind'], membershipId: row.actorMembershipId, credentialId: row.actorCredentialId }),
    }),
    correlationId: t.exposeString('correlationId', { nullable: true, description: 'The same for all events of one request: its X-Request-Id.' }),
    causationId: t.exposeString('causationId', { nullable: true, description: 'What caused it, as it was said when it was appended.' }),
    source: t.field({
      type: EventSourceEnum,
      description: 'By which way it came in.',
      select: { source: true },
      resolve: (row) => row.source as 'api',
    }),
    ip: t.exposeString('ip', { nullable: true, access: 'audit:read', description: 'The network address that it came from. FORBIDDEN without audit:read.' }),
    userAgent: t.exposeString('userAgent', { nullable: true, access: 'audit:read', description: 'What the caller said it was. FORBIDDEN without audit:read.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was written down: a later position is never earlier.' }),
  }),
});

/** What the caller may see of events that are named by their ids. */
function visibleEvents({ principal }: GraphQLContext): Record<string, unknown> {
  const nouns = principal ? hiddenNouns(principal) : [];
  return nouns.length === 0 ? {} : { NOT: { OR: nouns.map((noun) => ({ type: { startsWith: `${noun}.` } })) } };
}

type Shown = readonly { readonly id: string; readonly type: string }[];

const willShow = (field: string, context: GraphQLContext, rows: Shown): Promise<void> =>
  context.services.events.willShow(serviceContext(context), field, rows);

registerNode('Event', {
  access: 'event:read',
  delegate: ({ db }) => db.event,
  where: visibleEvents,
  willShow: (context, rows: Shown) => willShow('Query.node', context, rows),
});

builder.queryField('event', (t) =>
  t.prismaField({
    type: EventType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'event:read',
    description: 'An event by its id. NOT_FOUND when it does not exist, is not of this organization, or is of the audit and the caller has no audit:read.',
    args: { id: t.arg.id({ required: true, description: 'The global id.' }) },
    resolve: async (query, _root, args, context) => {
      const id = uuidOf('Event', args.id);
      if (!id) throw new NotFoundError('Event');
      const named = byId(query, id);
      const where = allOf(named.where, visibleEvents(context));
      const event = await orNotFound(context.db.event.findFirst({ ...named, where }), 'Event');
      await willShow('Query.event', context, [event]);
      return event;
    },
  }),
);
