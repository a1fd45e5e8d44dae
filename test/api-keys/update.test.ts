import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedWorld, signIn } from '../harness/world.ts';
import { type KeyWorld, openKeyWorld } from './world.ts';

let world: KeyWorld;
const sessions: Record<string, string> = {};
beforeAll(async () => {
  world = await openKeyWorld();
  for (const role of ['admin', 'viewer'] as const) sessions[role] = await signIn(world.api.app, world.acme.email(role));
});
afterAll(() => world?.close());

const update = (input: Record<string, unknown>, as?: string) => world.codeOf('updateApiKey', input, as);

describe('a change', () => {
  test('is in force at the next request, and in the log with what it was before', async () => {
    const key = await world.create({ scopes: ['workflow:read', 'organization:read'], rateLimitPerHour: 100 });
    expect(await world.entry(key.secret)).toBeNull();
    const change = { name: 'narrower', description: 'For reading', scopes: ['workflow:read'], rateLimitPerHour: 50, allowedNetworks: [], monthlyLimit: 10 };
    const { result, events } = await world.eventsOf(() => update({ id: key.id, ...change }));
    expect(result).toBe('done');
    expect(events).toMatchObject([
      {
        type: 'API_KEY.UPDATED',
        aggregate: `apiKey:${key.uuid}`,
        data: {
          before: { description: null, scopes: ['workflow:read', 'organization:read'], rateLimitPerHour: 100, monthlyLimit: null },
          after: { name: 'narrower', description: 'For reading', scopes: ['workflow:read'], rateLimitPerHour: 50, monthlyLimit: 10 },
        },
      },
    ]);
    expect(await world.entry(key.secret)).toBe('FORBIDDEN');
    expect((await world.api.call('{ workflows { totalCount } }', {}, { as: key.secret })).errors).toBeUndefined();
  });

  test('that changes nothing is in no log', async () => {
    const key = await world.create({ allowedNetworks: ['192.0.2.0/24'] });
    const { result, events } = await world.eventsOf(() => update({ id: key.id, allowedNetworks: ['192.0.2.0/24'], scopes: ['*'] }));
    expect([result, events]).toEqual(['done', []]);
  });

  test('of what is not given changes nothing, and null takes away what may be without', async () => {
    const key = await world.create({ description: 'text', monthlyLimit: 9, expiresAt: new Date(world.now().getTime() + 60_000), allowedOrigins: ['https://app.example.com'] });
    expect(await update({ id: key.id, name: 'renamed', scopes: null })).toBe('done');
    expect(await world.row(key)).toMatchObject({ name: 'renamed', description: 'text', monthly_limit: 9, allowed_origins: ['https://app.example.com'], scopes: ['*'] });
    expect(await update({ id: key.id, description: null, monthlyLimit: null, expiresAt: null, allowedOrigins: [] })).toBe('done');
    expect(await world.row(key)).toMatchObject({ description: null, monthly_limit: null, expires_at: null, allowed_origins: [] });
  });

  test('brings back nothing that has ended: revoked, expired, rotated', async () => {
    const expiresAt = new Date(world.now().getTime() + 60_000);
    const [revoked, expired, rotated] = [await world.create(), await world.create({ expiresAt }), await world.create()];
    await world.codeOf('revokeApiKey', { id: revoked.id });
    await world.codeOf('rotateApiKey', { id: rotated.id, overlapSeconds: 600 });
    world.pass(60_001);
    for (const { id } of [revoked, expired, rotated]) expect(await update({ id, expiresAt: null })).toBe('CONFLICT');
    expect((await world.row(rotated))['expires_at']).not.toBeNull();
  });

  test('to a name that another live key of the owner has is refused', async () => {
    await world.create({ name: 'taken' });
    const key = await world.create();
    expect(await update({ id: key.id, name: 'taken' })).toBe('CONFLICT');
  });

  test('into the past, to scopes that nobody can have, or to no scope, is refused', async () => {
    const { id } = await world.create();
    for (const change of [{ expiresAt: new Date(0) }, { scopes: ['platform:admin'] }, { scopes: [] }, { name: '' }]) {
      expect(await update({ id, ...change })).toBe('VALIDATION_FAILED');
    }
  });
});

