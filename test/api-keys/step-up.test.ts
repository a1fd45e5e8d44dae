import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KeyWorld, type MadeKey, openKeyWorld } from './world.ts';

// A key outlives the session and the password of whoever makes it: a session that was copied must not be enough.

const ELEVEN_MINUTES_MS = 11 * 60_000;

let world: KeyWorld;
let key: MadeKey;
let ends: Date;
beforeAll(async () => {
  world = await openKeyWorld();
  ends = new Date(world.now().getTime() + 86_400_000);
  const places = { allowedNetworks: ['192.0.2.0/24'], allowedOrigins: ['https://app.example.com'] };
  key = await world.create({ scopes: ['workflow:*'], ...places, rateLimitPerHour: 100, monthlyLimit: 100, expiresAt: ends, requireSecondFactor: true });
  world.pass(ELEVEN_MINUTES_MS);
});
afterAll(() => world?.close());

const later = (ms: number) => new Date(ends.getTime() + ms);

describe('a person who has proved nothing lately', () => {
  test('makes no key and rotates none, for oneself or for another', async () => {
    const { viewer } = world.acme.members;
    const theirs = await world.create({ memberId: viewer });
    expect(await world.codeOf('createApiKey', { name: 'by a copied session', scopes: ['workflow:read'] })).toBe('STEP_UP_REQUIRED');
    expect(await world.codeOf('createApiKey', { name: 'by a copied session', scopes: ['workflow:read'], memberId: viewer })).toBe('STEP_UP_REQUIRED');
    expect(await world.codeOf('rotateApiKey', { id: key.id })).toBe('STEP_UP_REQUIRED');
    expect(await world.codeOf('rotateApiKey', { id: theirs.id })).toBe('STEP_UP_REQUIRED');
    const { data } = await world.api.call('{ apiKeys(filter: { revoked: true }) { totalCount } }', {}, { as: world.owner });
    expect(data.apiKeys.totalCount).toBe(0);
  });

  test.each<[string, () => object]>([
    ['scopes', () => ({ scopes: ['workflow:*', 'member:read'] })],
    ['scopes, by a wildcard', () => ({ scopes: ['*'] })],
    ['networks', () => ({ allowedNetworks: ['192.0.2.0/23'] })],
    ['networks, by taking them away', () => ({ allowedNetworks: [] })],
    ['origins', () => ({ allowedOrigins: ['https://app.example.com', 'https://other.example.com'] })],
    ['origins, by taking them away', () => ({ allowedOrigins: [] })],
    ['requireSecondFactor', () => ({ requireSecondFactor: false })],
    ['rateLimitPerHour', () => ({ rateLimitPerHour: 101 })],
    ['monthlyLimit', () => ({ monthlyLimit: 101 })],
    ['monthlyLimit, by taking it away', () => ({ monthlyLimit: null })],
    ['expiresAt', () => ({ expiresAt: later(1_000) })],
    ['expiresAt, by taking it away', () => ({ expiresAt: null })],
    ['one thing while tightening another', () => ({ rateLimitPerHour: 1, monthlyLimit: 200 })],
  ])('loosens no key: %s', async (_name, change) => {
    const before = await world.row(key);
    expect(await world.codeOf('updateApiKey', { id: key.id, ...change() })).toBe('STEP_UP_REQUIRED');
    expect(await world.row(key)).toEqual(before);
  });

  test('tightens one, renames it and takes it back', async () => {
    const changes = [
      { name: 'renamed', description: 'Anything' },
      { scopes: ['workflow:read'] },
      { allowedNetworks: ['192.0.2.0/25'] },
      { allowedOrigins: ['https://app.example.com'] },
      { requireSecondFactor: true },
      { rateLimitPerHour: 99 },
      { monthlyLimit: 99 },
      { expiresAt: later(-1_000) },
    ];
    for (const change of changes) expect([change, await world.codeOf('updateApiKey', { id: key.id, ...change })]).toEqual([change, 'done']);
    expect(await world.codeOf('revokeApiKey', { id: key.id })).toBe('done');
  });
});

test('who has just proved to be there does all of it', async () => {
  const fresh = await world.fresh();
  const made = await world.create({ scopes: ['workflow:read'], rateLimitPerHour: 1 }, fresh);
  expect(await world.codeOf('updateApiKey', { id: made.id, scopes: ['*'], rateLimitPerHour: 2 }, fresh)).toBe('done');
  expect(await world.codeOf('rotateApiKey', { id: made.id }, fresh)).toBe('done');
});

test('a key that was given the right goes on doing it: nobody can ask a program', async () => {
  const manager = world.acme.keys.owner;
  const made = await world.create({ scopes: ['workflow:read'] }, manager);
  expect(await world.codeOf('updateApiKey', { id: made.id, scopes: ['workflow:*'] }, manager)).toBe('done');
  expect(await world.codeOf('rotateApiKey', { id: made.id }, manager)).toBe('done');
});
