import { describe, expect, test } from 'vitest';
import { generateRecoveryCodes, hashRecoveryCode } from './recovery-codes.ts';

const pepper = Buffer.alloc(32, 1);

describe('recovery codes', () => {
  test('are ten at a time, of 16 characters that are told apart, and never twice alike', () => {
    const codes = Array.from({ length: 100 }, generateRecoveryCodes);
    expect(codes.every((each) => each.length === 10)).toBe(true);
    expect(new Set(codes.flat()).size).toBe(1_000);
    for (const code of codes.flat()) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    // Every character turns up: 16,000 draws of 32.
    expect(new Set(codes.flat().join('')).size).toBe(33);
  });

  test('are taken as people write them: in small letters, with spaces, without hyphens, with O for 0', () => {
    const hash = hashRecoveryCode(pepper, 'one', '01AB-CDEF-GHJK-MN11');
    expect(hash).toHaveLength(32);
    for (const written of ['01abcdefghjkmn11', ' 01ab cdef ghjk mn11\n', 'O1AB-CDEF-GHJK-MNIl', 'oi-ab-cd-ef-gh-jk-mn-11']) {
      expect(hashRecoveryCode(pepper, 'one', written)).toEqual(hash);
    }
  });

  test('are hashed for one person in one installation', () => {
    const hash = hashRecoveryCode(pepper, 'one', '01AB-CDEF-GHJK-MN11');
    expect(hashRecoveryCode(pepper, 'two', '01AB-CDEF-GHJK-MN11')).not.toEqual(hash);
    expect(hashRecoveryCode(Buffer.alloc(32, 2), 'one', '01AB-CDEF-GHJK-MN11')).not.toEqual(hash);
    expect(hashRecoveryCode(pepper, 'one', '01AB-CDEF-GHJK-MN12')).not.toEqual(hash);
  });

  test('are nothing else', () => {
    for (const other of ['', '123456', '01AB-CDEF-GHJK-MN1', '01AB-CDEF-GHJK-MN111', '01AB-CDEF-GHJK-MNU1', '01AB_CDEF_GHJK_MN11']) {
      expect(hashRecoveryCode(pepper, 'one', other)).toBeNull();
    }
  });
});
