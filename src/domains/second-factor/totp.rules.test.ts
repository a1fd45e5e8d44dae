import { describe, expect, test } from 'vitest';
import { codeOf, matchingStep, otpauthUri, typedSecret } from './totp.rules.ts';

// RFC 6238, appendix B: the secret of its SHA-1 vectors.
const secret = Buffer.from('12345678901234567890');
const VECTORS = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
] as const;
const at = (seconds: number) => new Date(seconds * 1000);

describe('the vectors of RFC 6238', () => {
  test.each(VECTORS)('at %s seconds the code is %s', (seconds, code) => {
    expect(codeOf(secret, Math.floor(seconds / 30), 8)).toBe(code);
    // A shorter code is the end of a longer one.
    expect(matchingStep(secret, code.slice(2), at(seconds))).toBe(Math.floor(seconds / 30));
  });
});

describe('a code', () => {
  const step = 41_152_263;
  const code = codeOf(secret, step);

  test('is good in its 30 seconds, in those before and in those after, and never else', () => {
    const good = [-2, -1, 0, 1, 2].filter((steps) => matchingStep(secret, code, at((step + steps) * 30 + 15)) === step);
    expect(good).toEqual([-1, 0, 1]);
  });

  test('is good from the first millisecond of its time to the last', () => {
    const begins = (step - 1) * 30_000;
    const ends = (step + 2) * 30_000;
    const matches = (ms: number) => matchingStep(secret, code, new Date(ms));
    expect([begins - 1, begins, ends - 1, ends].map(matches)).toEqual([null, step, step, null]);
  });

  test('of another secret is none', () => {
    expect(matchingStep(Buffer.from('12345678901234567891'), code, at(step * 30))).toBeNull();
  });

  test('has six digits and nothing else', () => {
    for (const wrong of ['', code.slice(1), `${code}0`, ` ${code}`, `${code}\n`, `${code.slice(1)}x`, '١٢٣٤٥٦', 'é23456']) {
      expect(matchingStep(secret, wrong, at(step * 30))).toBeNull();
    }
  });

  test('keeps the zeros it begins with', () => {
    expect(codeOf(secret, Math.floor(1111111109 / 30))).toBe('081804');
    expect(matchingStep(secret, '81804', at(1111111109))).toBeNull();
  });
});

describe('what an authenticator is told', () => {
  test('names the product and the address, and everything it must know to make the same codes', () => {
    const uri = new URL(otpauthUri(secret, 'Tenantry', 'a person+x@example.test'));
    expect(`${uri.protocol}//${uri.host}`).toBe('otpauth://totp');
    expect(decodeURIComponent(uri.pathname)).toBe('/Tenantry:a person+x@example.test');
    expect(Object.fromEntries(uri.searchParams)).toEqual({ issuer: 'Tenantry', secret: typedSecret(secret), algorithm: 'SHA1', digits: '6', period: '30' });
  });

  test('is the secret in base 32', () => {
    expect(typedSecret(secret)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  });
});
