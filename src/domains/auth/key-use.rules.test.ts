import { describe, expect, test } from 'vitest';
import { checkUse, type KeyRules, type UsedFrom } from './key-use.rules.ts';

const OPEN: KeyRules = { allowedNetworks: [], allowedOrigins: [], requireSecondFactor: false, ownerSecondFactor: false };
const HERE: UsedFrom = { address: '192.0.2.7', origin: null };
const reason = (rules: Partial<KeyRules>, from: Partial<UsedFrom> = {}) =>
  checkUse({ ...OPEN, ...rules }, { ...HERE, ...from })?.reason ?? null;

test('a key that is bound to nothing may be used from anywhere, also where nothing is known of the caller', () => {
  expect(reason({})).toBeNull();
  expect(reason({}, { address: null, origin: 'https://anywhere.example' })).toBeNull();
});

describe('networks', () => {
  test.each<[string, string, boolean]>([
    ['192.0.2.0/24', '192.0.2.0', true],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.7/32', '192.0.2.7', true],
    ['192.0.2.7/32', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['::/0', '2001:db8::1', true],
    // A socket of both families tells an old address in the form of a new one.
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['192.0.2.0/24', '::ffff:192.0.3.7', false],
  ])('%s and %s: %s', (network, address, allowed) => {
    expect(reason({ allowedNetworks: [network] }, { address })).toBe(allowed ? null : 'FORBIDDEN_NETWORK');
  });

  test('one of several is enough', () => {
    expect(reason({ allowedNetworks: ['2001:db8::/32', '198.51.100.0/24', '192.0.2.0/24'] })).toBeNull();
  });

  test('an address that is not known is in none', () => {
    expect(reason({ allowedNetworks: ['0.0.0.0/0', '::/0'] }, { address: null })).toBe('FORBIDDEN_NETWORK');
  });
});

describe('origins', () => {
  const allowedOrigins = ['https://app.example.com', 'http://localhost:3000'];

  test.each<[string | null, boolean]>([
    ['https://app.example.com', true],
    ['http://localhost:3000', true],
    ['http://app.example.com', false],
    ['https://app.example.com:8443', false],
    ['https://app.example.com.evil.example', false],
    ['https://evil.example/https://app.example.com', false],
    ['null', false],
    ['', false],
    [null, false],
  ])('%j: %s', (origin, allowed) => {
    expect(reason({ allowedOrigins }, { origin })).toBe(allowed ? null : 'FORBIDDEN_ORIGIN');
  });
});

test('a key that requires a second factor waits until its owner has one', () => {
  expect(reason({ requireSecondFactor: true })).toBe('SECOND_FACTOR_REQUIRED');
  expect(reason({ requireSecondFactor: true, ownerSecondFactor: true })).toBeNull();
});

test('the network is told before the origin, and the origin before the second factor', () => {
  const allowedNetworks = ['198.51.100.0/24'];
  const allowedOrigins = ['https://app.example.com'];
  expect(reason({ allowedNetworks, allowedOrigins, requireSecondFactor: true })).toBe('FORBIDDEN_NETWORK');
  expect(reason({ allowedOrigins, requireSecondFactor: true })).toBe('FORBIDDEN_ORIGIN');
  expect(checkUse({ ...OPEN, allowedNetworks }, HERE)?.error.code).toBe('FORBIDDEN');
  expect(checkUse({ ...OPEN, requireSecondFactor: true }, HERE)?.error.code).toBe('SECOND_FACTOR_REQUIRED');
});
