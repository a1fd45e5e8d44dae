import { deriveKey } from '../../platform/crypto/keys.ts';
import { createSealing, type Sealing } from '../../platform/crypto/sealing.ts';

/** What second factors are kept with. */
export interface SecondFactorKeys {
  readonly sealing: Sealing;
  /** What recovery codes are hashed with. */
  readonly recoveryPepper: Buffer;
}

/**
 * The keys of one installation.
 *
 * @param secretKey the installation's secret.
 * @param configured 32 bytes in base64 each; the first seals. Without any, one is derived from the secret; that one opens
 *   whatever is configured later, or nobody could go over to keys of their own.
 */
export function createSecondFactorKeys(secretKey: string, configured: readonly string[]): SecondFactorKeys {
  const keys = configured.map((key) => Buffer.from(key, 'base64'));
  return {
    sealing: createSealing([...keys, deriveKey(secretKey, 'second factors')]),
    recoveryPepper: deriveKey(secretKey, 'recovery codes'),
  };
}
