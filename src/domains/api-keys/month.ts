import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';

/** The month of UTC that a moment is in, by its first day: `2026-01-01`. */
export const periodOf = (now: Date): string => `${now.toISOString().slice(0, 7)}-01`;

/** When the month of UTC is over that a moment is in. */
export const monthEnds = (now: Date): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));

/** Takes back that the count of a key was used up in the month of UTC that a moment is in. */
export async function reopenMonth(tx: TenantTransaction, { orgId, usageId }: { readonly orgId: string; readonly usageId: string }, now: Date): Promise<void> {
  await tx.apiKeyUsage.updateMany({ where: { orgId, usageId, period: new Date(periodOf(now)) }, data: { usedUpAt: null } });
}
