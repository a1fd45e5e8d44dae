import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { insertApiKey, keyCreated, type MintedKey } from '../api-keys/index.ts';
import { type AuditEvent, record, type RecordContext } from '../events/index.ts';
import { lockOrganization, moveOrganization, type OrganizationStatus } from '../organizations/index.ts';
import { onboardingEvents } from './events.ts';
import { ownerKeyIdOf } from './organization-id.ts';

/** Who writes down how a provisioning ended, and when: a request, or the server by itself. */
export interface SettleContext extends RecordContext {
  readonly db: TenantClient;
  readonly now: Date;
}

export interface Ending {
  readonly isReady: boolean;
  /** The owner's first key, made by whoever can show its secret; null when nobody could. */
  readonly minted: MintedKey | null;
}

export interface Settled {
  readonly status: OrganizationStatus;
  readonly hasMadeKey: boolean;
}

const NOT_READY = 'The engine could not be set up.';

/**
 * Writes down how a provisioning ended, once: whoever comes second finds it written. A key is made only for an
 * organization that is in use and has none from here. Call it in the organization's scope.
 */
export async function settle(cx: SettleContext, orgId: string, { isReady, minted }: Ending): Promise<Settled> {
  return cx.db.$transaction(async (tx) => {
    const before = await lockOrganization(tx, orgId);
    const events: AuditEvent[] = [];
    let status = before.status;
    if (status === 'provisioning') {
      status = moveOrganization(status, isReady ? 'active' : 'provisioning_failed');
      const statusReason = isReady ? null : NOT_READY;
      await tx.organization.updateMany({ where: { id: orgId }, data: { status, statusReason } });
      const kind = isReady ? onboardingEvents.provisioned : onboardingEvents.provisioningFailed;
      const data = { before: { status: before.status }, after: { status } };
      events.push({ kind, about: { type: 'Organization', id: orgId }, data });
    }
    // It was deleted while the engine made it ready: the sweep has the engine let go once more.
    if (status === 'deleted') await tx.organization.updateMany({ where: { id: orgId }, data: { namespaceRetiredAt: null } });
    const keyMade = minted !== null && status === 'active' ? await insertOwnerKey(tx, orgId, minted) : null;
    if (keyMade !== null) events.push(keyMade);
    await record(tx, cx, ...events);
    return { status, hasMadeKey: keyMade !== null };
  });
}

type Transaction = Parameters<typeof insertApiKey>[0];

/** Null when the key was made before, or nobody owns the organization any more. The organization is locked. */
async function insertOwnerKey(tx: Transaction, orgId: string, minted: MintedKey): Promise<AuditEvent | null> {
  const id = ownerKeyIdOf(orgId);
  if ((await tx.apiKey.findFirst({ where: { orgId, id }, select: { id: true } })) !== null) return null;
  const where = { orgId, role: 'owner' as const, leftAt: null };
  const owner = await tx.membership.findFirst({ where, select: { id: true, userId: true } });
  if (owner === null) return null;
  const key = { id, orgId, userId: owner.userId, name: 'Owner key', scopes: ['*'], issuedById: null };
  await insertApiKey(tx, key, minted);
  return keyCreated(id, owner.id, key);
}
