import { createHmac } from 'node:crypto';
import { deriveKey } from '../../platform/crypto/keys.ts';

type SubjectHash = Buffer<ArrayBuffer>;

/**
 * Under what failed attempts are counted and locked, each as 32 bytes from which nobody learns whom they are about. They
 * are apart, because whoever knows an address can fill the first: that must be no way to lock anything but the door.
 */
export interface AttemptSubjects {
  /** Passwords at the door: of an address in lower case, whether anybody has it or not. */
  address(address: string): SubjectHash;
  /** Codes of a second factor: tried by whoever has got past the password, or has a session of the person. */
  codes(userId: string): SubjectHash;
  /** Passwords behind the door: tried by whoever has a session of the person. */
  session(userId: string): SubjectHash;
}

/** @param secretKey the installation's secret. */
export function createAttemptSubjects(secretKey: string): AttemptSubjects {
  const key = deriveKey(secretKey, 'sign-in addresses');
  // What kind it is stands before whatever somebody has typed, so no address is taken for a person.
  const hash = (kind: keyof AttemptSubjects, of: string): SubjectHash => createHmac('sha256', key).update(`${kind}:${of}`).digest();
  return {
    address: (address) => hash('address', address),
    codes: (userId) => hash('codes', userId),
    session: (userId) => hash('session', userId),
  };
}
