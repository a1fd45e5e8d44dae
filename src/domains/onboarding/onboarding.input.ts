import { z } from 'zod';
import { personName } from '../identity/index.ts';
import { emailAddress, globalId, idempotencyKey, optional } from '../input-fields.ts';
import { organizationName, organizationSlug } from '../organizations/index.ts';

export const createOrganizationInput = z.strictObject({
  name: organizationName,
  /** Made from the name when absent. */
  slug: optional(organizationSlug),
  plan: optional(z.enum(['free', 'pro', 'enterprise'])),
  adminEmail: emailAddress,
  adminName: optional(personName),
  idempotencyKey,
});

export const retryProvisioningInput = z.strictObject({ id: globalId });

export type RetryProvisioningInput = z.input<typeof retryProvisioningInput>;
export type CreateOrganizationInput = z.input<typeof createOrganizationInput>;
