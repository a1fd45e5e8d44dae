import type { Entity, HistoryPage } from '../../domains/events/index.ts';
import { type NodeType } from '../../kernel/ids.ts';
import { ApiKeyType } from '../api-keys/api-key.ts';
import { builder } from '../builder.ts';
import { type GraphQLContext, orgIdOf, serviceContext } from '../context.ts';
import { MemberType } from '../members/member.ts';
import { OrganizationType } from '../organizations/organization.ts';
import { ScheduleType } from '../workflows/schedule.ts';
import { WorkflowType } from '../workflows/workflow.ts';
import { type EventConnection, EventEdgeType, eventPageArguments, type PageOfEvents, readEventPage, toEventConnection } from './event-connection.ts';
import { expectWholeRows } from './events.ts';

const HistoryConnectionType = builder.objectRef<EventConnection>('HistoryConnection').implement({
  description: 'A page of the history of something, in the order of positions.',
  tenant: 'scoped',
  access: 'event:read',
  fields: (t) => ({
    edges: t.field({ type: [EventEdgeType], description: 'The events of this page, the earliest first.', resolve: ({ edges }) => edges }),
    pageInfo: t.field({ type: builder.pageInfoRef(), description: 'Where this page stands in the list.', resolve: ({ pageInfo }) => pageInfo }),
  }),
});

/** Reads the pages of all rows of one field together. */
async function readHistory(context: GraphQLContext, entity: Entity, { after, size }: PageOfEvents): Promise<HistoryPage> {
  const { type } = entity;
  const read = (_orgId: string, ids: readonly string[]) =>
    context.services.events.readHistories(serviceContext(context), ids.map((id) => ({ type, id })), { after, limit: size + 1 });
  return context.loaders.load(`history ${type} ${after} ${size}`, read, orgIdOf(context), entity.id);
}

const TYPES = {
  Workflow: WorkflowType,
  Schedule: ScheduleType,
  Member: MemberType,
  ApiKey: ApiKeyType,
  Organization: OrganizationType,
} as const satisfies Partial<Record<NodeType, unknown>>;

for (const [type, ref] of Object.entries(TYPES) as [keyof typeof TYPES, typeof WorkflowType][]) {
  builder.prismaObjectField(ref, 'history', (t) =>
    t.field({
      type: HistoryConnectionType,
      nullable: true,
      access: 'event:read',
      description: 'What has happened to it, the earliest first: with audit:read who changed what, else what applications have appended with its tag.',
      args: eventPageArguments,
      resolve: async ({ id }, args, context, info) => {
        const binding = { orgId: orgIdOf(context), field: `${type}.history`, filter: null, order: 'position asc' };
        const page = readEventPage(args, binding, context);
        expectWholeRows(context, info, ['edges', 'node']);
        const { events, isCut } = await readHistory(context, { type, id }, page);
        return toEventConnection(events, page, context.cursors, isCut ? events.at(-1)!.position : null);
      },
    }),
  );
}
