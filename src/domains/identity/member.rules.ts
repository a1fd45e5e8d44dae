import { ConflictError, ForbiddenError, InvalidTransitionError } from '../../kernel/errors.ts';
import { mayManageRole, type OrganizationRole, type Permission, ROLE_PERMISSIONS } from '../../kernel/permissions.ts';

/** Who acts, as far as the rules about members care. */
export interface Actor {
  /** Null: a super administrator, above every role. */
  readonly role: OrganizationRole | null;
  readonly permissions: ReadonlySet<Permission>;
}

const ONE_OWNER = 'An organization has exactly one owner: transfer the ownership instead.';

/**
 * Whether the actor may make somebody a `role`. The role must be below the actor's, and all that it allows must be
 * allowed to the actor: an API key with a few scopes cannot make itself a stronger friend.
 *
 * @throws ForbiddenError, or ConflictError for the role of owner, which is only ever transferred.
 */
export function checkHandOut(actor: Actor, role: OrganizationRole): void {
  if (role === 'owner' && (actor.role === 'owner' || actor.role === null)) throw new ConflictError(ONE_OWNER);
  if (!mayManageRole(actor.role, role)) throw new ForbiddenError('You can only give roles below your own.');
  if (!ROLE_PERMISSIONS[role].every((permission) => actor.permissions.has(permission))) {
    throw new ForbiddenError('You cannot give a role that may do more than you may.');
  }
}

const LETS_IN: readonly Permission[] = ['member:write', 'apiKey:write'];

/**
 * Whether somebody of this role can let others in. Whoever has copied a session could stay by it for good, so a person who
 * hands such a role out proves to be there.
 */
export function letsOthersIn(role: OrganizationRole): boolean {
  return LETS_IN.some((permission) => ROLE_PERMISSIONS[role].includes(permission));
}

/** Whether a change of role gives or takes that: to take it is as good as to suspend, for whoever wants to be left alone. */
export const changesWhoLetsIn = (from: OrganizationRole, to: OrganizationRole): boolean => letsOthersIn(from) || letsOthersIn(to);

/** @throws ForbiddenError when the actor may not touch members of this role. */
export function checkActOn(actor: Actor, role: OrganizationRole): void {
  if (!mayManageRole(actor.role, role))
    throw new ForbiddenError('You can only manage members with a role below your own.');
}

/** What nobody does, however strong. */
export const ownRole = (): ForbiddenError => new ForbiddenError('You cannot change your own role.');

/** What a change of role means. @throws ForbiddenError, ConflictError */
export function checkRoleChange(actor: Actor, from: OrganizationRole, to: OrganizationRole): void {
  checkActOn(actor, from);
  checkHandOut(actor, to);
  if (from === 'owner') throw new ConflictError(ONE_OWNER);
}

/** Whether a member of this role may be shut out for now, and let in again. @throws ConflictError for the owner. */
export function checkSuspension(role: OrganizationRole): void {
  if (role === 'owner') throw new ConflictError('The owner cannot be suspended: transfer the ownership first.');
}

/** Whether a member may go from one status to another; to stay where it is changes nothing. @throws InvalidTransitionError */
export function moveMember(from: string, to: 'active' | 'suspended'): void {
  if (from !== 'active' && from !== 'suspended') throw new InvalidTransitionError('Member', from, to);
}

/** Whether a member of this role may go, of its own will or not. @throws ConflictError for the owner. */
export function checkDeparture(role: OrganizationRole): void {
  if (role === 'owner') throw new ConflictError('The owner cannot leave: transfer the ownership first.');
}
