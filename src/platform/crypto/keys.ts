import { hkdfSync } from 'node:crypto';

/**
 * A 32-byte key for one purpose, derived from the installation's secret by HKDF-SHA-256: what is learnt about one
 * purpose's key tells nothing about another's.
 */
export function deriveKey(secretKey: string, purpose: string): Buffer<ArrayBuffer> {
  return Buffer.from(hkdfSync('sha256', secretKey, '', `tenantry ${purpose}`, 32));
}
