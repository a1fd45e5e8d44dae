import { z } from 'zod';
import { globalId, idempotencyKey, line, optional, paragraph } from '../input-fields.ts';

export const LONGEST_OVERLAP_SECONDS = 7 * 24 * 60 * 60;

export const createApiKeyInput = z.strictObject({
  name: line(1, 255),
  description: paragraph(2000).nullish(),
  scopes: z.array(z.string().max(100)).min(1).max(50),
  /** Null or absent: never. */
  expiresAt: z.date().nullish(),
  /** Whose key it is; the caller's own when absent. */
  memberId: globalId.nullish(),
  type: optional(z.enum(['personal', 'service', 'integration'])),
  rateLimitPerHour: optional(z.int().min(1).max(10_000)),
  idempotencyKey,
});

export const rotateApiKeyInput = z.strictObject({
  id: globalId,
  /** How long the old secret still works beside the new one; 0 or absent: not at all. */
  overlapSeconds: optional(z.int().min(0).max(LONGEST_OVERLAP_SECONDS)),
  idempotencyKey,
});

export const revokeApiKeyInput = z.strictObject({ id: globalId });

export type CreateApiKeyInput = z.input<typeof createApiKeyInput>;
export type RotateApiKeyInput = z.input<typeof rotateApiKeyInput>;
export type RevokeApiKeyInput = z.input<typeof revokeApiKeyInput>;
