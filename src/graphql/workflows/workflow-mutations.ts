import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CHANGE_ERRORS, CREATE_ERRORS } from '../errors.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { WorkflowStatusEnum, WorkflowType } from './workflow.ts';

/** The success of a mutation that leaves a workflow behind. */
function workflowSuccess(name: string, description: string) {
  return builder.objectRef<{ workflowId: string }>(name).implement({
    description,
    tenant: 'scoped',
    access: 'workflow:write',
    fields: (t) => ({
      workflow: t.prismaField({
        type: WorkflowType,
        description: 'The workflow as it is now.',
        resolve: (query, { workflowId }, _args, { db }) =>
          orNotFound(db.workflow.findFirst(byId(query, workflowId)), 'Workflow'),
      }),
    }),
  });
}

const DEFINITION =
  'What it does: a Serverless Workflow 1.0 document as JSON (`document` and `do`), at most 64 kB, 200 tasks and 30 levels deep.';

const CreateWorkflowInput = builder.inputType('CreateWorkflowInput', {
  description: 'A new workflow.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is called: 1 to 255 characters.' }),
    slug: t.string({ description: 'Its short name, once in an organization: lower-case letters, digits and hyphens, at most 100. Made from the name when not given.' }),
    description: t.string({ description: 'What it is for, at most 2,000 characters.' }),
    definition: t.field({ type: 'JSON', required: true, description: DEFINITION }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours answers with the same workflow and makes no second one.' }),
  }),
});

builder.mutationField('createWorkflow', (t) =>
  t.field({
    type: workflowSuccess('CreateWorkflowSuccess', 'The workflow was made, as version 1.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:write',
    description: 'Makes a workflow.',
    errors: { types: CREATE_ERRORS },
    args: { input: t.arg({ type: CreateWorkflowInput, required: true, description: 'What to make.' }) },
    resolve: (_root, { input: { definition, ...input } }, context) =>
      context.services.workflows.create(serviceContext(context), { ...input, definition }),
  }),
);

const UpdateWorkflowInput = builder.inputType('UpdateWorkflowInput', {
  description: 'What to change of a workflow. What is not given stays.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The workflow.' }),
    name: t.string({ description: 'What it is called: 1 to 255 characters.' }),
    description: t.string({ description: 'What it is for, at most 2,000 characters; null takes it away.' }),
    status: t.field({ type: WorkflowStatusEnum, description: 'Whether it may be run.' }),
    definition: t.field({ type: 'JSON', description: `${DEFINITION} Another definition becomes a new version; executions keep theirs.` }),
    expectedVersion: t.int({ description: 'The version you read. CONFLICT when somebody else has made a later one since.' }),
  }),
});

builder.mutationField('updateWorkflow', (t) =>
  t.field({
    type: workflowSuccess('UpdateWorkflowSuccess', 'The workflow was changed.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:write',
    description: 'Changes a workflow. Another definition becomes a new, immutable version.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: UpdateWorkflowInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, context) => context.services.workflows.update(serviceContext(context), input),
  }),
);

const DeleteWorkflowInput = builder.inputType('DeleteWorkflowInput', {
  description: 'Which workflow to delete.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The workflow.' }) }),
});

const DeleteWorkflowSuccess = builder.objectRef<{ workflowId: string }>('DeleteWorkflowSuccess').implement({
  description: 'The workflow is gone, with its versions, tasks, schedules and finished executions.',
  tenant: 'scoped',
  access: 'workflow:delete',
  fields: (t) => ({
    workflowId: t.id({ description: 'Which one is gone.', resolve: ({ workflowId }) => toGlobalId('Workflow', workflowId) }),
  }),
});

builder.mutationField('deleteWorkflow', (t) =>
  t.field({
    type: DeleteWorkflowSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:delete',
    description: 'Deletes a workflow for good. CONFLICT while executions of it are under way.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: DeleteWorkflowInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.workflows.remove(serviceContext(context), input),
  }),
);
