import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** What Ed25519 keys are wrapped in for the library: the key itself is the 32 bytes behind it (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A key that signatures are verified with, for people and other programs. */
export interface PublicKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the key's 32 bytes. */
  readonly keyId: string;
  readonly algorithm: 'Ed25519';
  /** Its 32 bytes in base64. */
  readonly publicKey: string;
}

/** What a signature is worth. */
export type Verdict = 'right' | 'wrong' | 'unknown key';

/** The key that signs now, and those that signed before: what was signed once can be verified as long as its key is here. */
export interface KeyRing {
  readonly keyId: string;
  /** The one that signs now first. */
  readonly publicKeys: readonly PublicKey[];
  /** 64 bytes. */
  sign(text: string): Buffer;
  verify(keyId: string, text: string | Buffer, signature: Uint8Array): Verdict;
}

const describe = (raw: Buffer): PublicKey => ({
  keyId: createHash('sha256').update(raw).digest('hex').slice(0, 16),
  algorithm: 'Ed25519',
  publicKey: raw.toString('base64'),
});

const readPublic = (publicKey: string): KeyObject => {
  const key = Buffer.concat([PUBLIC_PREFIX, Buffer.from(publicKey, 'base64')]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
};

/**
 * @param seed the 32 bytes that the signing key is made of.
 * @param former public keys that signed before, each 32 bytes in base64.
 */
export function createKeyRing(seed: Uint8Array, former: readonly string[] = []): KeyRing {
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const own = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length);
  const publicKeys = [own, ...former.map((key) => Buffer.from(key, 'base64'))].map(describe);
  const byId = new Map(publicKeys.map(({ keyId, publicKey }) => [keyId, readPublic(publicKey)]));
  return {
    keyId: publicKeys[0]!.keyId,
    publicKeys,
    sign: (text) => sign(null, Buffer.from(text), privateKey),
    verify(keyId, text, signature) {
      const key = byId.get(keyId);
      if (!key) return 'unknown key';
      return verify(null, Buffer.from(text as string), key, signature) ? 'right' : 'wrong';
    },
  };
}
