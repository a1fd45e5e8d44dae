import { ForbiddenError, ValidationError } from '../../kernel/errors.ts';
import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { checkManagement, type KeyManager, type KeyOwner } from './api-key.rules.ts';
import type { KeyBounds } from './key-bounds.rules.ts';

export const NAME_TAKEN = 'There is an API key with this name already: choose another, or revoke that one.';

export function managerOf(cx: ServiceContext): KeyManager {
  const { kind, userId, permissions } = cx.principal;
  return { kind, userId, permissions, role: requireTenant(cx).role };
}

/** Whose key it shall be: the caller's own, or that of a member whom the caller manages. */
export async function ownerOf(cx: ServiceContext, memberId: string | null): Promise<KeyOwner & { readonly id: string }> {
  const { orgId, membershipId } = requireTenant(cx);
  if (memberId === null && membershipId === null) {
    throw ValidationError.of('memberId', 'is required: you work here as an administrator of the platform, who is a member nowhere and has no keys');
  }
  const id = memberId === null ? membershipId : requireUuid('Member', memberId);
  const owner =
    id === null
      ? null
      : await cx.db.membership.findFirst({
          where: { orgId, id, status: 'active' },
          select: { id: true, userId: true, role: true },
        });
  if (owner === null) throw notFound('Member');
  checkManagement(managerOf(cx), owner);
  return owner;
}

/** The owner, who must not leave before the key is there: nobody would find it to revoke it. */
export async function requireMember(tx: TenantTransaction, orgId: string, userId: string): Promise<void> {
  const rows = await tx.$queryRaw<object[]>`
    SELECT id FROM iam.memberships
    WHERE org_id = ${orgId}::uuid AND user_id = ${userId}::uuid AND status = 'active' FOR SHARE`;
  if (rows.length === 0) throw notFound('Member');
}

/** What holds the API key that calls, and whatever it makes or changes. */
export interface CallingKey extends KeyBounds {
  readonly id: string;
  readonly expiresAt: Date | null;
  readonly usageId: string;
  readonly issuedById: string | null;
}

const BOUNDS = {
  ...{ expiresAt: true, allowedNetworks: true, allowedOrigins: true, requireSecondFactor: true },
  ...{ rateLimitPerHour: true, monthlyLimit: true, usageId: true, issuedById: true },
} as const;

/** The API key that calls; null for a person. */
export async function callingKey({ principal }: ServiceContext, db: TenantClient | TenantTransaction): Promise<CallingKey | null> {
  if (principal.kind !== 'apiKey' || !principal.tenant) return null;
  return db.apiKey.findFirst({ where: { orgId: principal.tenant.orgId, id: principal.credentialId }, select: { id: true, ...BOUNDS } });
}

/**
 * The member whose going ends a key that is made now, because that member has seen its secret: null for an operator of the
 * platform. Who holds a key by which another is made is whoever made that one.
 *
 * @param ownerId the member it shall act for.
 * @throws ForbiddenError where two people would have seen it who are not its owner.
 */
export function issuerOf(cx: ServiceContext, maker: CallingKey | null, ownerId: string): string | null {
  const { membershipId } = requireTenant(cx);
  const madeBy = maker?.issuedById ?? membershipId;
  if (madeBy !== membershipId && ownerId !== membershipId) {
    throw new ForbiddenError('An API key that somebody else has made can only make keys of its own owner.');
  }
  return madeBy;
}

export type FoundKey = Awaited<ReturnType<typeof findKey>>;

/** @throws NotFoundError */
export async function findKey(db: TenantClient | TenantTransaction, orgId: string, id: string) {
  const key = await db.apiKey.findFirst({
    where: { orgId, id },
    select: {
      orgId: true,
      id: true,
      userId: true,
      name: true,
      description: true,
      type: true,
      scopes: true,
      status: true,
      supersededById: true,
      owner: { select: { id: true, role: true } },
      issuedBy: { select: { userId: true, role: true } },
      ...BOUNDS,
    },
  });
  if (key === null) throw notFound('ApiKey');
  return key;
}

/** @throws ForbiddenError unless the manager manages the keys of this one's owner. */
export function checkOwnership(manager: KeyManager, key: FoundKey): void {
  checkManagement(manager, { userId: key.userId, role: key.owner.role });
}

/** Holds the key as it is until the transaction ends. */
export async function lockKey(tx: TenantTransaction, orgId: string, id: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM iam.api_keys WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
}
