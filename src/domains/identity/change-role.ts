import { mayManageRole, ORGANIZATION_ROLES, type OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { type AuditEvent, changesOf } from '../events/index.ts';
import { revokeInvitations } from './end-membership.ts';
import { invitationEnded, memberEvents } from './events.ts';
import type { LockedMember } from './lock-members.ts';

/**
 * Gives a member that is locked another role, and takes back the invitations that it could not send any more. Answers
 * what is to be written down: nothing when the role is the same.
 */
export async function changeRole(tx: TenantTransaction, orgId: string, { id, role: former }: LockedMember, role: OrganizationRole, now: Date): Promise<AuditEvent[]> {
  const changes = changesOf({ role: former }, { role });
  if (changes === null) return [];
  await tx.membership.updateMany({ where: { orgId, id }, data: { role } });
  const within = ORGANIZATION_ROLES.filter((each) => mayManageRole(role, each));
  const invitationIds = await revokeInvitations(tx, { orgId, invitedById: id, role: { notIn: within } }, now);
  return [
    { kind: memberEvents.roleChanged, about: { type: 'Member', id }, data: changes },
    ...invitationIds.map(invitationEnded(id)),
  ];
}
