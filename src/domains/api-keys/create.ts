import { earlierAnswer } from '../../platform/postgres/idempotency.ts';
import { recordOnce } from '../events/index.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { given } from '../given.ts';
import { parseInput } from '../parse-input.ts';
import { requireStanding } from '../require-standing.ts';
import { requireStepUp } from '../require-step-up.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type CreateApiKeyInput, createApiKeyInput } from './api-key.input.ts';
import { boundExpiry, checkExpiry, checkReach, checkScopes, checkSecondFactorRule, fixScopes } from './api-key.rules.ts';
import { keyCreated } from './events.ts';
import { insertApiKey, type IssuedApiKey, type Mint } from './issue.ts';
import { checkBounds, inheritBounds } from './key-bounds.rules.ts';
import { callingKey, issuerOf, managerOf, NAME_TAKEN, ownerOf, requireMember } from './keys.ts';
import { lockRoom, requireRoom } from './room.ts';

export async function create(cx: ServiceContext, mint: Mint, input: CreateApiKeyInput): Promise<IssuedApiKey> {
  const { orgId } = requireTenant(cx);
  const { idempotencyKey, memberId, ...fields } = parseInput(createApiKeyInput, input);
  const { allowedNetworks = [], allowedOrigins = [], requireSecondFactor = false, rateLimitPerHour, monthlyLimit = null } = fields;
  const now = cx.clock.now();
  checkScopes(fields.scopes);
  checkExpiry(fields.expiresAt, now);
  const manager = managerOf(cx);
  const owner = await ownerOf(cx, memberId ?? null);
  // A key outlives the session and the password of who makes it: for a person it takes more than a session that was copied.
  if (manager.kind === 'user' || requireSecondFactor) requireStepUp(cx);
  checkReach(manager, owner.role, fields.scopes);
  const maker = await callingKey(cx, cx.db);
  const bounds = inheritBounds({ allowedNetworks, allowedOrigins, requireSecondFactor, rateLimitPerHour, monthlyLimit }, maker);
  checkSecondFactorRule(manager, owner, bounds.requireSecondFactor);
  checkBounds(bounds, maker);
  const key = {
    ...given(fields),
    ...bounds,
    // What a key makes is counted together with it: else each would be a new month.
    ...(maker?.monthlyLimit != null && { usageId: maker.usageId }),
    name: fields.name,
    scopes: fixScopes(manager, owner, fields.scopes),
    expiresAt: boundExpiry(fields.expiresAt ?? null, maker?.expiresAt ?? null),
    orgId,
    userId: owner.userId,
    issuedById: issuerOf(cx, maker, owner.id),
    madeByKeyId: maker?.id ?? null,
  };
  const request = {
    orgId,
    userId: manager.userId,
    operation: 'createApiKey',
    key: idempotencyKey,
    input: { ...fields, owner: owner.userId },
    now,
  };
  const answered = await earlierAnswer<{ apiKeyId: string }>(cx.db, request);
  if (answered !== null) return { ...answered.result, secret: null, replayed: true };
  await requireRoom(cx.db, key, now);
  const minted = await mint(orgId);
  const { result, replayed } = await refuseDuplicate(NAME_TAKEN, () =>
    cx.db.$transaction((tx) =>
      recordOnce(tx, cx, request, async () => {
        await lockRoom(tx, orgId);
        await requireStanding(tx, cx);
        await requireMember(tx, orgId, owner.userId);
        await requireRoom(tx, key, now);
        const apiKeyId = await insertApiKey(tx, key, minted);
        return { result: { apiKeyId }, events: [keyCreated(apiKeyId, owner.id, key)] };
      }),
    ),
  );
  return { ...result, secret: replayed ? null : minted.secret, replayed };
}
