import { NotFoundError } from '../../kernel/errors.ts';
import { toGlobalId, uuidOf } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { relationList, resolveList } from '../connections/fields.ts';
import { connectionType, pageArguments } from '../connections/types.ts';
import { choice, comparisons, DateTimeFilter, OrderDirection, SlugFilter, slugWhere, where } from '../filters.ts';
import { MemberType } from '../members/member.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { StoredJson } from '../stored-json.ts';
import { countChildren } from './count-children.ts';
import { WorkflowExecutionConnection } from './execution.ts';
import { ScheduleConnection } from './schedule.ts';

export const WorkflowStatusEnum = builder.enumType('WorkflowStatus', {
  description: 'Whether a workflow may be run.',
  values: {
    ACTIVE: { value: 'active', description: 'It may.' },
    INACTIVE: { value: 'inactive', description: 'It may not; its schedules rest.' },
  } as const,
});

const TaskType = builder.prismaObject('Task', {
  description: "One step of a workflow's current version.",
  tenant: 'scoped',
  access: 'workflow:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Task', row.id) }),
    key: t.exposeString('key', { description: 'Its name in the definition, once in a workflow.' }),
    type: t.exposeString('type', { description: 'What kind of task it is: call, set, switch, for, fork, wait, emit, listen, run, try or raise.' }),
    config: t.field({
      type: 'JSONObject',
      description: 'Its part of the definition.',
      select: { config: true },
      resolve: (row) => new StoredJson(row.config),
    }),
    position: t.exposeInt('position', { description: 'Its place in the order, from 0.' }),
    workflow: t.relation('workflow', { description: 'The workflow it is a step of.' }),
  }),
});

registerNode('Task', { access: 'workflow:read', delegate: ({ db }) => db.task });

const TaskConnection = connectionType('Task', TaskType, 'workflow:read');

const WorkflowVersionType = builder.prismaObject('WorkflowVersion', {
  description: 'What a workflow does, as it was from one change to the next. Versions never change.',
  tenant: 'scoped',
  access: 'workflow:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('WorkflowVersion', row.id) }),
    version: t.exposeInt('version', { description: 'Which version, from 1.' }),
    definition: t.field({
      type: 'JSONObject',
      description: 'The definition: a Serverless Workflow 1.0 document.',
      select: { definition: true },
      resolve: (row) => new StoredJson(row.definition),
    }),
    createdBy: t.relation('createdBy', { type: MemberType, nullable: true, description: 'Who made it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
});

registerNode('WorkflowVersion', { access: 'workflow:read', delegate: ({ db }) => db.workflowVersion });

const WorkflowVersionConnection = connectionType('WorkflowVersion', WorkflowVersionType, 'workflow:read');

export const WorkflowType = builder.prismaObject('Workflow', {
  description: 'A workflow: tasks in an order, run by hand or by schedules.',
  tenant: 'scoped',
  access: 'workflow:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Workflow', row.id) }),
    name: t.exposeString('name', { description: 'What it is called: 1 to 255 characters.' }),
    slug: t.exposeString('slug', { description: 'Its short name, once in an organization.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for, at most 2,000 characters.' }),
    status: t.expose('status', { type: WorkflowStatusEnum, description: 'Whether it may be run.' }),
    currentVersion: t.exposeInt('currentVersion', { description: 'Which version is run when it is run now.' }),
    createdBy: t.relation('createdBy', { type: MemberType, nullable: true, description: 'Who made it; null when that person is gone for good.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    tasks: t.field({
      type: TaskConnection,
      args: pageArguments,
      description: 'Its tasks, in order.',
      ...relationList({
        field: 'Workflow.tasks',
        relation: 'tasks',
        sort: { column: 'position', direction: 'asc' },
        count: countChildren('task', 'workflowId'),
      }),
    }),
    schedules: t.field({
      type: ScheduleConnection,
      args: pageArguments,
      description: 'When it runs by itself, the oldest schedule first.',
      ...relationList({
        field: 'Workflow.schedules',
        relation: 'schedules',
        sort: { column: 'createdAt', direction: 'asc' },
        count: countChildren('schedule', 'workflowId'),
      }),
    }),
    executions: t.field({
      type: WorkflowExecutionConnection,
      args: pageArguments,
      description: 'Its runs, the latest first.',
      ...relationList({
        field: 'Workflow.executions',
        relation: 'executions',
        sort: { column: 'createdAt', direction: 'desc' },
        count: countChildren('workflowExecution', 'workflowId'),
      }),
    }),
    versions: t.field({
      type: WorkflowVersionConnection,
      args: pageArguments,
      description: 'Its versions, the latest first.',
      ...relationList({
        field: 'Workflow.versions',
        relation: 'versions',
        sort: { column: 'version', direction: 'desc' },
        count: countChildren('workflowVersion', 'workflowId'),
      }),
    }),
  }),
});