describe('nobody widens a key beyond their own rights', () => {
  test('a key of another member is changed by a role above it alone, and one of another organization not found', async () => {
    const other = await seedWorld(world.api, 'other', world.operator.userId);
    expect(await update({ id: world.acme.apiKeyId, name: 'x' }, sessions['viewer'])).toBe('FORBIDDEN');
    expect(await update({ id: world.acme.apiKeyId, name: 'x' }, sessions['admin'])).toBe('FORBIDDEN');
    expect(await update({ id: world.acme.viewerKeyId, name: 'x' }, sessions['admin'])).toBe('done');
    expect(await update({ id: other.apiKeyId, name: 'x' })).toBe('NOT_FOUND');
    expect(await update({ id: world.acme.apiKeyId, name: 'x' }, other.keys.owner)).toBe('NOT_FOUND');
  });

  test('scopes that the changer lacks are refused, also where the key had them before', async () => {
    expect(await update({ id: world.acme.viewerKeyId, scopes: ['workflow:write'] }, sessions['viewer'])).toBe('FORBIDDEN');
    const narrow = await world.create({ scopes: ['apiKey:write', 'workflow:read'] });
    const wide = await world.create();
    expect(await update({ id: narrow.id, scopes: ['*'] }, narrow.secret)).toBe('FORBIDDEN');
    expect(await update({ id: wide.id, allowedNetworks: [] }, narrow.secret)).toBe('FORBIDDEN');
    expect(await update({ id: narrow.id, scopes: ['workflow:read'] }, narrow.secret)).toBe('done');
    expect(await update({ id: narrow.id, name: 'mine' }, narrow.secret)).toBe('FORBIDDEN');
  });

  test('a wildcard that is given to a key of another member stands for what it means today', async () => {
    const memberId = world.acme.members.viewer;
    const key = await world.create({ memberId, scopes: ['workflow:read'] });
    expect(await update({ id: key.id, scopes: ['workflow:*'] })).toBe('done');
    expect((await world.row(key))['scopes']).toEqual(['workflow:read']);
  });

  test('a bound key leaves no key freer than itself: neither itself, nor one that it makes, changes or rotates', async () => {
    const bounds = { allowedOrigins: ['https://app.example.com'], monthlyLimit: 1_000 };
    const bound = await world.create(bounds);
    const free = await world.create();
    const headers = { origin: 'https://app.example.com' };
    const as = async (mutation: string, input: object) => {
      const { data, errors } = await world.mutate(mutation, input, bound.secret, headers);
      return errors?.[0]?.extensions.code ?? data[mutation].code ?? 'done';
    };
    expect(await as('updateApiKey', { id: bound.id, allowedOrigins: [] })).toBe('FORBIDDEN');
    expect(await as('updateApiKey', { id: bound.id, monthlyLimit: 1_001 })).toBe('FORBIDDEN');
    expect(await as('updateApiKey', { id: bound.id, monthlyLimit: null })).toBe('FORBIDDEN');
    expect(await as('updateApiKey', { id: free.id, name: 'touched' })).toBe('FORBIDDEN');
    expect(await as('rotateApiKey', { id: free.id })).toBe('FORBIDDEN');
    expect(await as('createApiKey', { name: 'freer', scopes: ['*'], allowedOrigins: ['https://evil.example'] })).toBe('FORBIDDEN');
    expect(await as('createApiKey', { name: 'heir', scopes: ['*'] })).toBe('done');
    const [heir] = await world.sql(`SELECT allowed_origins, monthly_limit, usage_id FROM iam.api_keys WHERE name = 'heir'`);
    expect(heir).toEqual({ allowed_origins: bounds.allowedOrigins, monthly_limit: 1_000, usage_id: (await world.row(bound))['usage_id'] });
    expect(await as('updateApiKey', { id: bound.id, monthlyLimit: 500 })).toBe('done');
  });

  test('a key gives no key a later end than its own', async () => {
    const expiresAt = new Date(world.now().getTime() + 3_600_000);
    const mortal = await world.create({ expiresAt });
    expect(await update({ id: mortal.id, expiresAt: new Date(expiresAt.getTime() + 1) }, mortal.secret)).toBe('VALIDATION_FAILED');
    expect(await update({ id: mortal.id, expiresAt: null }, mortal.secret)).toBe('done');
    expect((await world.row(mortal))['expires_at']).toEqual(expiresAt);
  });
});

