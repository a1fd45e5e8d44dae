import { ForbiddenError } from '../../kernel/errors.ts';
import { earlierAnswer } from '../../platform/postgres/idempotency.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { type Recorded, recordOnce } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requireStanding } from '../require-standing.ts';
import { requireStepUp } from '../require-step-up.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type RotateApiKeyInput, rotateApiKeyInput } from './api-key.input.ts';
import { boundExpiry, checkLive, checkReach, fixScopes, type KeyManager, retire } from './api-key.rules.ts';
import { keyCreated, keyRotated } from './events.ts';
import { insertApiKey, type IssuedApiKey, type Mint, type MintedKey } from './issue.ts';
import { checkBounds } from './key-bounds.rules.ts';
import { type CallingKey, callingKey, checkOwnership, findKey, type FoundKey, issuerOf, lockKey, managerOf, requireMember } from './keys.ts';
import { lockRoom, requireRoom } from './room.ts';

export async function rotate(cx: ServiceContext, mint: Mint, input: RotateApiKeyInput): Promise<IssuedApiKey> {
  const { orgId } = requireTenant(cx);
  const { idempotencyKey, id, overlapSeconds = 0 } = parseInput(rotateApiKeyInput, input);
  const keyId = requireUuid('ApiKey', id);
  const manager = managerOf(cx);
  const now = cx.clock.now();
  const found = await findKey(cx.db, orgId, keyId);
  checkOwnership(manager, found);
  // As for a new key: the secret that comes of it is one.
  if (manager.kind === 'user') requireStepUp(cx);
  const maker = await callingKey(cx, cx.db);
  const request = {
    orgId,
    userId: manager.userId,
    operation: 'rotateApiKey',
    key: idempotencyKey,
    input: { keyId, overlapSeconds },
    now,
  };
  const answered = await earlierAnswer<{ apiKeyId: string }>(cx.db, request);
  if (answered !== null) return { ...answered.result, secret: null, replayed: true };
  const by: Rotator = { manager, maker, issuedById: issuerOf(cx, maker, found.owner.id) };
  checkRotation(found, by, now);
  const minted = await mint(orgId);
  const { result, replayed } = await cx.db.$transaction((tx) =>
    recordOnce(tx, cx, request, async () => {
      // Without an overlap one ends for one that begins: that is possible however many there are.
      if (overlapSeconds > 0) await lockRoom(tx, orgId);
      await requireStanding(tx, cx);
      await lockKey(tx, orgId, keyId);
      const key = await findKey(tx, orgId, keyId);
      await requireMember(tx, orgId, key.userId);
      if (overlapSeconds > 0) await requireRoom(tx, key, now);
      return replaceKey(tx, key, by, { minted, now, overlapSeconds });
    }),
  );
  cx.accessChanged({ kind: 'key', id: keyId });
  return { ...result, secret: replayed ? null : minted.secret, replayed };
}

/** Who rotates a key, and so sees the secret of its successor. */
interface Rotator {
  readonly manager: KeyManager;
  readonly maker: CallingKey | null;
  readonly issuedById: string | null;
}

interface Rotation {
  readonly minted: MintedKey;
  readonly now: Date;
  readonly overlapSeconds: number;
}

/** @throws ForbiddenError, ConflictError unless the key, as it is, may be rotated by this one. */
function checkRotation(key: FoundKey, { manager, maker }: Rotator, now: Date): void {
  checkOwnership(manager, key);
  checkLive(key, now);
  checkReach(manager, key.owner.role, key.scopes);
  checkBounds(key, maker);
  // The secret of the successor would be a second month for whoever has used up its own.
  if (maker !== null && maker.monthlyLimit !== null && maker.usageId !== key.usageId) {
    throw new ForbiddenError('An API key with a monthly limit can only rotate keys that are counted together with it.');
  }
  if (key.requireSecondFactor && manager.userId !== key.userId) {
    throw new ForbiddenError('Only its owner can rotate an API key that requires a second factor: revoke it instead.');
  }
}

async function replaceKey(
  tx: TenantTransaction,
  key: FoundKey,
  by: Rotator,
  { minted, now, overlapSeconds }: Rotation,
): Promise<Recorded<{ apiKeyId: string }>> {
  checkRotation(key, by, now);
  const { manager, maker, issuedById } = by;
  const { id, owner, issuedBy: _issuedBy, status: _status, supersededById: _supersededById, ...kept } = key;
  const { orgId, userId } = kept;
  const successor = {
    ...kept,
    scopes: fixScopes(manager, { userId, role: owner.role }, key.scopes),
    // A key that rotates itself may go on as long as it could have: its end is its own.
    expiresAt: boundExpiry(key.expiresAt, maker?.expiresAt ?? null),
    issuedById,
    madeByKeyId: maker?.id ?? null,
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
