import type { HashCost } from '../../platform/crypto/passwords.ts';
import type { ServiceContext } from '../service-context.ts';
import type { CreateApiKeyInput, RevokeApiKeyInput, RotateApiKeyInput } from './api-key.input.ts';

/** A key that was just made; its secret is known at this moment only, and null when the answer is a repeated one. */
export interface IssuedApiKey {
  readonly apiKeyId: string;
  readonly secret: string | null;
  readonly replayed: boolean;
}
export interface ApiKeyService {
  create(cx: ServiceContext, input: CreateApiKeyInput): Promise<IssuedApiKey>;
  rotate(cx: ServiceContext, input: RotateApiKeyInput): Promise<IssuedApiKey>;
  revoke(cx: ServiceContext, input: RevokeApiKeyInput): Promise<{ apiKeyId: string }>;
}
export interface ApiKeyDependencies {
  readonly secretKey: string;
  readonly hashCost: HashCost;
}
export declare function createApiKeyService(dependencies: ApiKeyDependencies): ApiKeyService;
