import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { OperatorError } from '../../kernel/operator-error.ts';
import { createSealing } from './sealing.ts';

const older = randomBytes(32);
const newer = randomBytes(32);
const plain = Buffer.from('a secret of twenty b');

describe('what is sealed', () => {
  test('opens as it was, and looks like nothing it was and never twice alike', () => {
    const sealing = createSealing([newer]);
    const first = sealing.seal(plain, 'totp:one');
    expect(sealing.open(first, 'totp:one')).toEqual(plain);
    expect(first.sealed).toHaveLength(12 + plain.length + 16);
    expect(first.sealed.includes(plain)).toBe(false);
    expect(sealing.seal(plain, 'totp:one').sealed.subarray(0, 12)).not.toEqual(first.sealed.subarray(0, 12));
  });

  test('does not open for anybody else', () => {
    const sealing = createSealing([newer]);
    const sealed = sealing.seal(plain, 'totp:one');
    expect(() => sealing.open(sealed, 'totp:two')).toThrow('unable to authenticate');
  });

  test('does not open when any of its bytes was changed, or its tag cut short', () => {
    const sealing = createSealing([newer]);
    const { keyId, sealed } = sealing.seal(plain, 'totp:one');
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => sealing.open({ keyId, sealed: changed }, 'totp:one'), `byte ${index}`).toThrow('unable to authenticate');
    }
    expect(() => sealing.open({ keyId, sealed: sealed.subarray(0, -1) }, 'totp:one')).toThrow('unable to authenticate');
    expect(() => sealing.open({ keyId, sealed: Buffer.alloc(0) }, 'totp:one')).toThrow(/Invalid/);
  });
});

describe('a new key', () => {
  test('seals from then on, and what an older one has sealed still opens', () => {
    const sealed = createSealing([older]).seal(plain, 'totp:one');
    const both = createSealing([newer, older]);
    expect(both.open(sealed, 'totp:one')).toEqual(plain);
    expect(both.isCurrent(sealed.keyId)).toBe(false);
    const again = both.seal(plain, 'totp:one');
    expect(both.isCurrent(again.keyId)).toBe(true);
    expect(createSealing([newer]).open(again, 'totp:one')).toEqual(plain);
  });

  test('in the place of the older one is told to the operator by the name of the key, which is no part of the key', () => {
    const sealed = createSealing([older]).seal(plain, 'totp:one');
    const open = () => createSealing([newer]).open(sealed, 'totp:one');
    expect(open).toThrow(OperatorError);
    expect(open).toThrow(`The key ${sealed.keyId} that a second factor is sealed with is not there`);
    expect(sealed.keyId).toBe(createHash('sha256').update(older).digest('hex').slice(0, 8));
  });

  test('has to be there at all', () => {
    expect(() => createSealing([])).toThrow('no key to seal with');
  });
});
