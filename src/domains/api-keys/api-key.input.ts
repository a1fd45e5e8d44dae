import { z } from 'zod';
import { globalId, idempotencyKey, line, optional, paragraph } from '../input-fields.ts';
import { isOrigin, MOST_PLACES, networkIn } from './places.ts';

export const LONGEST_OVERLAP_SECONDS = 7 * 24 * 60 * 60;
/** As far as a number of PostgreSQL and of GraphQL goes. */
const HIGHEST_MONTHLY_LIMIT = 2_147_483_647;

const network = z
  .string()
  .transform((text, context) => {
    const found = networkIn(text.trim());
    if (found !== null) return found;
    context.issues.push({
      code: 'custom',
      message: 'must be a network such as 192.0.2.0/24 or 2001:db8::/32, without bits beyond the prefix, or an address',
      input: text,
    });
    return z.NEVER;
  });

const origin = z
  .string()
  .refine(isOrigin, 'must be an origin such as https://app.example.com, as browsers send it: without a path or a final slash');

const once = (texts: string[]): string[] => [...new Set(texts)];

/** What a key may be given, and changed in, besides its owner, its kind and its secret. */
const rules = {
  description: paragraph(2000).nullish(),
  /** Null: never. */
  expiresAt: z.date().nullish(),
  /** Null: as much as the hourly limit allows. */
  monthlyLimit: z.int().min(1).max(HIGHEST_MONTHLY_LIMIT).nullish(),
};

const rateLimitPerHour = z.int().min(1).max(10_000);
/** None: from anywhere. */
const allowedNetworks = z.array(network).max(MOST_PLACES).transform(once);
/** None: for every page, and for what is no page. */
const allowedOrigins = z.array(origin).max(MOST_PLACES).transform(once);

const name = line(1, 255);
const scopes = z.array(z.string().max(100)).min(1).max(50);

export const createApiKeyInput = z.strictObject({
  name,
  scopes,
  ...rules,
  rateLimitPerHour: optional(rateLimitPerHour),
  allowedNetworks: optional(allowedNetworks),
  allowedOrigins: optional(allowedOrigins),
  requireSecondFactor: optional(z.boolean()),
  /** Whose key it is; the caller's own when absent. */
  memberId: globalId.nullish(),
  type: optional(z.enum(['personal', 'service', 'integration'])),
  idempotencyKey,
});

export const updateApiKeyInput = z.strictObject({
  id: globalId,
  name: optional(name),
  scopes: optional(scopes),
  ...rules,
  // Null takes each of these away too: what is left is what a key has when nothing is said.
  rateLimitPerHour: rateLimitPerHour.nullish(),
  allowedNetworks: allowedNetworks.nullish(),
  allowedOrigins: allowedOrigins.nullish(),
  requireSecondFactor: z.boolean().nullish(),
});

export const rotateApiKeyInput = z.strictObject({
  id: globalId,
  /** How long the old secret still works beside the new one; 0 or absent: not at all. */
  overlapSeconds: optional(z.int().min(0).max(LONGEST_OVERLAP_SECONDS)),
  idempotencyKey,
});

export const revokeApiKeyInput = z.strictObject({ id: globalId });

export type CreateApiKeyInput = z.input<typeof createApiKeyInput>;
export type UpdateApiKeyInput = z.input<typeof updateApiKeyInput>;
export type RotateApiKeyInput = z.input<typeof rotateApiKeyInput>;
export type RevokeApiKeyInput = z.input<typeof revokeApiKeyInput>;
