import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { type Recorded, recordOnce } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requireStanding } from '../require-standing.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type RotateApiKeyInput, rotateApiKeyInput } from './api-key.input.ts';
import { boundExpiry, checkLive, checkReach, fixScopes, type KeyManager, retire } from './api-key.rules.ts';
import { keyCreated, keyRotated } from './events.ts';
import { insertApiKey, type IssuedApiKey, type Mint, type MintedKey } from './issue.ts';
import { checkBounds } from './key-bounds.rules.ts';
import { type CallingKey, callingKey, checkOwnership, findKey, type FoundKey, lockKey, managerOf, requireMember } from './keys.ts';

export async function rotate(cx: ServiceContext, mint: Mint, input: RotateApiKeyInput): Promise<IssuedApiKey> {
  const { orgId, membershipId: issuedById } = requireTenant(cx);
  const { idempotencyKey, id, overlapSeconds = 0 } = parseInput(rotateApiKeyInput, input);
  const keyId = requireUuid('ApiKey', id);
  const manager = managerOf(cx);
  const now = cx.clock.now();
  checkOwnership(manager, await findKey(cx.db, orgId, keyId));
  const maker = await callingKey(cx, cx.db);
  const minted = await mint();
  const request = {
    orgId,
    userId: manager.userId,
    operation: 'rotateApiKey',
    key: idempotencyKey,
    input: { keyId, overlapSeconds },
    now,
  };
  const { result, replayed } = await cx.db.$transaction((tx) =>
    recordOnce(tx, cx, request, async () => {
      await requireStanding(tx, cx);
      await lockKey(tx, orgId, keyId);
      const key = await findKey(tx, orgId, keyId);
      await requireMember(tx, orgId, key.userId);
      return replaceKey(tx, key, { manager, minted, now, overlapSeconds, issuedById, maker });
    }),
  );
  cx.accessChanged({ kind: 'key', id: keyId });
  return { ...result, secret: replayed ? null : minted.secret, replayed };
}

interface Rotation {
  readonly manager: KeyManager;
  readonly minted: MintedKey;
  readonly now: Date;
  readonly overlapSeconds: number;
  readonly issuedById: string | null;
  readonly maker: CallingKey | null;
}

async function replaceKey(
  tx: TenantTransaction,
  key: FoundKey,
  { manager, minted, now, overlapSeconds, issuedById, maker }: Rotation,
): Promise<Recorded<{ apiKeyId: string }>> {
  checkOwnership(manager, key);
  checkLive(key, now);
  checkReach(manager, key.owner.role, key.scopes);
  checkBounds(key, maker);
  const { id, owner, status: _status, supersededById: _supersededById, ...kept } = key;
  const { orgId, userId } = kept;
  const successor = {
    ...kept,
    scopes: fixScopes(manager, { userId, role: owner.role }, key.scopes),
    // A key that rotates itself may go on as long as it could have: its end is its own.
    expiresAt: boundExpiry(key.expiresAt, maker?.expiresAt ?? null),
    issuedById,
  };
  const rotated = { status: 'revoked', revokedAt: now, revokedReason: 'rotated' } as const;
  // The old key steps aside first, because no two live keys of a member have the same name.
  await tx.apiKey.updateMany({ where: { orgId, id }, data: rotated });
  const supersededById = await insertApiKey(tx, successor, minted);
  const retired = retire(key, now, overlapSeconds);
  const data = { supersededById, ...retired, revokedReason: retired.status === 'revoked' ? rotated.revokedReason : null };
  await tx.apiKey.updateMany({ where: { orgId, id }, data });
  return { result: { apiKeyId: supersededById }, events: [keyCreated(supersededById, owner.id, successor), keyRotated(key, retired, supersededById)] };
}
