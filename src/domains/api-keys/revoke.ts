import { endKeys } from '../endings/index.ts';
import { record } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { type RevokeApiKeyInput, revokeApiKeyInput } from './api-key.input.ts';
import { checkOwnership, findKey, lockKey, managerOf } from './keys.ts';

export async function revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }> {
  const { orgId } = requireTenant(cx);
  const { id } = parseInput(revokeApiKeyInput, input);
  const apiKeyId = requireUuid('ApiKey', id);
  const key = await findKey(cx.db, orgId, apiKeyId);
  // A key may always give itself up, for example when its holder finds it in a log.
  const givesItselfUp = cx.principal.kind === 'apiKey' && cx.principal.credentialId === apiKeyId;
  if (!givesItselfUp) checkOwnership(managerOf(cx), key);
  await cx.db.$transaction(async (tx) => {
    // Of two at once the second waits, and finds that there is nothing to write down.
    await lockKey(tx, orgId, apiKeyId);
    const { events } = await endKeys(tx, { orgId, id: { in: [apiKeyId] } }, { now: cx.clock.now(), reason: 'taken_back' });
    await record(tx, cx, ...events);
  });
  cx.accessChanged({ kind: 'key', id: apiKeyId });
  return { apiKeyId };
}
