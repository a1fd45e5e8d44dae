import { z } from 'zod';
import { globalId, line, optional, paragraph } from '../input-fields.ts';
import { isSlug, SLUG_FORM } from './organization.rules.ts';

export const organizationName = line(3, 255);
export const organizationSlug = z.string().trim().refine(isSlug, SLUG_FORM);

export const updateOrganizationInput = z.strictObject({
  name: optional(organizationName),
  /** Null empties it. */
  description: paragraph(2000).nullish(),
  slug: optional(organizationSlug),
});

export const suspendOrganizationInput = z.strictObject({
  id: globalId,
  reason: paragraph(500).nullish(),
});

export const activateOrganizationInput = z.strictObject({ id: globalId });

export type UpdateOrganizationInput = z.input<typeof updateOrganizationInput>;
export type SuspendOrganizationInput = z.input<typeof suspendOrganizationInput>;
export type ActivateOrganizationInput = z.input<typeof activateOrganizationInput>;
