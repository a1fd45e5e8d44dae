import { expect, test } from 'vitest';
import type { Principal } from '../kernel/principal.ts';
import { subjectOf } from './rate-limits.ts';

const caller = (kind: Principal['kind'], userId: string, credentialId: string) => ({ kind, userId, credentialId }) as Principal;
const address = (text: string | null) => subjectOf(null, text);

test('all sessions of a person are counted together, and those of another person apart', () => {
  expect(subjectOf(caller('user', 'ann', 'first'), null)).toBe(subjectOf(caller('user', 'ann', 'second'), '192.0.2.7'));
  expect(subjectOf(caller('user', 'ann', 'first'), null)).not.toBe(subjectOf(caller('user', 'bob', 'first'), null));
});

test('each API key is counted by itself, also those of one person', () => {
  expect(subjectOf(caller('apiKey', 'ann', 'first'), null)).not.toBe(subjectOf(caller('apiKey', 'ann', 'second'), null));
  expect(subjectOf(caller('apiKey', 'ann', 'first'), null)).not.toBe(subjectOf(caller('user', 'ann', 'first'), null));
});

test('who is not signed in is counted by the network address, however that is written', () => {
  expect(address('192.0.2.7')).not.toBe(address('192.0.2.8'));
  for (const same of ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:0:1:2:3:4', '2001:db8::']) {
    expect([same, address(same)]).toEqual([same, 'address:2001:db8:0:0']);
  }
  expect(address('2001:db8:0:1::1')).toBe('address:2001:db8:0:1');
  expect(address('::1')).toBe('address:0:0:0:0');
  expect(address('0:0:0:0:0:0:0:1')).toBe(address('::1'));
  expect(address(null)).toBe('address:unknown');
});
