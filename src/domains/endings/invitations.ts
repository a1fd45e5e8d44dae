import type { OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { AuditEvent } from '../events/index.ts';
import { type InvitationEnd, invitationRevoked } from './events.ts';

interface InvitationChoice {
  readonly orgId: string;
  readonly invitedById?: string;
  readonly role?: { notIn: OrganizationRole[] };
}

interface Ending {
  readonly now: Date;
  readonly reason: InvitationEnd;
  /** The member whose change ends them, when one does. */
  readonly memberId?: string;
}

/** Takes back the invitations that are chosen and open, and answers what is to be written down of that. */
export async function endInvitations(tx: TenantTransaction, choice: InvitationChoice, { now, reason, memberId }: Ending): Promise<AuditEvent[]> {
  const where = { ...choice, acceptedAt: null, revokedAt: null };
  const invitations = await tx.invitation.findMany({ where, select: { id: true, role: true } });
  if (invitations.length > 0) await tx.invitation.updateMany({ where, data: { revokedAt: now } });
  return invitations.map(({ id, role }) => invitationRevoked(id, role, reason, memberId));
}
