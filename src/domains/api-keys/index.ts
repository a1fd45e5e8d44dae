export { generateApiKey } from '../auth/index.ts';
export { keyCreated } from './events.ts';
export type { CreateApiKeyInput, RevokeApiKeyInput, RotateApiKeyInput, UpdateApiKeyInput } from './api-key.input.ts';
export {
  type ApiKeyDependencies,
  type ApiKeyService,
  createApiKeyService,
} from './api-key.service.ts';
export { createKeyUsage, type KeyUsage, type KeyUsageDependencies } from './usage.ts';
export { periodOf } from './month.ts';
export { createMint, insertApiKey, type IssuedApiKey, type MintedKey, type MintSettings, type NewApiKey } from './issue.ts';
