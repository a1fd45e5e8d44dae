import { describe, expect, test } from 'vitest';
import { checkBounds, inheritBounds, type KeyBounds } from './key-bounds.rules.ts';

const FREE: KeyBounds = { allowedNetworks: [], allowedOrigins: [], requireSecondFactor: false, rateLimitPerHour: 10_000, monthlyLimit: null };
const HELD: KeyBounds = {
  allowedNetworks: ['192.0.2.0/24'],
  allowedOrigins: ['https://app.example.com'],
  requireSecondFactor: true,
  rateLimitPerHour: 50,
  monthlyLimit: 100,
};

test('a person gives a key what bounds they like', () => {
  expect(inheritBounds(FREE, null)).toEqual(FREE);
  expect(() => checkBounds(FREE, null)).not.toThrow();
});

test('a key that a key makes is held to what holds its maker, where nothing narrower is asked for', () => {
  expect(inheritBounds({ ...FREE, rateLimitPerHour: undefined }, HELD)).toEqual(HELD);
  expect(inheritBounds({ ...FREE, rateLimitPerHour: undefined }, FREE)).toEqual({ ...FREE, rateLimitPerHour: 3_600 });
  const narrower = { ...HELD, allowedNetworks: ['192.0.2.128/25'], rateLimitPerHour: 49, monthlyLimit: 99 };
  expect(inheritBounds(narrower, HELD)).toEqual(narrower);
  expect(inheritBounds(HELD, FREE)).toEqual(HELD);
});

describe('no key leaves a key freer than itself', () => {
  test.each<[Partial<KeyBounds>, string]>([
    [{ allowedNetworks: [] }, 'allowedNetworks'],
    [{ allowedNetworks: ['192.0.2.0/24', '198.51.100.0/24'] }, 'allowedNetworks'],
    [{ allowedNetworks: ['192.0.2.0/23'] }, 'allowedNetworks'],
    [{ allowedOrigins: [] }, 'allowedOrigins'],
    [{ allowedOrigins: ['https://app.example.com', 'https://other.example.com'] }, 'allowedOrigins'],
    [{ requireSecondFactor: false }, 'requireSecondFactor'],
    [{ rateLimitPerHour: 51 }, 'rateLimitPerHour'],
    [{ monthlyLimit: null }, 'monthlyLimit'],
    [{ monthlyLimit: 101 }, 'monthlyLimit'],
  ])('%j is too much', (change, named) => {
    expect(() => checkBounds({ ...HELD, ...change }, HELD)).toThrow(`freer than itself: ${named}.`);
  });

  test.each<Partial<KeyBounds>>([{}, { allowedNetworks: ['192.0.2.7/32'] }, { monthlyLimit: 1 }, { monthlyLimit: 100 }])('%j is not', (change) => {
    expect(() => checkBounds({ ...HELD, ...change }, HELD)).not.toThrow();
  });

  test('what nothing holds lets others be held', () => expect(() => checkBounds(HELD, FREE)).not.toThrow());
});
