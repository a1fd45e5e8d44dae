import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { AuditEvent } from '../events/index.ts';
import { invitationEnded, keyEnded, memberGone } from './events.ts';
import type { LockedMember } from './lock-members.ts';

/** Why a key ends that nobody took back by itself. */
export type KeyEnd = 'member_left' | 'issuer_demoted';

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
  const keys = { orgId, status: 'active' as const, OR: [{ userId: member.userId }, { issuedById: member.id }] };
  const keyIds = await revokeKeys(tx, keys, now, 'member_left');
  const invitationIds = await revokeInvitations(tx, { orgId, invitedById: member.id }, now);
  const events = [
    memberGone(member.id, member, byOwnWill),
    ...keyIds.map(keyEnded(member.id, 'member_left')),
    ...invitationIds.map(invitationEnded(member.id)),
  ];
  return { events, keyIds };
}

interface KeyChoice {
  readonly orgId: string;
  readonly status: 'active';
  readonly id?: { in: string[] };
  readonly OR?: ({ userId: string } | { issuedById: string })[];
}

/** Revokes what is chosen, and answers which keys that were. */
export async function revokeKeys(tx: TenantTransaction, where: KeyChoice, now: Date, reason: KeyEnd): Promise<string[]> {
  const keys = await tx.apiKey.findMany({ where, select: { id: true } });
  await tx.apiKey.updateMany({ where, data: { status: 'revoked', revokedAt: now, revokedReason: reason } });
  return keys.map(({ id }) => id);
}

interface InvitationChoice {
  readonly orgId: string;
  readonly invitedById: string;
  readonly role?: { notIn: LockedMember['role'][] };
}

/** Takes open invitations back, and answers which those were. */
export async function revokeInvitations(tx: TenantTransaction, choice: InvitationChoice, now: Date): Promise<string[]> {
  const where = { ...choice, acceptedAt: null, revokedAt: null };
  const invitations = await tx.invitation.findMany({ where, select: { id: true } });
  if (invitations.length > 0) await tx.invitation.updateMany({ where, data: { revokedAt: now } });
  return invitations.map(({ id }) => id);
}
