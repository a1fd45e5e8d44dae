import { ConflictError } from '../../kernel/errors.ts';
import { mayManageRole, ORGANIZATION_ROLES, type OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { notFound } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import type { Actor } from './member.rules.ts';

/** A member, unchanged until the transaction ends. */
export interface LockedMember {
  readonly id: string;
  readonly userId: string;
  readonly role: OrganizationRole;
  readonly status: 'invited' | 'active' | 'suspended' | 'left';
}

export function actorOf(cx: ServiceContext): Actor {
  return { role: requireTenant(cx).role, permissions: cx.principal.permissions };
}

/**
 * Locks those members that the actor may manage, in the order of their ids, and answers all that are asked for, also those
 * that are only there to be refused. Nobody waits for whom they may not touch: since everybody keeps their own standing
 * while they wait, and waits for lower roles only, no two can wait for each other.
 *
 * @param actor 'oneself' for a change of one's own membership, which nobody else's is waited for with.
 */
export async function lockMembers(tx: TenantTransaction, orgId: string, ids: readonly string[], actor: Actor | 'oneself'): Promise<LockedMember[]> {
  const roles = ORGANIZATION_ROLES.filter((role) => actor === 'oneself' || mayManageRole(actor.role, role));
  const locked = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM iam.memberships
    WHERE org_id = ${orgId}::uuid AND id = ANY(${[...ids]}::uuid[]) AND role = ANY(${roles}::iam.organization_role[])
    ORDER BY id FOR NO KEY UPDATE`;
  const where = { orgId, id: { in: [...ids] }, status: { not: 'left' as const } };
  const members = await tx.membership.findMany({ where, select: { id: true, userId: true, role: true, status: true } });
  const isLocked = new Set(locked.map(({ id }) => id));
  // Whoever became manageable only now was not waited for, and may change again.
  const isFixed = ({ id, role }: LockedMember): boolean => isLocked.has(id) || !roles.includes(role);
  if (!members.every(isFixed)) throw new ConflictError('The members were changed at this moment: try again.');
  return members;
}

/** The same for one. Throws NOT_FOUND also for one who has left. */
export async function lockMember(tx: TenantTransaction, orgId: string, id: string, actor: Actor | 'oneself'): Promise<LockedMember> {
  const [member] = await lockMembers(tx, orgId, [id], actor);
  if (member === undefined) throw notFound('Member');
  return member;
}
