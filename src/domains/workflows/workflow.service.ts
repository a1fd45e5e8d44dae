import { randomUUID } from 'node:crypto';
import { ConflictError } from '../../kernel/errors.ts';
import { canonicalJson } from '../../platform/crypto/canonical-json.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { changesOf, record, recordOnce } from '../events/index.ts';
import { given } from '../given.ts';
import { slugFromName, slugWithTail } from '../organizations/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type Definition, parseDefinition, tasksOf } from './definition.ts';
import { workflowEvents } from './events.ts';
import { taskChanges } from './task-changes.rules.ts';
import {
  type CreateWorkflowInput,
  createWorkflowInput,
  type DeleteWorkflowInput,
  deleteWorkflowInput,
  type UpdateWorkflowInput,
  updateWorkflowInput,
} from './workflow.input.ts';

export interface WorkflowService {
  create(cx: ServiceContext, input: CreateWorkflowInput): Promise<{ workflowId: string; replayed: boolean }>;
  /** Another definition becomes a new version; the earlier ones stay as they are. */
  update(cx: ServiceContext, input: UpdateWorkflowInput): Promise<{ workflowId: string }>;
  /** Deletes a workflow with all that belongs to it. @throws ConflictError while it is being executed. */
  remove(cx: ServiceContext, input: DeleteWorkflowInput): Promise<{ workflowId: string }>;
}

const SLUG_TAKEN = 'A workflow with this slug exists already.';

export function createWorkflowService(): WorkflowService {
  return { create, update, remove };
}

async function create(
  cx: ServiceContext,
  input: CreateWorkflowInput,
): Promise<{ workflowId: string; replayed: boolean }> {
  requirePermission(cx, 'workflow:write');
  const { orgId, membershipId } = requireTenant(cx);
  const { idempotencyKey, ...fields } = parseInput(createWorkflowInput, input);
  const definition = parseDefinition(fields.definition);
  const { name, slug, description = null } = fields;
  const now = cx.clock.now();
  const request = {
    orgId,
    userId: cx.principal.userId,
    operation: 'createWorkflow',
    key: idempotencyKey,
    input: fields,
    now,
  };
  const author = { orgId, createdById: membershipId };
  const { result, replayed } = await refuseDuplicate(SLUG_TAKEN, () =>
    cx.db.$transaction((tx) =>
      recordOnce(tx, cx, request, async () => {
        const data = { ...author, name, description, slug: slug ?? (await freeSlug(tx, orgId, name)) };
        const { id: workflowId } = await tx.workflow.create({ data, select: { id: true } });
        await tx.workflowVersion.createMany({ data: [{ ...author, workflowId, version: 1, definition }] });
        await replaceTasks(tx, orgId, workflowId, definition);
        const after = { name, slug: data.slug, description, currentVersion: 1 };
        const about = { type: 'Workflow' as const, id: workflowId };
        return { result: { workflowId }, events: [{ kind: workflowEvents.created, about, data: { after } }] };
      }),
    ),
  );
  return { ...result, replayed };
}

/** A slug made of the name, told apart from one that is taken. */
async function freeSlug(tx: TenantTransaction, orgId: string, name: string): Promise<string> {
  const slug = slugFromName(name, 'workflow');
  const taken = await tx.workflow.findFirst({ where: { orgId, slug }, select: { id: true } });
  return taken === null ? slug : slugWithTail(slug, randomUUID());
}

