import { InvalidTransitionError } from '../../kernel/errors.ts';

export type OrganizationStatus =
  'provisioning' | 'provisioning_failed' | 'active' | 'inactive' | 'suspended' | 'deleted';

/** The organization that the installation itself is. It can be neither suspended nor deleted. */
export const SYSTEM_ORGANIZATION_ID = '00000000-0000-0000-0000-000000000000';

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

const LONGEST_SLUG = 100;
const SLUG = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

export const SLUG_FORM = 'must be 1 to 100 lower-case letters, digits and hyphens, with no hyphen at either end';

/** Whether a text may be a slug. */
export function isSlug(text: string): boolean {
  return text.length <= LONGEST_SLUG && SLUG.test(text);
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
