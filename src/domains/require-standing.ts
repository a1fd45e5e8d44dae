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
 * @throws ForbiddenError when the caller's membership, API key or appointment has changed since.
 */
export async function requireStanding(tx: TenantTransaction, cx: ServiceContext): Promise<void> {
  const { orgId, membershipId, role } = requireTenant(cx);
  // Nobody but an operator of the platform is in an organization without a membership.
  const isThere = membershipId === null ? await operatorStands(tx, cx) : await membersStand(tx, orgId, cx, { id: membershipId, role });
  if (!isThere || !(await keyStands(tx, orgId, cx))) throw accessChanged();
}

/**
 * The same for an act of the platform, which is done to an organization from outside.
 *
 * @throws ForbiddenError when the caller is no active super administrator any more.
 */
export async function requireOperator(tx: TenantTransaction, cx: ServiceContext): Promise<void> {
  if (!(await operatorStands(tx, cx))) throw accessChanged();
}

const accessChanged = (): ForbiddenError => new ForbiddenError('Your access has changed since you asked: ask again.');

async function operatorStands(tx: TenantTransaction, { principal }: ServiceContext): Promise<boolean> {
  const [user] = await tx.$queryRaw<Standing[]>`
    SELECT system_role::text AS role, status::text FROM iam.users WHERE id = ${principal.userId}::uuid FOR SHARE`;
  return user?.status === 'active' && user.role === 'super_admin';
}

/** The caller's membership, and that of whoever made the key that calls and knows its secret: by ids, as everybody locks them. */
async function membersStand(tx: TenantTransaction, orgId: string, { principal }: ServiceContext, own: { id: string; role: string | null }): Promise<boolean> {
  const issuer = principal.issuerUserId ?? null;
  const members = await tx.$queryRaw<(Standing & { id: string })[]>`
    SELECT id, role::text, status::text FROM iam.memberships
    WHERE org_id = ${orgId}::uuid AND (id = ${own.id}::uuid OR user_id = ${issuer}::uuid) ORDER BY id FOR SHARE`;
  return members.every(({ status }) => status === 'active') && members.some(({ id, role }) => id === own.id && role === own.role);
}

async function keyStands(tx: TenantTransaction, orgId: string, { principal }: ServiceContext): Promise<boolean> {
  if (principal.kind !== 'apiKey') return true;
  const [key] = await tx.$queryRaw<Pick<Standing, 'status'>[]>`
    SELECT status::text FROM iam.api_keys WHERE org_id = ${orgId}::uuid AND id = ${principal.credentialId}::uuid FOR SHARE`;
  return key?.status === 'active';
}
