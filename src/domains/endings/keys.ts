import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { AuditEvent } from '../events/index.ts';
import { type KeyEnd, keyRevoked } from './events.ts';

interface KeyChoice {
  readonly orgId: string;
  readonly id?: { in: string[] };
  readonly OR?: ({ userId: string } | { issuedById: string })[];
}

interface Ending {
  readonly now: Date;
  readonly reason: KeyEnd;
  /** The member whose change ends them, when one does. */
  readonly memberId?: string;
}

/** Which keys have ended, and what is to be written down of that. */
export interface EndedKeys {
  readonly keyIds: readonly string[];
  readonly events: readonly AuditEvent[];
}

/**
 * Revokes the keys that are chosen and open a door. One that has run out opens none and is revoked only by its id: so what
 * ends at once is bounded by how many may be at work, and not by how many there ever were.
 */
export async function endKeys(tx: TenantTransaction, choice: KeyChoice, { now, reason, memberId }: Ending): Promise<EndedKeys> {
  const notRunOut = { OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  const where = { ...choice, status: 'active' as const, ...(choice.id === undefined && { AND: [notRunOut] }) };
  const keys = await tx.apiKey.findMany({ where, select: { id: true, owner: { select: { id: true } } } });
  if (keys.length === 0) return { keyIds: [], events: [] };
  await tx.apiKey.updateMany({ where, data: { status: 'revoked', revokedAt: now, revokedReason: reason } });
  return {
    keyIds: keys.map(({ id }) => id),
    events: keys.map(({ id, owner }) => keyRevoked(id, { reason, memberIds: memberId === undefined ? [owner.id] : [owner.id, memberId] })),
  };
}