registerNode('Workflow', { access: 'workflow:read', delegate: ({ db }) => db.workflow });

builder.queryField('workflow', (t) =>
  t.prismaField({
    type: WorkflowType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:read',
    description: 'A workflow by its id. NOT_FOUND when it does not exist or is not of this organization.',
    args: { id: t.arg.id({ required: true, description: 'The global id.' }) },
    resolve: (query, _root, args, { db }) => {
      const id = uuidOf('Workflow', args.id);
      if (!id) throw new NotFoundError('Workflow');
      return orNotFound(db.workflow.findFirst(byId(query, id)), 'Workflow');
    },
  }),
);

const WorkflowConnection = connectionType('Workflow', WorkflowType, 'workflow:read');

const StatusFilter = builder.inputType('WorkflowStatusFilter', {
  description: 'Picks by status.',
  fields: (t) => ({
    eq: t.field({ type: WorkflowStatusEnum, description: 'Exactly this.' }),
    in: t.field({ type: [WorkflowStatusEnum], description: 'One of these.' }),
  }),
});

const WorkflowFilter = builder.inputType('WorkflowFilter', {
  description: 'Which workflows. Everything given must hold.',
  fields: (t) => ({
    status: t.field({ type: StatusFilter, description: 'By status.' }),
    slug: t.field({ type: SlugFilter, description: 'By slug.' }),
    createdById: t.id({ description: 'Made by this member. An unknown member made none.' }),
    createdAt: t.field({ type: DateTimeFilter, description: 'By when it was made.' }),
    updatedAt: t.field({ type: DateTimeFilter, description: 'By when it last changed.' }),
  }),
});

const WorkflowOrderField = builder.enumType('WorkflowOrderField', {
  description: 'What workflows are sorted by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When it was made.' },
    UPDATED_AT: { value: 'updatedAt', description: 'When it last changed.' },
    NAME: { value: 'name', description: 'What it is called, by the rules of Unicode.' },
  } as const,
});

const WorkflowOrder = builder.inputType('WorkflowOrder', {
  description: 'How workflows are sorted.',
  fields: (t) => ({
    field: t.field({ type: WorkflowOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which end first.' }),
  }),
});

builder.queryField('workflows', (t) =>
  t.field({
    type: WorkflowConnection,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:read',
    description: 'The workflows of this organization, the newest first unless asked otherwise.',
    args: {
      ...pageArguments,
      filter: t.arg({ type: WorkflowFilter, description: 'Which ones.' }),
      orderBy: t.arg({ type: WorkflowOrder, description: 'How they are sorted.' }),
    },
    resolve: (_root, args, context, info) => {
      const { status, slug, createdById, createdAt, updatedAt } = args.filter ?? {};
      return resolveList(context, info, {
        field: 'Query.workflows',
        delegate: context.db.workflow,
        args,
        sort: { column: args.orderBy?.field ?? 'createdAt', direction: args.orderBy?.direction ?? 'desc' },
        where: where({
          statusWord: choice(status),
          slug: slugWhere(slug),
          createdById: createdById ? { in: [uuidOf('Member', createdById)].filter((id) => id !== null) } : null,
          createdAt: comparisons(createdAt),
          updatedAt: comparisons(updatedAt),
        }),
      });
    },
  }),
);

