import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { relationList } from '../connections/fields.ts';
import { connectionType, pageArguments } from '../connections/types.ts';
import { MemberType } from '../members/member.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { storedJson } from '../stored-json.ts';
import { countChildren } from './count-children.ts';

export const ExecutionStatusEnum = builder.enumType('ExecutionStatus', {
  description: 'How far an execution, or a task of one, has come.',
  values: {
    PENDING: { value: 'pending', description: 'It waits for its turn.' },
    RUNNING: { value: 'running', description: 'It is at work.' },
    PAUSED: { value: 'paused', description: 'It waits for somebody to let it go on.' },
    COMPLETED: { value: 'completed', description: 'It did what it should.' },
    FAILED: { value: 'failed', description: 'It gave up.' },
    CANCELED: { value: 'canceled', description: 'Somebody stopped it.' },
    TIMED_OUT: { value: 'timed_out', description: 'It took too long.' },
  } as const,
});

const TaskExecutionType = builder.prismaObject('TaskExecution', {
  description: 'What one task of an execution did.',
  tenant: 'scoped',
  access: 'workflow:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('TaskExecution', row.id) }),
    taskKey: t.exposeString('taskKey', { description: 'The name of the task in the definition.' }),
    status: t.expose('status', { type: ExecutionStatusEnum, description: 'How far it has come.' }),
    attempt: t.exposeInt('attempt', { description: 'How many times it was tried before: 0 at first.' }),
    input: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What it was given.',
      select: { input: true },
      resolve: (row) => storedJson(row.input),
    }),
    output: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What came of it.',
      select: { output: true },
      resolve: (row) => storedJson(row.output),
    }),
    error: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Why it failed.',
      select: { error: true },
      resolve: (row) => storedJson(row.error),
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was lined up.' }),
  }),
});

const TaskExecutionConnection = connectionType('TaskExecution', TaskExecutionType, 'workflow:read');

export const WorkflowExecutionType = builder.prismaObject('WorkflowExecution', {
  description: 'One run of a workflow, on the version it began with.',
  tenant: 'scoped',
  access: 'workflow:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('WorkflowExecution', row.id) }),
    workflow: t.relation('workflow', { description: 'What was run.' }),
    schedule: t.relation('schedule', { nullable: true, description: 'The schedule that began it, if one did.' }),
    version: t.exposeInt('version', { description: 'The version of the workflow that was run.' }),
    status: t.expose('status', { type: ExecutionStatusEnum, description: 'How far it has come.' }),
    input: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What it was given.',
      select: { input: true },
      resolve: (row) => storedJson(row.input),
    }),
    output: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What came of it.',
      select: { output: true },
      resolve: (row) => storedJson(row.output),
    }),
    error: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Why it failed.',
      select: { error: true },
      resolve: (row) => storedJson(row.error),
    }),
    triggeredBy: t.relation('triggeredBy', { type: MemberType, nullable: true, description: 'Who began it, when it was a person.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was lined up.' }),
    tasks: t.field({
      type: TaskExecutionConnection,
      args: pageArguments,
      description: 'What each task did, in the order they were lined up.',
      ...relationList({
        field: 'WorkflowExecution.tasks',
        relation: 'tasks',
        sort: { column: 'createdAt', direction: 'asc' },
        count: countChildren('taskExecution', 'workflowStateId'),
      }),
    }),
  }),
});

registerNode('WorkflowExecution', { access: 'workflow:read', delegate: ({ db }) => db.workflowExecution });
registerNode('TaskExecution', { access: 'workflow:read', delegate: ({ db }) => db.taskExecution });

export const WorkflowExecutionConnection = connectionType('WorkflowExecution', WorkflowExecutionType, 'workflow:read');
