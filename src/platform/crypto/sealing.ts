import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { OperatorError } from '../../kernel/operator-error.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What is stored of a sealed text. */
export interface Sealed {
  /** Which key it was sealed with: the first 8 hexadecimal digits of the key's SHA-256. */
  readonly keyId: string;
  /** Nonce, ciphertext and tag. */
  readonly sealed: Buffer<ArrayBuffer>;
}

/** Encrypts what has to be read again, so that a copy of the database alone tells nothing. */
export interface Sealing {
  /** Of all keys that open; the one that seals is the first. */
  readonly keyIds: readonly [string, ...string[]];
  /** @param context what it belongs to: it opens for nothing else, so that no row can be put in the place of another. */
  seal(plain: Uint8Array, context: string): Sealed;
  /**
   * @throws OperatorError when the key is not there any more.
   * @throws Error when the bytes were changed, or belong to something else.
   */
  open(sealed: Sealed, context: string): Buffer<ArrayBuffer>;
  /** Whether it was sealed with the key that seals now. */
  isCurrent(keyId: string): boolean;
}

/**
 * AES-256-GCM under keys that can be exchanged: the first one seals, all of them open.
 *
 * @param keys 32 bytes each, at least one.
 */
export function createSealing(keys: readonly Uint8Array[]): Sealing {
  const [current, ...former] = keys.map((key) => ({ id: idOf(key), key }));
  if (current === undefined) throw new Error('There is no key to seal with.');
  const byId = new Map([current, ...former].map(({ id, key }) => [id, key]));

  return {
    keyIds: [current.id, ...former.map(({ id }) => id)],
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return { keyId: current.id, sealed };
    },
    open({ keyId, sealed }, context) {
      const key = byId.get(keyId);
      if (key === undefined) {
        throw new OperatorError(`The key ${keyId} that a second factor is sealed with is not there: put it back into SECOND_FACTOR_KEYS, behind the first.`);
      }
      const nonce = sealed.subarray(0, NONCE_BYTES);
      // A tag may be cut short otherwise, and a short one is guessed.
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    },
    isCurrent: (keyId) => keyId === current.id,
  };
}

function idOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}
