import type { ServiceContext } from '../service-context.ts';
import type { CreateApiKeyInput, RevokeApiKeyInput, RotateApiKeyInput, UpdateApiKeyInput } from './api-key.input.ts';
import { create } from './create.ts';
import { createMint, type IssuedApiKey, type MintSettings } from './issue.ts';
import { createLeakedKeyReports, type LeakedKeyDependencies, type ReportContext, type RevokeLeakedKeyInput } from './leaked.ts';
import { revoke } from './revoke.ts';
import { rotate } from './rotate.ts';
import { update } from './update.ts';

export interface ApiKeyService {
  create(cx: ServiceContext, input: CreateApiKeyInput): Promise<IssuedApiKey>;
  /** Changes what a key may do, where and how much. What is not given stays as it is. */
  update(cx: ServiceContext, input: UpdateApiKeyInput): Promise<{ apiKeyId: string }>;
  /** Makes a successor with the same rights and the same count; the old key ends at once, or after an overlap. */
  rotate(cx: ServiceContext, input: RotateApiKeyInput): Promise<IssuedApiKey>;
  /** Ends a key for good. Revoking it again changes nothing. */
  revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }>;
  /** Ends the key with a secret, for anybody who holds it. Nothing tells whether there was one. */
  revokeLeaked(cx: ReportContext, input: RevokeLeakedKeyInput): Promise<void>;
}

export type ApiKeyDependencies = MintSettings & LeakedKeyDependencies;

export function createApiKeyService(dependencies: ApiKeyDependencies): ApiKeyService {
  const mint = createMint(dependencies);
  return {
    create: (cx, input) => create(cx, mint, input),
    update,
    rotate: (cx, input) => rotate(cx, mint, input),
    revoke,
    revokeLeaked: createLeakedKeyReports(dependencies),
  };
}