describe('the hour of a key', () => {
  test('is the most that it gives to another, or to itself', async () => {
    const slow = await world.create({ rateLimitPerHour: 50 });
    const fast = await world.create({ rateLimitPerHour: 51 });
    const made = await world.create({}, slow.secret);
    expect(await world.row(made)).toMatchObject({ rate_limit_per_hour: 50 });
    expect(await world.codeOf('createApiKey', { name: 'faster', scopes: ['*'], rateLimitPerHour: 51 }, slow.secret)).toBe('FORBIDDEN');
    expect(await update({ id: made.id, rateLimitPerHour: 51 }, slow.secret)).toBe('FORBIDDEN');
    expect(await update({ id: slow.id, rateLimitPerHour: 51 }, slow.secret)).toBe('FORBIDDEN');
    expect(await world.codeOf('rotateApiKey', { id: fast.id }, slow.secret)).toBe('FORBIDDEN');
    expect(await update({ id: made.id, rateLimitPerHour: 49 }, slow.secret)).toBe('done');
    expect(await world.row(fast)).toMatchObject({ status: 'active', rate_limit_per_hour: 51, superseded_by_id: null });
  });

  test('of one that a key of many makes is the usual one', async () => {
    const key = await world.create({ rateLimitPerHour: 10_000 });
    expect(await world.row(await world.create({}, key.secret))).toMatchObject({ rate_limit_per_hour: 3_600 });
  });
});

// Last: it lets time go by.
describe('null', () => {
  test('takes every rule away with null, as docs/api-keys.md says, and that is a key let freer: not with a copied session', async () => {
    const bounds = { rateLimitPerHour: 5, allowedNetworks: ['192.0.2.0/24'], allowedOrigins: ['https://app.example.com'], requireSecondFactor: true, monthlyLimit: 9 };
    const key = await world.create(bounds);
    const fresh = await world.fresh();
    world.pass(10 * 60_000 + 1);
    for (const rule of Object.keys(bounds)) {
      expect([rule, await update({ id: key.id, [rule]: null }, fresh)]).toEqual([rule, 'STEP_UP_REQUIRED']);
      expect([rule, await update({ id: key.id, [rule]: null }, await world.fresh())]).toEqual([rule, 'done']);
    }
    const without = { rate_limit_per_hour: 3600, allowed_networks: [], allowed_origins: [], require_second_factor: false, monthly_limit: null };
    expect(await world.row(key)).toMatchObject(without);
  });

  test('by a key takes no rule away that the key itself is held to', async () => {
    const maker = await world.create({ rateLimitPerHour: 50, allowedOrigins: ['https://app.example.com'] });
    const headers = { origin: 'https://app.example.com' };
    const call = async (input: Record<string, unknown>) => {
      const query = 'mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { ... on UpdateApiKeySuccess { apiKey { rateLimitPerHour } } ... on Error { code } } }';
      const { data, errors } = await world.api.call(query, { input: { id: maker.id, ...input } }, { as: maker.secret, headers });
      return errors?.[0]?.extensions.code ?? data.updateApiKey;
    };
    expect(await call({ allowedOrigins: null })).toBe('FORBIDDEN');
    expect(await call({ rateLimitPerHour: null })).toEqual({ apiKey: { rateLimitPerHour: 50 } });
  });
});
