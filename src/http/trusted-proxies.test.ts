import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { createForwardedWarning, createTrustedProxies, senderOf } from './trusted-proxies.ts';

const trusts = createTrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

const sender = (remoteAddress: string | undefined, headers: Record<string, string | string[]> = {}) =>
  senderOf({ socket: { remoteAddress }, headers } as never, trusts);

describe('the address of a caller', () => {
  test.each([
    ['a stranger whose header is not believed', '203.0.113.5', '10.1.1.1', '203.0.113.5'],
    ['a trusted proxy tells', '10.0.0.1', '203.0.113.5', '203.0.113.5'],
    ['two trusted proxies, the far one in the header', '192.0.2.7', '203.0.113.5, 10.9.9.9', '203.0.113.5'],
    ['what the caller put in front of it is not believed', '10.0.0.1', '127.0.0.1, 203.0.113.5', '203.0.113.5'],
    ['a proxy that says nothing is the caller', '10.0.0.1', '', '10.0.0.1'],
    ['no address ends the chain', '10.0.0.1', '203.0.113.5, unknown', '10.0.0.1'],
    ['an address with a port', '10.0.0.1', '203.0.113.5:1234', '203.0.113.5'],
    ['the old form in the new one', '::ffff:10.0.0.1', '::ffff:203.0.113.5', '203.0.113.5'],
    ['the old form in the new one, written as new', '::ffff:10.0.0.1', '::ffff:cb00:7105', '203.0.113.5'],
    ['one address in two spellings', 'fd00::1', '[2001:DB8:0::5]:80', '2001:db8::5'],
    ['one below a network is not in it', '9.255.255.255', '203.0.113.5', '9.255.255.255'],
  ])('%s', (_name, peer, forwarded, address) => {
    expect(sender(peer, { 'x-forwarded-for': forwarded }).address).toBe(address);
  });

  test('is unknown without a socket', () => {
    expect(sender(undefined, { 'x-forwarded-for': '203.0.113.5' })).toEqual({ address: null, secure: false });
  });

  test('several headers are one list', () => {
    expect(sender('10.0.0.1', { 'x-forwarded-for': ['127.0.0.1', '203.0.113.5'] }).address).toBe('203.0.113.5');
  });
});

describe('HTTPS', () => {
  test.each([
    ['10.0.0.1', 'https', true],
    ['10.0.0.1', 'HTTPS', true],
    ['10.0.0.1', 'http', false],
    ['10.0.0.1', 'https, http', false],
    ['203.0.113.5', 'https', false],
  ])('from %s, told "%s": %s', (peer, protocol, secure) => {
    expect(sender(peer, { 'x-forwarded-proto': protocol }).secure).toBe(secure);
  });

  test('is known of the own socket', () => {
    const socket = { remoteAddress: '203.0.113.5', encrypted: true };
    expect(senderOf({ socket, headers: {} } as never, trusts).secure).toBe(true);
  });
});

test('a forwarded header of a stranger is told once, and nothing of it', () => {
  const log: Record<string, unknown>[] = [];
  const warn = createForwardedWarning(trusts, pino({}, { write: (line: string) => void log.push(JSON.parse(line)) }));
  const come = (remoteAddress: string, headers: Record<string, string>) => warn({ socket: { remoteAddress }, headers } as never);
  come('10.0.0.1', { 'x-forwarded-for': '203.0.113.5' });
  come('203.0.113.9', {});
  expect(log).toEqual([]);
  come('::ffff:203.0.113.9', { 'x-forwarded-for': 'secret' });
  come('203.0.113.8', { 'x-forwarded-for': 'secret' });
  expect(log).toHaveLength(1);
  expect(log[0]).toMatchObject({ level: 40, code: 'FORWARDED_BY_UNTRUSTED', peer: '203.0.113.9' });
  expect(JSON.stringify(log)).not.toContain('secret');
});
