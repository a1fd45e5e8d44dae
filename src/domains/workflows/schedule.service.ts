import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { fieldsOf, record, recordOnce } from '../events/index.ts';
import { given } from '../given.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { requireJsonObject } from '../json-limits.ts';
import { scheduleEvents, scheduleUpdated } from './events.ts';
import {
  type CreateScheduleInput,
  createScheduleInput,
  type DeleteScheduleInput,
  deleteScheduleInput,
  type UpdateScheduleInput,
  updateScheduleInput,
} from './schedule.input.ts';
import { checkScheduleCount, nextRun, parseCron, parseTimezone } from './schedule.rules.ts';

export interface ScheduleService {
  create(cx: ServiceContext, input: CreateScheduleInput): Promise<{ scheduleId: string; replayed: boolean }>;
  update(cx: ServiceContext, input: UpdateScheduleInput): Promise<{ scheduleId: string }>;
  remove(cx: ServiceContext, input: DeleteScheduleInput): Promise<{ scheduleId: string }>;
}

export function createScheduleService(): ScheduleService {
  return { create, update, remove };
}

async function create(
  cx: ServiceContext,
  input: CreateScheduleInput,
): Promise<{ scheduleId: string; replayed: boolean }> {
  requirePermission(cx, 'workflow:write');
  const { orgId, membershipId } = requireTenant(cx);
  const { idempotencyKey, ...fields } = parseInput(createScheduleInput, input);
  const workflowId = requireUuid('Workflow', fields.workflowId);
  const timing = { cron: parseCron(fields.cron), timezone: parseTimezone(fields.timezone ?? 'UTC') };
  const argument = requireJsonObject(fields.input ?? {}, 'input');
  const { name, enabled = true } = fields;
  const now = cx.clock.now();
  // Worked out also for a schedule that is switched off, so that a date that never comes is noticed now.
  const next = nextRun(timing.cron, timing.timezone, now);
  const request = {
    orgId,
    userId: cx.principal.userId,
    operation: 'createSchedule',
    key: idempotencyKey,
    input: fields,
    now,
  };
  const { result, replayed } = await cx.db.$transaction((tx) =>
    recordOnce(tx, cx, request, async () => {
      await lockWorkflow(tx, orgId, workflowId);
      checkScheduleCount(await tx.schedule.count({ where: { orgId, workflowId } }));
      const { id: scheduleId } = await tx.schedule.create({
        data: {
          orgId,
          workflowId,
          name,
          ...timing,
          enabled,
          input: argument,
          nextRunAt: enabled ? next : null,
          createdById: membershipId,
        },
        select: { id: true },
      });
      const entities = { about: { type: 'Schedule', id: scheduleId }, concerning: [{ type: 'Workflow', id: workflowId }] } as const;
      const event = { kind: scheduleEvents.created, ...entities, data: { after: { name, ...timing, enabled } } };
      return { result: { scheduleId }, events: [event] };
    }),
  );
  return { ...result, replayed };
}

/** Holds the workflow, so that its schedules are counted one at a time. */
async function lockWorkflow(tx: TenantTransaction, orgId: string, id: string): Promise<void> {
  await tx.$queryRaw`
    SELECT id FROM workflow.workflows WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const workflow = await tx.workflow.findFirst({ where: { orgId, id }, select: { id: true } });
  if (workflow === null) throw notFound('Workflow');
}

async function update(cx: ServiceContext, input: UpdateScheduleInput): Promise<{ scheduleId: string }> {
  requirePermission(cx, 'workflow:write');
  const { orgId } = requireTenant(cx);
  const fields = parseInput(updateScheduleInput, input);
  const id = requireUuid('Schedule', fields.id);
  const changes = given({
    name: fields.name,
    enabled: fields.enabled,
    cron: fields.cron === undefined ? undefined : parseCron(fields.cron),
    timezone: fields.timezone === undefined ? undefined : parseTimezone(fields.timezone),
  });
  const argument = fields.input ?? null;
  const inputChange = argument === null ? {} : { input: requireJsonObject(argument, 'input') };
  await cx.db.$transaction(async (tx) => {
    const schedule = await lockSchedule(tx, orgId, id);
    const after = { ...schedule, ...changes };
    const next = nextRun(after.cron, after.timezone, cx.clock.now());
    const retimed = changes.cron !== undefined || changes.timezone !== undefined || after.enabled !== schedule.enabled;
    const timing = retimed ? { nextRunAt: after.enabled ? next : null } : {};
    await tx.schedule.updateMany({ where: { orgId, id }, data: { ...changes, ...inputChange, ...timing } });
    await record(tx, cx, ...scheduleUpdated(id, schedule, given({ ...changes, ...timing }), argument !== null));
  });
  return { scheduleId: id };
}

/** A schedule but for its input, unchanged until the transaction ends. */
async function lockSchedule(tx: TenantTransaction, orgId: string, id: string) {
  await tx.$queryRaw`
    SELECT id FROM workflow.schedules WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const where = { orgId, id };
  const select = { workflowId: true, name: true, cron: true, timezone: true, enabled: true, nextRunAt: true };
  const schedule = await tx.schedule.findFirst({ where, select });
  if (schedule === null) throw notFound('Schedule');
  return schedule;
}

async function remove(cx: ServiceContext, input: DeleteScheduleInput): Promise<{ scheduleId: string }> {
  requirePermission(cx, 'workflow:write');
  const { orgId } = requireTenant(cx);
  const { id } = parseInput(deleteScheduleInput, input);
  const scheduleId = requireUuid('Schedule', id);
  await cx.db.$transaction(async (tx) => {
    const { workflowId, ...before } = await lockSchedule(tx, orgId, scheduleId);
    await tx.schedule.deleteMany({ where: { orgId, id: scheduleId } });
    const entities = { about: { type: 'Schedule', id: scheduleId }, concerning: [{ type: 'Workflow', id: workflowId }] } as const;
    await record(tx, cx, { kind: scheduleEvents.deleted, ...entities, data: { before: fieldsOf(before) } });
  });
  return { scheduleId };
}
