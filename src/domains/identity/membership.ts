import type { OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';

/** What a new membership is made of. */
export interface NewMember {
  readonly orgId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: OrganizationRole;
  readonly joinedAt: Date;
}

/** Writes an active membership and gives its id; the transaction must be in the scope of the organization. */
export async function insertMember(tx: TenantTransaction, member: NewMember): Promise<string> {
  const { id } = await tx.membership.create({ data: { ...member, status: 'active' }, select: { id: true } });
  return id;
}
