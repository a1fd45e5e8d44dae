import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { checkRoom } from './api-key.rules.ts';

/** Whose key is to be added, and to what organization. */
interface Place {
  readonly orgId: string;
  readonly userId: string;
}

/**
 * Makes whoever adds a key to this organization wait for each other until the transaction ends, so that each counts what
 * the one before has added. Take it before any other lock of the work: nobody who holds it is then waited for in a circle.
 */
export async function lockRoom(tx: TenantTransaction, orgId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${JSON.stringify(['api keys', orgId])}, 0))`;
}

/** Whether there is room for one more. Exact under `lockRoom` alone. @throws ConflictError when there is none. */
export async function requireRoom(db: TenantClient | TenantTransaction, { orgId, userId }: Place, now: Date): Promise<void> {
  const live = { orgId, status: 'active' as const, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  const member = await db.apiKey.count({ where: { ...live, userId } });
  const organization = await db.apiKey.count({ where: live });
  checkRoom({ member, organization });
}