async function update(cx: ServiceContext, input: UpdateWorkflowInput): Promise<{ workflowId: string }> {
  requirePermission(cx, 'workflow:write');
  const { orgId, membershipId } = requireTenant(cx);
  const { id, definition: document, expectedVersion, ...changes } = parseInput(updateWorkflowInput, input);
  const workflowId = requireUuid('Workflow', id);
  const definition = document === undefined || document === null ? null : parseDefinition(document);
  await cx.db.$transaction(async (tx) => {
    const workflow = await lockWorkflow(tx, orgId, workflowId);
    const version = workflow.currentVersion;
    if (expectedVersion !== undefined && expectedVersion !== version) {
      throw new ConflictError(
        `Somebody has changed the workflow: it is at version ${version}, not ${expectedVersion}.`,
      );
    }
    const next =
      definition !== null && (await isChanged(tx, { orgId, workflowId, version }, definition)) ? version + 1 : null;
    if (definition !== null && next !== null) {
      await tx.workflowVersion.createMany({
        data: [{ orgId, workflowId, version: next, definition, createdById: membershipId }],
      });
      await replaceTasks(tx, orgId, workflowId, definition);
    }
    const data = { ...given(changes), ...(next === null ? {} : { currentVersion: next }) };
    const changed = changesOf(workflow, data);
    if (changed === null) return;
    await tx.workflow.updateMany({ where: { orgId, id: workflowId }, data });
    await record(tx, cx, { kind: workflowEvents.updated, about: { type: 'Workflow', id: workflowId }, data: changed });
  });
  return { workflowId };
}

/** A workflow, unchanged until the transaction ends. Executions can still be started. */
async function lockWorkflow(tx: TenantTransaction, orgId: string, id: string) {
  await tx.$queryRaw`
    SELECT id FROM workflow.workflows WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const select = { name: true, description: true, status: true, currentVersion: true };
  const workflow = await tx.workflow.findFirst({ where: { orgId, id }, select });
  if (workflow === null) throw notFound('Workflow');
  return workflow;
}

async function isChanged(
  tx: TenantTransaction,
  where: { orgId: string; workflowId: string; version: number },
  definition: Definition,
): Promise<boolean> {
  const current = await tx.workflowVersion.findFirst({ where, select: { definition: true } });
  return canonicalJson(current?.definition) !== canonicalJson(definition);
}

/** Makes the stored tasks those of the definition. A task that keeps its name keeps its row. */
async function replaceTasks(
  tx: TenantTransaction,
  orgId: string,
  workflowId: string,
  definition: Definition,
): Promise<void> {
  const stored = await tx.task.findMany({
    where: { orgId, workflowId },
    select: { id: true, key: true, type: true, config: true, position: true },
  });
  const { added, changed, removedIds } = taskChanges(stored, tasksOf(definition));
  if (removedIds.length > 0) {
    await tx.task.deleteMany({ where: { orgId, workflowId, id: { in: [...removedIds] } } });
  }
  if (added.length > 0) {
    await tx.task.createMany({ data: added.map((task) => ({ ...task, config: task.config, orgId, workflowId })) });
  }
  for (const { id, task } of changed) {
    const { type, position } = task;
    await tx.task.updateMany({ where: { orgId, id }, data: { type, position, config: task.config } });
  }
}

async function remove(cx: ServiceContext, input: DeleteWorkflowInput): Promise<{ workflowId: string }> {
  requirePermission(cx, 'workflow:delete');
  const { orgId } = requireTenant(cx);
  const { id } = parseInput(deleteWorkflowInput, input);
  const workflowId = requireUuid('Workflow', id);
  await cx.db.$transaction(async (tx) => {
    // A stronger lock than a change takes: nobody can start an execution between the question and the deletion.
    await tx.$queryRaw`
      SELECT id FROM workflow.workflows WHERE org_id = ${orgId}::uuid AND id = ${workflowId}::uuid FOR UPDATE`;
    const live = await tx.workflowExecution.findFirst({
      where: { orgId, workflowId, status: { in: ['pending', 'running', 'paused'] } },
      select: { id: true },
    });
    if (live !== null)
      throw new ConflictError('The workflow is being executed: cancel its executions, or wait for them.');
    const select = { name: true, slug: true, currentVersion: true };
    const before = await tx.workflow.findFirst({ where: { orgId, id: workflowId }, select });
    if (before === null) throw notFound('Workflow');
    await tx.workflow.deleteMany({ where: { orgId, id: workflowId } });
    await record(tx, cx, { kind: workflowEvents.deleted, about: { type: 'Workflow', id: workflowId }, data: { before } });
  });
  return { workflowId };
}
