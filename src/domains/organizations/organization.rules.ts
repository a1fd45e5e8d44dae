import { ConflictError, InvalidTransitionError } from '../../kernel/errors.ts';

export type OrganizationStatus =
  'provisioning' | 'provisioning_failed' | 'active' | 'inactive' | 'suspended' | 'deleted';

/** The organization that the installation itself is. It can be neither suspended nor deleted. */
export const SYSTEM_ORGANIZATION_ID = '00000000-0000-0000-0000-000000000000';

/** @throws ConflictError for the organization that nobody can close. */
export function refuseSystem(orgId: string): void {
  if (orgId === SYSTEM_ORGANIZATION_ID) throw new ConflictError('The system organization is always there.');
}

const MOVES: Readonly<Record<OrganizationStatus, readonly OrganizationStatus[]>> = {
  provisioning: ['active', 'provisioning_failed', 'deleted'],
  provisioning_failed: ['provisioning', 'deleted'],
  active: ['suspended', 'inactive', 'deleted'],
  inactive: ['active', 'deleted'],
  suspended: ['active', 'deleted'],
  deleted: [],
};

/** The new status, if the move is legal. Throws INVALID_TRANSITION otherwise. */
export function moveOrganization(from: OrganizationStatus, to: OrganizationStatus): OrganizationStatus {
  if (!MOVES[from].includes(to)) throw new InvalidTransitionError('Organization', from, to);
  return to;
}

/** The status after an operator lets an organization in again: only one that was let in before. */
export function reactivateOrganization(from: OrganizationStatus): OrganizationStatus {
  // Out of provisioning leads only the provisioning itself, which knows whether the engine is ready.
  if (from === 'provisioning') throw new InvalidTransitionError('Organization', from, 'active');
  return moveOrganization(from, 'active');
}

/** The status after its owner lets a resting organization in again: what the platform has closed is not its to open. */
export function wakeOrganization(from: OrganizationStatus): OrganizationStatus {
  if (from !== 'inactive') throw new InvalidTransitionError('Organization', from, 'active');
  return moveOrganization(from, 'active');
}

/**
 * The status after its owner deletes an organization, also while it rests or could not be set up: what the platform has
 * closed, or is just setting up, only an operator ends.
 */
export function endOrganization(from: OrganizationStatus): OrganizationStatus {
  if (from === 'suspended' || from === 'provisioning') throw new InvalidTransitionError('Organization', from, 'deleted');
  return moveOrganization(from, 'deleted');
}

const LONGEST_SLUG = 100;
const SHORTEST_ORGANIZATION_SLUG = 3;
const SLUG = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

export const SLUG_FORM = 'must be 1 to 100 lower-case letters, digits and hyphens, with no hyphen at either end';

/** Whether a text may be a slug. */
export function isSlug(text: string): boolean {
  return text.length <= LONGEST_SLUG && SLUG.test(text);
}

/** Slugs that an address may mean something else by, or that pretend to speak for the platform. */
const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  'about account accounts admin administrator api app assets auth billing blog console dashboard docs events graphiql graphql health help home invitations invite login logout mail metrics new null oauth official operator organization organizations platform register root security settings signin signup sign-in sign-up static status subscriptions support system tenantry undefined users verify-email webhooks www'.split(' '),
);

export const ORGANIZATION_SLUG_FORM = 'must be 3 to 100 lower-case letters, digits and hyphens, with no hyphen at either end';
export const SLUG_RESERVED = 'is reserved: choose another';

/** Whether a text may be the slug of an organization, as far as its form goes. */
export function isOrganizationSlug(text: string): boolean {
  return text.length >= SHORTEST_ORGANIZATION_SLUG && isSlug(text);
}

/** Whether nobody may have it as the slug of an organization. */
export function isReservedSlug(text: string): boolean {
  return RESERVED_SLUGS.has(text);
}

/** A slug for an organization, made of its name; with a tail of its id where the name alone gives none that may be taken. */
export function organizationSlugFromName(name: string, uuid: string): string {
  const slug = slugFromName(name, 'organization');
  return isOrganizationSlug(slug) && !isReservedSlug(slug) ? slug : slugWithTail(slug, uuid);
}

/**
 * A slug made of a name: "Café Müller & Co" becomes "cafe-muller-co".
 *
 * @param fallback is taken when nothing of the name can be kept.
 */
export function slugFromName(name: string, fallback: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? fallback : slug;
}

/** Eight characters of the random part of a UUID: enough to tell two things of the same name apart. */
export function tailOf(uuid: string): string {
  return uuid.slice(-8);
}

/** A slug that is most likely free, for when `slug` is taken. */
export function slugWithTail(slug: string, uuid: string): string {
  return `${slug}-${tailOf(uuid)}`;
}

/** The namespace of an organization on the workflow engine. It is stored and never worked out again. */
export function engineNamespace(slug: string, uuid: string): string {
  const start = slug.slice(0, 24).replace(/-+$/, '');
  return `org-${start}-${tailOf(uuid)}`;
}
