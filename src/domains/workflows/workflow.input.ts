import { z } from 'zod';
import { globalId, idempotencyKey, line, optional, paragraph } from '../input-fields.ts';
import { isSlug, SLUG_FORM } from '../organizations/index.ts';

const workflowName = line(1, 255);

export const createWorkflowInput = z.strictObject({
  name: workflowName,
  /** Made from the name when absent. */
  slug: optional(z.string().trim().refine(isSlug, SLUG_FORM)),
  description: paragraph(2000).nullish(),
  /** Its own rules are in definition.ts. */
  definition: z.unknown(),
  idempotencyKey,
});

export const updateWorkflowInput = z.strictObject({
  id: globalId,
  name: optional(workflowName),
  /** Null empties it. */
  description: paragraph(2000).nullish(),
  status: optional(z.enum(['active', 'inactive'])),
  /** Null or absent: unchanged. */
  definition: z.unknown().optional(),
  /** When given, the change is refused unless this is still the current version. */
  expectedVersion: optional(z.int().min(1)),
});

export const deleteWorkflowInput = z.strictObject({ id: globalId });

export type CreateWorkflowInput = z.input<typeof createWorkflowInput>;
export type UpdateWorkflowInput = z.input<typeof updateWorkflowInput>;
export type DeleteWorkflowInput = z.input<typeof deleteWorkflowInput>;
