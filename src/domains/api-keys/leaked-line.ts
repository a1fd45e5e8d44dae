import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { keyRevoked } from '../endings/index.ts';
import type { AuditEvent } from '../events/index.ts';

/** A key that a report has ended. */
export interface LeakedKey {
  readonly id: string;
  readonly prefix: string;
  readonly owner: { readonly id: string; readonly email: string };
}

interface LeakedLine {
  readonly ended: readonly LeakedKey[];
  readonly events: readonly AuditEvent[];
}

interface Report {
  readonly orgId: string;
  /** The key whose secret was shown. */
  readonly keyId: string;
  readonly now: Date;
}

/**
 * Ends a key and every key that was made or rotated with it, with one of those, and so on: whoever holds the first secret may
 * have made them. That a key has ended already ends none that it made. A successor that a person has made is not among them:
 * its secret is that person's alone.
 */
export async function endLeakedLine(tx: TenantTransaction, report: Report): Promise<LeakedLine> {
  const { orgId, keyId, now } = report;
  const ids: string[] = [];
  // A key that makes another holds its own row until that is there: what was made meanwhile is seen when that row was had.
  for (let live = await lockLiveLine(tx, report); live.length > 0; live = await lockLiveLine(tx, report)) {
    const data = { status: 'revoked' as const, revokedAt: now, revokedReason: 'leaked' };
    await tx.apiKey.updateMany({ where: { orgId, id: { in: live } }, data });
    ids.push(...live);
  }
  const keys = await tx.apiKey.findMany({
    where: { orgId, id: { in: ids } },
    select: { id: true, prefix: true, owner: { select: { id: true, email: true } } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  return { ended: keys, events: keys.map(({ id, owner }) => keyRevoked(id, { reason: 'leaked', memberIds: [owner.id], leakedKeyId: id === keyId ? null : keyId })) };
}

/**
 * The keys of the line that open a door, and the reported one if it has only run out, locked in the order of their ids, as
 * everybody locks several. They are no more than an organization may have at work: see ORGANIZATION_LIVE_KEYS_MAX.
 */
async function lockLiveLine(tx: TenantTransaction, { orgId, keyId, now }: Report): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE line AS (
      SELECT ${keyId}::uuid AS id
      UNION
      SELECT k.id FROM iam.api_keys k JOIN line ON k.made_by_key_id = line.id WHERE k.org_id = ${orgId}::uuid
    )
    SELECT k.id FROM iam.api_keys k
    WHERE k.org_id = ${orgId}::uuid AND k.id IN (SELECT id FROM line) AND k.status = 'active'
      AND (k.id = ${keyId}::uuid OR k.expires_at IS NULL OR k.expires_at > ${now}::timestamptz)
    ORDER BY k.id FOR NO KEY UPDATE`;
  return rows.map(({ id }) => id);
}
