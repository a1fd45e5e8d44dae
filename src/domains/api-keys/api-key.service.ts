import { ValidationError } from '../../kernel/errors.ts';
import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { record, type Recorded, recordOnce } from '../events/index.ts';
import { given } from '../given.ts';
import { parseInput } from '../parse-input.ts';
import { requireStanding } from '../require-standing.ts';
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
  boundExpiry,
  checkExpiry,
  checkManagement,
  checkReach,
  checkRotation,
  checkScopes,
  fixScopes,
  type KeyManager,
  type KeyOwner,
  retire,
} from './api-key.rules.ts';
import { keyCreated, keyRevoked, keyRotated } from './events.ts';
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
  const { orgId, membershipId: issuedById } = requireTenant(cx);
  const { idempotencyKey, memberId, ...fields } = parseInput(createApiKeyInput, input);
  const now = cx.clock.now();
  checkScopes(fields.scopes);
  checkExpiry(fields.expiresAt, now);
  const manager = managerOf(cx);
  const owner = await ownerOf(cx, memberId ?? null);
  checkReach(manager, owner.role, fields.scopes);
  const scopes = fixScopes(manager, owner, fields.scopes);
  const expiresAt = boundExpiry(fields.expiresAt ?? null, await endOfCaller(cx));
  const minted = await mint();
  const request = {
    orgId,
    userId: manager.userId,
    operation: 'createApiKey',
    key: idempotencyKey,
    input: { ...fields, owner: owner.userId },
    now,
  };
  const key = { ...given(fields), name: fields.name, scopes, expiresAt, orgId, userId: owner.userId, issuedById };
  const { result, replayed } = await refuseDuplicate(NAME_TAKEN, () =>
    cx.db.$transaction((tx) =>
      recordOnce(tx, cx, request, async () => {
        await requireStanding(tx, cx);
        await requireMember(tx, orgId, owner.userId);
        const apiKeyId = await insertApiKey(tx, key, minted);
        return { result: { apiKeyId }, events: [keyCreated(apiKeyId, owner.id, key)] };
      }),
    ),
  );
  return { ...result, secret: replayed ? null : minted.secret, replayed };
}

/** Whose key it shall be: the caller's own, or that of a member whom the caller manages. */
async function ownerOf(cx: ServiceContext, memberId: string | null): Promise<KeyOwner & { readonly id: string }> {
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
          select: { id: true, userId: true, role: true },
        });
  if (owner === null) throw notFound('Member');
  checkManagement(managerOf(cx), owner);
  return owner;
}

/** The owner, who must not leave before the key is there: nobody would find it to revoke it. */
async function requireMember(tx: TenantTransaction, orgId: string, userId: string): Promise<void> {
  const rows = await tx.$queryRaw<object[]>`
    SELECT id FROM iam.memberships
    WHERE org_id = ${orgId}::uuid AND user_id = ${userId}::uuid AND status = 'active' FOR SHARE`;
  if (rows.length === 0) throw notFound('Member');
}

/** When the API key that calls ends by itself; null for one that does not, and for a person. */
async function endOfCaller({ db, principal }: ServiceContext): Promise<Date | null> {
  if (principal.kind !== 'apiKey' || !principal.tenant) return null;
  const where = { orgId: principal.tenant.orgId, id: principal.credentialId };
  return (await db.apiKey.findFirst({ where, select: { expiresAt: true } }))?.expiresAt ?? null;
}

async function rotate(cx: ServiceContext, mint: Mint, input: RotateApiKeyInput): Promise<IssuedApiKey> {
  const { orgId, membershipId: issuedById } = requireTenant(cx);
  const { idempotencyKey, id, overlapSeconds = 0 } = parseInput(rotateApiKeyInput, input);
  const keyId = requireUuid('ApiKey', id);
  const manager = managerOf(cx);
  const now = cx.clock.now();
  checkOwnership(manager, await findKey(cx.db, orgId, keyId));
  const makerEnds = await endOfCaller(cx);
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
      return replaceKey(tx, key, { manager, minted, now, overlapSeconds, issuedById, makerEnds });
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
  readonly makerEnds: Date | null;
}

async function replaceKey(
  tx: TenantTransaction,
  key: FoundKey,
  rotation: Rotation,
): Promise<Recorded<{ apiKeyId: string }>> {
  const { manager, minted, now, overlapSeconds, issuedById, makerEnds } = rotation;
  checkOwnership(manager, key);
  checkRotation(key, now);
  checkReach(manager, key.owner.role, key.scopes);
  const { orgId, id, userId, name, description, type, rateLimitPerHour } = key;
  const scopes = fixScopes(manager, { userId, role: key.owner.role }, key.scopes);
  // A key that rotates itself may go on as long as it could have: its end is its own.
  const expiresAt = boundExpiry(key.expiresAt, makerEnds);
  // The old key steps aside first, because no two live keys of a member have the same name.
  await tx.apiKey.updateMany({ where: { orgId, id }, data: { status: 'revoked', revokedAt: now } });
  const successor = { orgId, userId, name, description, type, scopes, rateLimitPerHour, expiresAt, issuedById };
  const supersededById = await insertApiKey(tx, successor, minted);
  const retired = retire(key, now, overlapSeconds);
  await tx.apiKey.updateMany({ where: { orgId, id }, data: { supersededById, ...retired } });
  return { result: { apiKeyId: supersededById }, events: [keyCreated(supersededById, key.owner.id, successor), keyRotated(key, retired, supersededById)] };
}

async function revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }> {
  const { orgId } = requireTenant(cx);
  const { id } = parseInput(revokeApiKeyInput, input);
  const apiKeyId = requireUuid('ApiKey', id);
  const key = await findKey(cx.db, orgId, apiKeyId);
  // A key may always give itself up, for example when its holder finds it in a log.
  const givesItselfUp = cx.principal.kind === 'apiKey' && cx.principal.credentialId === apiKeyId;
  if (!givesItselfUp) checkOwnership(managerOf(cx), key);
  await cx.db.$transaction(async (tx) => {
    const where = { orgId, id: apiKeyId, status: 'active' as const };
    const { count } = await tx.apiKey.updateMany({ where, data: { status: 'revoked', revokedAt: cx.clock.now() } });
    if (count > 0) await record(tx, cx, keyRevoked(apiKeyId, key.owner.id));
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
      owner: { select: { id: true, role: true } },
    },
  });
  if (key === null) throw notFound('ApiKey');
  return key;
}

/** Holds the key as it is until the transaction ends. */
async function lockKey(tx: TenantTransaction, orgId: string, id: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM iam.api_keys WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
}
