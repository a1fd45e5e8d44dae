import { z } from 'zod';
import { globalId, idempotencyKey, line, optional } from '../input-fields.ts';

const scheduleName = line(1, 255);
const cron = z.string().max(200, 'must be at most 100 characters long');
const timezone = z.string().max(64, 'must be at most 64 characters long');

export const createScheduleInput = z.strictObject({
  workflowId: globalId,
  name: scheduleName,
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron,
  /** An IANA name; UTC when absent. */
  timezone: optional(timezone),
  /** A JSON object; {} when absent. */
  input: z.unknown().optional(),
  enabled: optional(z.boolean()),
  idempotencyKey,
});

export const updateScheduleInput = z.strictObject({
  id: globalId,
  name: optional(scheduleName),
  cron: optional(cron),
  timezone: optional(timezone),
  input: z.unknown().optional(),
  enabled: optional(z.boolean()),
});

export const deleteScheduleInput = z.strictObject({ id: globalId });

export type CreateScheduleInput = z.input<typeof createScheduleInput>;
export type UpdateScheduleInput = z.input<typeof updateScheduleInput>;
export type DeleteScheduleInput = z.input<typeof deleteScheduleInput>;
