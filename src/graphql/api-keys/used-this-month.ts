import { periodOf } from '../../domains/api-keys/index.ts';
import type { GraphQLContext } from '../context.ts';

const HIGHEST_INT = 2_147_483_647;

/** What was counted in this month of UTC, for many keys in one statement. */
export async function countUsed({ db, clock }: GraphQLContext, orgId: string, usageIds: readonly string[]): Promise<number[]> {
  const period = new Date(periodOf(clock.now()));
  const rows = await db.apiKeyUsage.findMany({
    where: { orgId, period, usageId: { in: [...new Set(usageIds)] } },
    select: { usageId: true, used: true },
  });
  const used = new Map(rows.map((row) => [row.usageId, Math.min(Number(row.used), HIGHEST_INT)]));
  return usageIds.map((usageId) => used.get(usageId) ?? 0);
}
