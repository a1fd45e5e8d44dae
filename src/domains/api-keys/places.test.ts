import { describe, expect, test } from 'vitest';
import { isOrigin, liesWithin, networkIn } from './places.ts';

describe('a network', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:DB8:0:0:0:0:0:0/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:db8:8000::/33', '2001:db8:8000::/33'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8/128'],
  ])('%s is kept as %s', (text, kept) => expect(networkIn(text)).toBe(kept));

  test.each([
    '',
    '/24',
    '10',
    '192.0.2.0/',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/2 4',
    '192.0.2.256',
    '192.0.2.1/24',
    '10.0.0.1/0',
    '2001:db8::/129',
    '2001:db8::1/32',
    '2001:db8:8000::/32',
    '::ffff:192.0.2.0/120',
    '::ffff:c000:200/128',
    'fe80::1%eth0',
    'example.com',
    '192.0.2.0/24,198.51.100.0/24',
  ])('%j is none', (text) => expect(networkIn(text)).toBeNull());
});

test.each([
  ['192.0.2.0/24', ['192.0.2.0/24'], true],
  ['192.0.2.128/25', ['198.51.100.0/24', '192.0.2.0/24'], true],
  ['192.0.2.0/23', ['192.0.2.0/24'], false],
  ['192.0.2.0/24', ['192.0.3.0/24'], false],
  ['192.0.2.0/23', ['192.0.2.0/24', '192.0.3.0/24'], false],
  ['2001:db8:1::/48', ['2001:db8::/32'], true],
  ['2001:db8::/32', ['2001:db8:1::/48'], false],
  ['::/0', ['0.0.0.0/0'], false],
  ['0.0.0.0/0', ['::/0'], false],
] as [string, string[], boolean][])('%s lies within %j: %s', (network, others, within) => expect(liesWithin(network, others)).toBe(within));

describe('an origin', () => {
  test.each(['https://app.example.com', 'http://localhost:3000', 'https://[2001:db8::1]:8443', 'https://xn--bcher-kva.example'])(
    '%s is one',
    (text) => expect(isOrigin(text)).toBe(true),
  );

  test.each([
    '',
    '*',
    'null',
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://app.example.com:443',
    'https://APP.example.com',
    'https://bücher.example',
    'https://user@app.example.com',
    'https://*.example.com',
    'ftp://app.example.com',
    'chrome-extension://abcdef',
    'javascript:alert(1)',
  ])('%j is none', (text) => expect(isOrigin(text)).toBe(false));
});
