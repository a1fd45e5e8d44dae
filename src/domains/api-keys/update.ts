import { ConflictError } from '../../kernel/errors.ts';
import { exceeds, reachOf } from '../../kernel/permissions.ts';
import { changesOf, record } from '../events/index.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { given } from '../given.ts';
import { parseInput } from '../parse-input.ts';
import { requireStanding } from '../require-standing.ts';
import { requireStepUp } from '../require-step-up.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type UpdateApiKeyInput, updateApiKeyInput } from './api-key.input.ts';
import { boundExpiry, checkExpiry, checkLive, checkReach, checkScopes, checkSecondFactorRule, endsLater, fixScopes, type KeyManager, widens } from './api-key.rules.ts';
import { keyUpdated } from './events.ts';
import { checkBounds, freerIn, type KeyBounds, usualPerHour } from './key-bounds.rules.ts';
import { type CallingKey, callingKey, checkOwnership, findKey, type FoundKey, lockKey, managerOf, NAME_TAKEN } from './keys.ts';
import { reopenMonth } from './month.ts';

/** What of a key is to be different. */
type Change = ReturnType<typeof changeIn>;

/** Changes a live key. Whoever changes it could have made it as it is afterwards: nobody widens a key beyond themselves. */
export async function update(cx: ServiceContext, input: UpdateApiKeyInput): Promise<{ apiKeyId: string }> {
  const { orgId } = requireTenant(cx);
  const { id, ...fields } = parseInput(updateApiKeyInput, input);
  const apiKeyId = requireUuid('ApiKey', id);
  if (fields.scopes) checkScopes(fields.scopes);
  checkExpiry(fields.expiresAt, cx.clock.now());
  checkOwnership(managerOf(cx), await findKey(cx.db, orgId, apiKeyId));
  await refuseDuplicate(NAME_TAKEN, () =>
    cx.db.$transaction(async (tx) => {
      await requireStanding(tx, cx);
      await lockKey(tx, orgId, apiKeyId);
      const key = await findKey(tx, orgId, apiKeyId);
      const change = changeIn(cx, key, fields, await callingKey(cx, tx));
      const changes = changesOf(key, change);
      if (changes === null) return;
      await tx.apiKey.updateMany({ where: { orgId, id: apiKeyId }, data: writable(change) });
      // Its month is not over yet: when it is, that is told again.
      if (freerIn({ ...key, ...change }, key).includes('monthlyLimit')) await reopenMonth(tx, key, cx.clock.now());
      await record(tx, cx, keyUpdated(key, changes));
    }),
  );
  cx.accessChanged({ kind: 'key', id: apiKeyId });
  return { apiKeyId };
}

type Fields = Omit<ReturnType<typeof parseInput<typeof updateApiKeyInput>>, 'id'>;

/** What the fields that were given make of the key. @throws what says that the caller may not. */
function changeIn(cx: ServiceContext, key: FoundKey, fields: Fields, maker: CallingKey | null) {
  const manager = managerOf(cx);
  const owner = { userId: key.userId, role: key.owner.role };
  checkOwnership(manager, key);
  checkLive(key, cx.clock.now());
  checkReach(manager, owner.role, fields.scopes ?? key.scopes);
  const { scopes, expiresAt, rateLimitPerHour, allowedNetworks, allowedOrigins, requireSecondFactor, ...rest } = fields;
  const bounds = {
    rateLimitPerHour: rateLimitPerHour === null ? usualPerHour(maker) : rateLimitPerHour,
    allowedNetworks: allowedNetworks === null ? [] : allowedNetworks,
    allowedOrigins: allowedOrigins === null ? [] : allowedOrigins,
    requireSecondFactor: requireSecondFactor === null ? false : requireSecondFactor,
  };
  const change = {
    ...given(rest),
    ...given(bounds),
    ...(scopes && { scopes: [...new Set(scopesFor(key, manager, scopes))] }),
    ...(expiresAt !== undefined && { expiresAt: boundExpiry(expiresAt, maker?.expiresAt ?? null) }),
  };
  const changed = { ...key, ...change };
  checkBounds(changed, maker);
  if (changed.requireSecondFactor !== key.requireSecondFactor) {
    checkSecondFactorRule(manager, owner, changed.requireSecondFactor);
    // No key asks for what only a person has.
    if (manager.kind === 'apiKey') requireStepUp(cx);
  }
  // Who has copied a session may hold a key tighter with it, and no freer.
  if (manager.kind === 'user' && isFreer(changed, key)) requireStepUp(cx);
  return change;
}

/**
 * The scopes as they are stored. Where somebody else has made the key, and so knows its secret, they do no more than that one
 * may, and no more tomorrow than today: a wildcard would grow with its owner.
 *
 * @throws ConflictError
 */
function scopesFor({ userId, owner: { role }, issuedBy }: FoundKey, manager: KeyManager, scopes: readonly string[]): readonly string[] {
  if (issuedBy === null || issuedBy.userId === userId) return fixScopes(manager, { userId, role }, scopes);
  if (exceeds(issuedBy.role, scopes, role)) throw new ConflictError('The member who made this API key may not do that, and knows its secret: rotate it first.');
  return reachOf(scopes, role);
}

/** Whether a key may do more, in more places, more often or for longer than before. */
function isFreer(changed: Loosened, before: Loosened): boolean {
  return freerIn(changed, before).length > 0 || widens(changed.scopes, before.scopes) || endsLater(changed.expiresAt, before.expiresAt);
}

type Loosened = KeyBounds & { readonly scopes: readonly string[]; readonly expiresAt: Date | null };

/** Prisma wants lists that it could change. */
const writable = ({ scopes, ...change }: Change) => ({ ...change, ...(scopes && { scopes: [...scopes] }) });
