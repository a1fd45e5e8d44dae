import type { OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { type Mailing, newAdminMail } from '../mails/index.ts';
import type { ServiceContext } from '../service-context.ts';

/** What the owner of an organization is told, once it is so. */
export interface NewAdmins {
  readonly to: string;
  readonly organization: string;
  /** The addresses of who administers it now. */
  readonly emails: readonly string[];
}

/**
 * What to tell the owner of members who have become administrators; null when there are none, or when the owner has made
 * them so in person. A key of the owner is not the owner: it may be in other hands.
 */
export async function newAdmins(tx: TenantTransaction, { principal }: Pick<ServiceContext, 'principal'>, orgId: string, memberIds: readonly string[]): Promise<NewAdmins | null> {
  if (memberIds.length === 0 || (principal.kind === 'user' && principal.tenant?.role === 'owner')) return null;
  const members = await tx.membership.findMany({ where: { orgId, id: { in: [...memberIds] }, role: 'admin' }, select: { email: true } });
  const owner = await tx.membership.findFirst({ where: { orgId, role: 'owner', leftAt: null }, select: { email: true } });
  const organization = await tx.organization.findFirst({ where: { id: orgId }, select: { name: true } });
  if (members.length === 0 || owner === null || organization === null) return null;
  return { to: owner.email, organization: organization.name, emails: members.map(({ email }) => email) };
}

/** Whether a member of another role is given that of an administrator. */
export function becameAdmin(before: { readonly role: OrganizationRole }, role: OrganizationRole): boolean {
  return role === 'admin' && before.role !== 'admin';
}

/** Call it after the commit: a mail cannot be taken back. */
export function tellOfNewAdmins({ mailer, mails }: Mailing, news: NewAdmins | null): void {
  if (news !== null) mailer.send(newAdminMail(mails, news));
}
