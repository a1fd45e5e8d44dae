import { readOrCreateSecretKey, readProcessConfig } from './config/index.ts';
import { createFingerprint, generateApiKey, prefixOf } from './domains/auth/index.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { InterruptedError, runSeed, type SeedKeys } from './ops/seed/index.ts';
import { hashSecret } from './platform/crypto/passwords.ts';

try {
  const config = readProcessConfig();
  await runSeed(process.argv.slice(2), config, () => keysOf(readOrCreateSecretKey(config)));
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
}

/** The form of API keys is a matter of the domain, which an operator's command may not know: so it is handed in. */
function keysOf(secretKey: string): SeedKeys {
  const fingerprint = createFingerprint(secretKey);
  return {
    generate: generateApiKey,
    fingerprint,
    store: async (secret) => ({
      prefix: prefixOf(secret),
      fingerprint: fingerprint(secret),
      secretHash: await hashSecret(secret, 'standard'),
    }),
  };
}
