export type { CreateApiKeyInput, RevokeApiKeyInput, RotateApiKeyInput } from './api-key.input.ts';
export { type ApiKeyService, createApiKeyService } from './api-key.service.ts';
