import { exceeds, mayManageRole, ORGANIZATION_ROLES, type OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { endInvitations, endKeys } from '../endings/index.ts';
import { changesOf } from '../events/index.ts';
import type { EndedMembership } from './end-membership.ts';
import { memberEvents } from './events.ts';
import type { LockedMember } from './lock-members.ts';

/**
 * Gives a member that is locked another role, and takes back what the member could not give any more: the invitations, and
 * the keys of others whose secrets the member has seen and that may do more than the member now. Of the member's own keys
 * none may: they never do more than the role. Answers nothing when the role is the same.
 */
export async function changeRole(tx: TenantTransaction, orgId: string, member: LockedMember, role: OrganizationRole, now: Date): Promise<EndedMembership> {
  const { id, role: former } = member;
  const changes = changesOf({ role: former }, { role });
  if (changes === null) return { events: [], keyIds: [] };
  await tx.membership.updateMany({ where: { orgId, id }, data: { role } });
  const { keyIds, events: keysEnded } = await endExceeding(tx, orgId, member, role, now);
  const within = ORGANIZATION_ROLES.filter((each) => mayManageRole(role, each));
  const invitationsEnded = await endInvitations(tx, { orgId, invitedById: id, role: { notIn: within } }, { now, reason: 'issuer_demoted', memberId: id });
  const events = [
    { kind: memberEvents.roleChanged, about: { type: 'Member' as const, id }, data: changes },
    ...keysEnded,
    ...invitationsEnded,
  ];
  return { events, keyIds };
}

/** Whoever makes a key keeps its standing until that is done, and the member is locked: none comes in between. */
async function endExceeding(tx: TenantTransaction, orgId: string, { id, userId }: LockedMember, role: OrganizationRole, now: Date) {
  const keys = await tx.apiKey.findMany({
    where: { orgId, issuedById: id, userId: { not: userId }, status: 'active', OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    select: { id: true, scopes: true, owner: { select: { role: true } } },
  });
  const exceeding = keys.filter(({ scopes, owner }) => exceeds(role, scopes, owner.role)).map((key) => key.id);
  return endKeys(tx, { orgId, id: { in: exceeding } }, { now, reason: 'issuer_demoted', memberId: id });
}
