import { createHmac } from 'node:crypto';
import { deriveKey } from '../../platform/crypto/keys.ts';

/** Under what failed attempts are counted: whoever reads it learns no address from it. */
export type AddressHash = (address: string) => Buffer<ArrayBuffer>;

/** @param secretKey the installation's secret. The returned function takes an address in lower case and gives 32 bytes. */
export function createAddressHash(secretKey: string): AddressHash {
  const key = deriveKey(secretKey, 'sign-in addresses');
  return (address) => createHmac('sha256', key).update(address).digest();
}
