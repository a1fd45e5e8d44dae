import type { Hashing } from '../../platform/crypto/passwords.ts';
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
  readonly hashing: Hashing;
}

/**
 * Gives a function that makes a new key. It takes tens of milliseconds of work: call it before the transaction, and after
 * all that can refuse the request.
 */
export function createMint({ secretKey, hashing }: MintSettings): Mint {
  const fingerprint = createFingerprint(secretKey);
  return async (orgId) => {
    const secret = generateApiKey();
    const secretHash = await hashing.hash(secret, { lane: 'mint', orgId });
    return { secret, stored: { prefix: prefixOf(secret), fingerprint: fingerprint(secret), secretHash } };
  };
}

/** Makes a new key for an organization. @throws ServiceUnavailableError when too many of the organization wait already. */
export type Mint = (orgId: string) => Promise<MintedKey>;

/** A key that was just made. */
export interface IssuedApiKey {
  readonly apiKeyId: string;
  /** Known at this moment only; null when the answer is that of an earlier, equal request. */
  readonly secret: string | null;
  readonly replayed: boolean;
}

/** What a new key is made of, besides its secret. */
export interface NewApiKey {
  /** Given by whoever has to find this very key again; made by the database otherwise. */
  readonly id?: string;
  readonly orgId: string;
  readonly userId: string;
  readonly name: string;
  readonly description?: string | null;
  readonly type?: 'personal' | 'service' | 'integration';
  readonly scopes: readonly string[];
  /** The member who sees its secret, see `issuerOf`; null for an operator of the platform. */
  readonly issuedById: string | null;
  /** The key that makes or rotates it, whose holder sees its secret too; null or absent for a person. */
  readonly madeByKeyId?: string | null;
  readonly rateLimitPerHour?: number;
  readonly expiresAt?: Date | null;
  readonly allowedNetworks?: readonly string[];
  readonly allowedOrigins?: readonly string[];
  readonly requireSecondFactor?: boolean;
  /** Root fields within a month; null: without an end. */
  readonly monthlyLimit?: number | null;
  /** What it is counted together with by the month; alone when it is not given. */
  readonly usageId?: string;
}

/** Writes a key and gives its id; the transaction must be in the scope of the organization. */
export async function insertApiKey(tx: TenantTransaction, key: NewApiKey, minted: MintedKey): Promise<string> {
  const { scopes, allowedNetworks = [], allowedOrigins = [], ...rest } = key;
  const lists = { scopes: [...new Set(scopes)], allowedNetworks: [...allowedNetworks], allowedOrigins: [...allowedOrigins] };
  const data = { ...rest, ...lists, ...minted.stored };
  // Only the id comes back: this server cannot read a hash, not even the one it has just written.
  const { id } = await tx.apiKey.create({ data, select: { id: true } });
  return id;
}
