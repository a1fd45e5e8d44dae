import { record } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type RevokeApiKeyInput, revokeApiKeyInput } from './api-key.input.ts';
import { keyRevoked } from './events.ts';
import { checkOwnership, findKey, managerOf } from './keys.ts';

export async function revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }> {
  const { orgId } = requireTenant(cx);
  const { id } = parseInput(revokeApiKeyInput, input);
  const apiKeyId = requireUuid('ApiKey', id);
  const key = await findKey(cx.db, orgId, apiKeyId);
  // A key may always give itself up, for example when its holder finds it in a log.
  const givesItselfUp = cx.principal.kind === 'apiKey' && cx.principal.credentialId === apiKeyId;
  if (!givesItselfUp) checkOwnership(managerOf(cx), key);
  await cx.db.$transaction(async (tx) => {
    const { count } = await tx.apiKey.updateMany({
      where: { orgId, id: apiKeyId, status: 'active' },
      data: { status: 'revoked', revokedAt: cx.clock.now(), revokedReason: 'taken_back' },
    });
    if (count > 0) await record(tx, cx, keyRevoked(apiKeyId, key.owner.id));
  });
  cx.accessChanged({ kind: 'key', id: apiKeyId });
  return { apiKeyId };
}
