import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { endInvitations, endKeys } from '../endings/index.ts';
import type { AuditEvent } from '../events/index.ts';
import { memberGone } from './events.ts';
import type { LockedMember } from './lock-members.ts';

interface Departure {
  readonly byOwnWill: boolean;
  readonly now: Date;
}

/** What a change of a member took with it, and what is to be written down of that. */
export interface EndedMembership {
  readonly events: readonly AuditEvent[];
  readonly keyIds: readonly string[];
}

/**
 * Ends the membership of somebody who is locked, and all that hangs on it: the member's own keys, those the member made for
 * others (whoever made a key has seen its secret), and the invitations in the member's name.
 */
export async function endMembership(tx: TenantTransaction, orgId: string, member: LockedMember, { byOwnWill, now }: Departure): Promise<EndedMembership> {
  await tx.membership.updateMany({ where: { orgId, id: member.id }, data: { status: 'left', leftAt: now } });
  const { keyIds, events: keysEnded } = await endKeysOf(tx, orgId, member, now);
  const invitationsEnded = await endInvitations(tx, { orgId, invitedById: member.id }, { now, reason: 'member_left', memberId: member.id });
  const events = [
    memberGone(member.id, member, byOwnWill),
    ...keysEnded,
    ...invitationsEnded,
  ];
  return { events, keyIds };
}

/** Revokes the keys that act for a member, or whose secrets the member has seen. */
export function endKeysOf(tx: TenantTransaction, orgId: string, { id: memberId, userId }: { readonly id: string; readonly userId: string }, now: Date) {
  return endKeys(tx, { orgId, OR: [{ userId }, { issuedById: memberId }] }, { now, reason: 'member_left', memberId });
}
