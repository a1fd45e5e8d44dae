import { ValidationError } from '../../kernel/errors.ts';
import { once } from '../../platform/postgres/idempotency.ts';
import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { given } from '../given.ts';
import { parseInput } from '../parse-input.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import {
  type CreateApiKeyInput,
  createApiKeyInput,
  type RevokeApiKeyInput,
  revokeApiKeyInput,
  type RotateApiKeyInput,
  rotateApiKeyInput,
} from './api-key.input.ts';
import {
  checkExpiry,
  checkManagement,
  checkReach,
  checkRotation,
  checkScopes,
  type KeyManager,
  type KeyOwner,
  retire,
} from './api-key.rules.ts';
import { createMint, insertApiKey, type MintedKey, type MintSettings } from './issue.ts';

/** A key that was just made. */
export interface IssuedApiKey {
  readonly apiKeyId: string;
  /** Known at this moment only; null when the answer is that of an earlier, equal request. */
  readonly secret: string | null;
  readonly replayed: boolean;
}

export interface ApiKeyService {
  create(cx: ServiceContext, input: CreateApiKeyInput): Promise<IssuedApiKey>;
  /** Makes a successor with the same rights; the old key ends at once, or after an overlap. */
  rotate(cx: ServiceContext, input: RotateApiKeyInput): Promise<IssuedApiKey>;
  /** Ends a key for good. Revoking it again changes nothing. */
  revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }>;
}

export type ApiKeyDependencies = MintSettings;

type Mint = () => Promise<MintedKey>;

const NAME_TAKEN = 'There is an API key with this name already: choose another, or revoke that one.';

export function createApiKeyService(dependencies: ApiKeyDependencies): ApiKeyService {
  const mint = createMint(dependencies);
  return { create: (cx, input) => create(cx, mint, input), rotate: (cx, input) => rotate(cx, mint, input), revoke };
}

function managerOf(cx: ServiceContext): KeyManager {
  const { kind, userId, permissions } = cx.principal;
  return { kind, userId, permissions, role: requireTenant(cx).role };
}

async function create(cx: ServiceContext, mint: Mint, input: CreateApiKeyInput): Promise<IssuedApiKey> {
  const { orgId } = requireTenant(cx);
  const { idempotencyKey, memberId, ...fields } = parseInput(createApiKeyInput, input);
  const now = cx.clock.now();
  checkScopes(fields.scopes);
  checkExpiry(fields.expiresAt, now);
  const manager = managerOf(cx);
  const owner = await ownerOf(cx, memberId ?? null);
  checkReach(manager, owner, fields.scopes);
  const minted = await mint();
  const request = {
    orgId,
    userId: manager.userId,
    operation: 'createApiKey',
    key: idempotencyKey,
    input: { ...fields, owner: owner.userId },
    now,
  };
  const key = { ...given(fields), name: fields.name, scopes: fields.scopes, orgId, userId: owner.userId };
  const { result, replayed } = await refuseDuplicate(NAME_TAKEN, () =>
    cx.db.$transaction((tx) => once(tx, request, async () => ({ apiKeyId: await insertApiKey(tx, key, minted) }))),
  );
  return { ...result, secret: replayed ? null : minted.secret, replayed };
}

/** Whose key it shall be: the caller's own, or that of a member whom the caller manages. */
async function ownerOf(cx: ServiceContext, memberId: string | null): Promise<KeyOwner> {
  const { orgId, membershipId } = requireTenant(cx);
  if (memberId === null && membershipId === null) {
    throw ValidationError.of('memberId', 'is required, because you are not a member of this organization');
  }
  const id = memberId === null ? membershipId : requireUuid('Member', memberId);
  const owner =
    id === null
      ? null
      : await cx.db.membership.findFirst({
          where: { orgId, id, status: 'active' },
          select: { userId: true, role: true },
        });
  if (owner === null) throw notFound('Member');
  checkManagement(managerOf(cx), owner);
  return owner;
}

async function rotate(cx: ServiceContext, mint: Mint, input: RotateApiKeyInput): Promise<IssuedApiKey> {
  const { orgId } = requireTenant(cx);
  const { idempotencyKey, id, overlapSeconds = 0 } = parseInput(rotateApiKeyInput, input);
  const keyId = requireUuid('ApiKey', id);
  const manager = managerOf(cx);
  const now = cx.clock.now();
  checkOwnership(manager, await findKey(cx.db, orgId, keyId));
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
    once(tx, request, async () => {
      await lockKey(tx, orgId, keyId);
      return {
        apiKeyId: await replaceKey(tx, await findKey(tx, orgId, keyId), { manager, minted, now, overlapSeconds }),
      };
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
}

async function replaceKey(tx: TenantTransaction, key: FoundKey, rotation: Rotation): Promise<string> {
  const { manager, minted, now, overlapSeconds } = rotation;
  checkOwnership(manager, key);
  checkRotation(key, now);
  checkReach(manager, { userId: key.userId, role: key.owner.role }, key.scopes);
  const { orgId, id, userId, name, description, type, scopes, rateLimitPerHour, expiresAt } = key;
  // The old key steps aside first, because no two live keys of a member have the same name.
  await tx.apiKey.updateMany({ where: { orgId, id }, data: { status: 'revoked' } });
  const successor = { orgId, userId, name, description, type, scopes, rateLimitPerHour, expiresAt };
  const supersededById = await insertApiKey(tx, successor, minted);
  await tx.apiKey.updateMany({ where: { orgId, id }, data: { supersededById, ...retire(key, now, overlapSeconds) } });
  return supersededById;
}

async function revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }> {
  const { orgId } = requireTenant(cx);
  const { id } = parseInput(revokeApiKeyInput, input);
  const apiKeyId = requireUuid('ApiKey', id);
  const key = await findKey(cx.db, orgId, apiKeyId);
  // A key may always give itself up, for example when its holder finds it in a log.
  const givesItselfUp = cx.principal.kind === 'apiKey' && cx.principal.credentialId === apiKeyId;
  if (!givesItselfUp) checkOwnership(managerOf(cx), key);
  await cx.db.apiKey.updateMany({
    where: { orgId, id: apiKeyId, status: 'active' },
    data: { status: 'revoked', revokedAt: cx.clock.now() },
  });
  cx.accessChanged({ kind: 'key', id: apiKeyId });
  return { apiKeyId };
}

function checkOwnership(manager: KeyManager, key: FoundKey): void {
  checkManagement(manager, { userId: key.userId, role: key.owner.role });
}

type FoundKey = Awaited<ReturnType<typeof findKey>>;

async function findKey(db: TenantClient | TenantTransaction, orgId: string, id: string) {
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
      rateLimitPerHour: true,
      expiresAt: true,
      status: true,
      supersededById: true,
      owner: { select: { role: true } },
    },
  });
  if (key === null) throw notFound('ApiKey');
  return key;
}

/** Holds the key as it is until the transaction ends. */
async function lockKey(tx: TenantTransaction, orgId: string, id: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM iam.api_keys WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
}
