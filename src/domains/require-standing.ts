import { ForbiddenError } from '../kernel/errors.ts';
import type { TenantTransaction } from '../platform/postgres/tenant-client.ts';
import { requireTenant, type ServiceContext } from './service-context.ts';

interface Standing {
  readonly role: string;
  readonly status: string;
}

/**
 * Asks again, in the transaction of a change of access, whether the caller still is what it was when the request came:
 * a request may have waited while somebody took its rights away. What is read stays so until the transaction ends.
 *
 * @throws ForbiddenError when the caller's membership or API key has changed since.
 */
export async function requireStanding(tx: TenantTransaction, cx: ServiceContext): Promise<void> {
  const { orgId, membershipId, role } = requireTenant(cx);
  const stands = (membershipId === null || (await memberStands(tx, orgId, membershipId, role))) && (await keyStands(tx, orgId, cx));
  if (!stands) throw new ForbiddenError('Your access has changed since you asked: ask again.');
}

async function memberStands(tx: TenantTransaction, orgId: string, id: string, role: string | null): Promise<boolean> {
  const [member] = await tx.$queryRaw<Standing[]>`
    SELECT role::text, status::text FROM iam.memberships WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR SHARE`;
  return member?.status === 'active' && member.role === role;
}

async function keyStands(tx: TenantTransaction, orgId: string, { principal }: ServiceContext): Promise<boolean> {
  if (principal.kind !== 'apiKey') return true;
  const [key] = await tx.$queryRaw<Pick<Standing, 'status'>[]>`
    SELECT status::text FROM iam.api_keys WHERE org_id = ${orgId}::uuid AND id = ${principal.credentialId}::uuid FOR SHARE`;
  return key?.status === 'active';
}
