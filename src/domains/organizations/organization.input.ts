import { z } from 'zod';
import { emailAddress, globalId, languageTag, line, optional, paragraph, timeZone, webAddress } from '../input-fields.ts';
import { isOrganizationSlug, isReservedSlug, ORGANIZATION_SLUG_FORM, SLUG_RESERVED } from './organization.rules.ts';

/**
 * Unicode's compatibility form, with single spaces and no invisible characters: a name that looks like another
 * organization's must be that name, and then it is taken.
 */
export const organizationName = line(3, 255)
  .transform((name) => name.normalize('NFKC').replaceAll(/\s+/g, ' ').trim())
  .refine((name) => !/\p{Cf}/u.test(name), 'must not contain invisible characters')
  .refine((name) => [...name].length >= 3 && [...name].length <= 255, 'must be 3 to 255 characters long');
export const organizationSlug = z
  .string()
  .trim()
  .refine(isOrganizationSlug, { error: ORGANIZATION_SLUG_FORM, abort: true })
  .refine((slug) => !isReservedSlug(slug), SLUG_RESERVED);

export const updateOrganizationInput = z.strictObject({
  name: optional(organizationName),
  /** Null empties it. */
  description: paragraph(2000).nullish(),
  slug: optional(organizationSlug),
  /** Null empties it, as the next. */
  website: webAddress.nullish(),
  contactEmail: emailAddress.nullish(),
  timezone: optional(timeZone),
  locale: optional(languageTag),
  /** Looked at by the service, because JSON has limits of its own. */
  settings: optional(z.unknown()),
  requireSecondFactor: optional(z.boolean()),
});

export const suspendOrganizationInput = z.strictObject({
  id: globalId,
  reason: paragraph(500).nullish(),
});

export const activateOrganizationInput = z.strictObject({ id: globalId });

export const deactivateOrganizationInput = z.strictObject({ reason: paragraph(500).nullish() });
export const reactivateOrganizationInput = z.strictObject({ id: globalId });
export const deleteOrganizationInput = z.strictObject({
  /** The organization of the request when absent. */
  id: optional(globalId),
  slug: z.string().max(200),
});

export type DeactivateOrganizationInput = z.input<typeof deactivateOrganizationInput>;
export type ReactivateOrganizationInput = z.input<typeof reactivateOrganizationInput>;
export type DeleteOrganizationInput = z.input<typeof deleteOrganizationInput>;
export type UpdateOrganizationInput = z.input<typeof updateOrganizationInput>;
export type SuspendOrganizationInput = z.input<typeof suspendOrganizationInput>;
export type ActivateOrganizationInput = z.input<typeof activateOrganizationInput>;
