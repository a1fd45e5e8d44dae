import { type HashCost, hashSecret } from '../../platform/crypto/passwords.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createFingerprint, generateApiKey, prefixOf } from '../auth/index.ts';

/** A secret and what is stored of it. */
export interface MintedKey {
  readonly secret: string;
  readonly stored: { readonly prefix: string; readonly fingerprint: Buffer<ArrayBuffer>; readonly secretHash: string };
}

export interface MintSettings {
  /** The installation's secret, which fingerprints depend on. */
  readonly secretKey: string;
  readonly hashCost: HashCost;
}

/** Gives a function that makes a new key. It takes tens of milliseconds of work: call it before the transaction. */
export function createMint({ secretKey, hashCost }: MintSettings): () => Promise<MintedKey> {
  const fingerprint = createFingerprint(secretKey);
  return async () => {
    const secret = generateApiKey();
    const secretHash = await hashSecret(secret, hashCost);
    return { secret, stored: { prefix: prefixOf(secret), fingerprint: fingerprint(secret), secretHash } };
  };
}

/** What a new key is made of, besides its secret. */
export interface NewApiKey {
  readonly orgId: string;
  readonly userId: string;
  readonly name: string;
  readonly description?: string | null;
  readonly type?: 'personal' | 'service' | 'integration';
  readonly scopes: readonly string[];
  /** The member who makes it and sees its secret; null for an operator of the platform. */
  readonly issuedById: string | null;
  readonly rateLimitPerHour?: number;
  readonly expiresAt?: Date | null;
}

/** Writes a key and gives its id; the transaction must be in the scope of the organization. */
export async function insertApiKey(tx: TenantTransaction, key: NewApiKey, minted: MintedKey): Promise<string> {
  const data = { ...key, scopes: [...new Set(key.scopes)], ...minted.stored };
  // Only the id comes back: this server cannot read a hash, not even the one it has just written.
  const { id } = await tx.apiKey.create({ data, select: { id: true } });
  return id;
}
