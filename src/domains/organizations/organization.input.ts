import { z } from 'zod';
import { globalId, line, optional, paragraph } from '../input-fields.ts';
import { isSlug, SLUG_FORM } from './organization.rules.ts';

/**
 * Unicode's compatibility form, with single spaces and no invisible characters: a name that looks like another
 * organization's must be that name, and then it is taken.
 */
export const organizationName = line(3, 255)
  .transform((name) => name.normalize('NFKC').replaceAll(/\s+/g, ' ').trim())
  .refine((name) => !/\p{Cf}/u.test(name), 'must not contain invisible characters')
  .refine((name) => [...name].length >= 3 && [...name].length <= 255, 'must be 3 to 255 characters long');
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
