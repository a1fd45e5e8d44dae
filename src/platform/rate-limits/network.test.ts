import { expect, test } from 'vitest';
import { networkOf, subnetOf } from './network.ts';

test.each([
  ['2001:db8:7:1::1', '2001:db8:7', '2001:db8:7:1'],
  ['2001:db8:7:ffff:1:2:3:4', '2001:db8:7', '2001:db8:7:ffff'],
  ['2001:db8::1', '2001:db8:0', '2001:db8:0:0'],
  ['::1', '0:0:0', '0:0:0:0'],
  ['203.0.113.9', '203.0.113.9', '203.0.113.9'],
  [null, 'unknown', 'unknown'],
])('%s belongs to %s, and is in %s', (address, network, subnet) => {
  expect([networkOf(address), subnetOf(address)]).toEqual([network, subnet]);
});
