import type { StoredEvent } from '../../domains/events/index.ts';
import { memberEvents } from '../../domains/identity/index.ts';
import { workflowEvents } from '../../domains/workflows/index.ts';
import { toGlobalId, uuidOf } from '../../kernel/ids.ts';
import { builder, tenantWhere } from '../builder.ts';
import { type GraphQLContext, serviceContext } from '../context.ts';
import { MemberType } from '../members/member.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { WorkflowType } from '../workflows/workflow.ts';
import { AFTER_DESCRIPTION } from './event-appended.ts';

const ChangeKindEnum = builder.enumType('ChangeKind', {
  description: 'What happened to a thing.',
  values: {
    CREATED: { description: 'It was made, or came back.' },
    UPDATED: { description: 'It was changed.' },
    DELETED: { description: 'It is gone.' },
  } as const,
});

type ChangeKind = 'CREATED' | 'UPDATED' | 'DELETED';

/** The kinds of changes by what is written down of them. */
const WORKFLOW_CHANGES: ReadonlyMap<string, ChangeKind> = new Map([
  [workflowEvents.created.type, 'CREATED'],
  [workflowEvents.updated.type, 'UPDATED'],
  [workflowEvents.deleted.type, 'DELETED'],
]);

const MEMBER_CHANGES: ReadonlyMap<string, ChangeKind> = new Map([
  [memberEvents.added.type, 'CREATED'],
  [memberEvents.roleChanged.type, 'UPDATED'],
  [memberEvents.removed.type, 'DELETED'],
  [memberEvents.left.type, 'DELETED'],
]);

interface Change {
  readonly kind: ChangeKind;
  readonly position: number;
  readonly at: Date;
  /** The UUID of the thing. */
  readonly id: string;
}

function changeOf({ type, position, createdAt, aggregate }: StoredEvent, kinds: ReadonlyMap<string, ChangeKind>): Change {
  return { kind: kinds.get(type)!, position, at: createdAt, id: aggregate!.id };
}

const POSITION = 'Where it stands in the log: give the last one to `after` to begin again.';
const WHICH = 'Only what happens to this one. NOT_FOUND when it does not exist or is not of this organization, unless `after` is given: then it may be gone by now.';

const WorkflowChangeType = builder.objectRef<Change>('WorkflowChange').implement({
  description: 'Something that happened to a workflow.',
  tenant: 'scoped',
  access: 'workflow:read',
  fields: (t) => ({
    kind: t.field({ type: ChangeKindEnum, description: 'What.', resolve: ({ kind }) => kind }),
    position: t.field({ type: 'Position', description: POSITION, resolve: ({ position }) => position }),
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ at }) => at }),
    workflowId: t.id({ description: 'To which workflow.', resolve: ({ id }) => toGlobalId('Workflow', id) }),
    workflow: t.prismaField({
      type: WorkflowType,
      nullable: true,
      description: 'The workflow as it is now, which may be later than this change; null when it is gone.',
      resolve: (query, { id }, _args, { db }) => db.workflow.findFirst(byId(query, id)),
    }),
  }),
});

const MemberChangeType = builder.objectRef<Change>('MemberChange').implement({
  description: 'Something that happened to a member.',
  tenant: 'scoped',
  access: 'member:read',
  fields: (t) => ({
    kind: t.field({ type: ChangeKindEnum, description: 'What: DELETED when the person has left or was removed.', resolve: ({ kind }) => kind }),
    position: t.field({ type: 'Position', description: POSITION, resolve: ({ position }) => position }),
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ at }) => at }),
    memberId: t.id({ description: 'To which member.', resolve: ({ id }) => toGlobalId('Member', id) }),
    member: t.prismaField({
      type: MemberType,
      nullable: true,
      description: 'The member as it is now, which may be later than this change.',
      resolve: (query, { id }, _args, { db }) => db.membership.findFirst(byId(query, id)),
    }),
  }),
});

interface Followed {
  readonly type: 'Workflow' | 'Member';
  readonly permission: 'workflow:read' | 'member:read';
  readonly kinds: ReadonlyMap<string, ChangeKind>;
  /** Whether there is such a thing. */
  readonly find: (context: GraphQLContext, id: string) => PromiseLike<{ readonly id: string } | null>;
}

const WORKFLOWS: Followed = {
  type: 'Workflow',
  permission: 'workflow:read',
  kinds: WORKFLOW_CHANGES,
  find: (context, id) => context.db.workflow.findFirst({ where: { ...tenantWhere(context), id }, select: { id: true } }),
};

const MEMBERS: Followed = {
  type: 'Member',
  permission: 'member:read',
  kinds: MEMBER_CHANGES,
  find: (context, id) => context.db.membership.findFirst({ where: { ...tenantWhere(context), id }, select: { id: true } }),
};

interface FollowArguments {
  readonly id?: string | null | undefined;
  readonly after?: number | null | undefined;
}

/** A malformed id is that of nothing: the null UUID belongs to nobody. */
const NOTHING = '00000000-0000-0000-0000-000000000000';

async function follow({ type, permission, kinds, find }: Followed, { id: given, after }: FollowArguments, context: GraphQLContext) {
  const id = given == null ? null : (uuidOf(type, given) ?? NOTHING);
  if (id !== null && after == null) await orNotFound(find(context, id), type);
  const changes = { permission, types: [...kinds.keys()], entity: id === null ? null : { type, id } };
  return context.services.events.followChanges(serviceContext(context), changes, { after: after ?? null, signal: context.ended });
}

builder.subscriptionField('workflowChanged', (t) =>
  t.field({
    type: WorkflowChangeType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:read',
    description: 'What happens to workflows, each change once, in the order of positions.',
    args: {
      id: t.arg.id({ description: WHICH }),
      after: t.arg({ type: 'Position', description: AFTER_DESCRIPTION }),
    },
    subscribe: (_root, args, context) => follow(WORKFLOWS, args, context),
    resolve: (event) => changeOf(event, WORKFLOW_CHANGES),
  }),
);

builder.subscriptionField('memberChanged', (t) =>
  t.field({
    type: MemberChangeType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:read',
    description: 'What happens to members, each change once, in the order of positions.',
    args: {
      id: t.arg.id({ description: WHICH }),
      after: t.arg({ type: 'Position', description: AFTER_DESCRIPTION }),
    },
    subscribe: (_root, args, context) => follow(MEMBERS, args, context),
    resolve: (event) => changeOf(event, MEMBER_CHANGES),
  }),
);
