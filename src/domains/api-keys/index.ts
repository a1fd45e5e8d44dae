export { generateApiKey } from '../auth/index.ts';
export { keyCreated } from './events.ts';
export type { CreateApiKeyInput, RevokeApiKeyInput, RotateApiKeyInput } from './api-key.input.ts';
export {
  type ApiKeyDependencies,
  type ApiKeyService,
  createApiKeyService,
  type IssuedApiKey,
} from './api-key.service.ts';
export { createMint, insertApiKey, type MintedKey, type MintSettings, type NewApiKey } from './issue.ts';
