import { type Config, readOrCreateSecretKey } from '../../config/index.ts';
import { deriveKey } from '../crypto/keys.ts';
import { createKeyRing, type KeyRing } from './keys.ts';

/**
 * The keys of this installation. The one that signs is that of the configuration, or one derived from the secret key.
 *
 * @throws ConfigError when the secret key is needed and cannot be read.
 */
export function openKeyRing(config: Pick<Config, 'audit' | 'secretKey' | 'dataDir'>): KeyRing {
  const { signingKey, formerKeys } = config.audit;
  const seed = signingKey === undefined ? deriveKey(readOrCreateSecretKey(config), 'checkpoints') : Buffer.from(signingKey, 'base64');
  return createKeyRing(seed, formerKeys);
}
