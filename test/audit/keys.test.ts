import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import type { CallOptions } from '../harness/app.ts';
import { seedWorld, signIn, type World } from '../harness/world.ts';
import { memberUuid, openTrailWorld, type TrailWorld, typesOf } from './trail.ts';

let world: TrailWorld;
let acme: World;
let other: World;
let nowMs = Date.now();
const MINUTE_MS = 60_000;

beforeAll(async () => {
  world = await openTrailWorld({ clock: { now: () => new Date(nowMs) }, environment: { RATE_LIMITS: 'on' } });
  acme = world.acme;
  other = await seedWorld(world.api, 'other', world.operator.userId);
});
afterAll(() => world?.close());
beforeEach(() => {
  nowMs += 2 * 60 * MINUTE_MS;
});

const use = (as: string, options: CallOptions = {}) => world.eventsOf(() => world.api.call('{ viewer { kind } }', {}, { as, ...options }));

/** A new key of the owner. */
async function issue(fields = ''): Promise<{ id: string; secret: string }> {
  const query = `mutation { createApiKey(input: { name: "Key ${nowMs}-${Math.random()}", scopes: ["*"] ${fields} }) { ... on CreateApiKeySuccess { secret apiKey { id } } ... on Error { message } } }`;
  const { data } = await world.api.call(query, {}, { as: acme.keys.owner });
  return { id: data.createApiKey.apiKey.id, secret: data.createApiKey.secret };
}

const forgetAll = () => world.api.app.services.auth.forgetAll();

describe('a key that is used', () => {
  test('is written down at its first use within an hour', async () => {
    const { id, secret } = await issue();
    const { events } = await use(secret, { headers: { 'user-agent': 'robot/1' } });
    expect(events).toMatchObject([
      { orgId: acme.orgUuid, type: 'API_KEY.VALIDATED', actor: { kind: 'api_key', membershipId: memberUuid(acme, 'owner') }, userAgent: 'robot/1', source: 'api' },
    ]);
    expect(events[0]?.tags).toContain(`apiKey:${id}`);
    nowMs += 59 * MINUTE_MS;
    expect((await use(secret)).events).toEqual([]);
    nowMs += 2 * MINUTE_MS;
    expect(typesOf((await use(secret)).events)).toEqual(['API_KEY.VALIDATED']);
  });

  test('is answered at once, and written before the server is closed', async () => {
    const { secret } = await issue();
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    const { events } = await world.eventsOf(() =>
      withClient(world.api.database.superuserUrl, async (client) => {
        await client.query('BEGIN');
        await client.query('SELECT 1 FROM events.heads WHERE org_id = $1 FOR UPDATE', [acme.orgUuid]);
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
        const answer = await world.api.app.api.fetch('http://tenantry.test/graphql', { method: 'POST', headers, body: '{"query":"{ viewer { kind } }"}' });
        expect(await answer.json()).toMatchObject({ data: { viewer: { kind: 'API_KEY' } } });
        let isSettled = false;
        const settling = world.api.app.accessLog.settled().then(() => (isSettled = true));
        await expect.poll(() => world.sql(waiting)).toHaveLength(1);
        expect(isSettled).toBe(false);
        await client.query('COMMIT');
        await settling;
      }),
    );
    expect(typesOf(events)).toEqual(['API_KEY.VALIDATED']);
  });

  test('and asks for too much is written down, once within a minute', async () => {
    const { id, secret } = await issue('rateLimitPerHour: 3');
    await use(secret);
    const ask = () => world.eventsOf(() => world.api.call('{ a: __typename b: __typename c: __typename d: __typename }', {}, { as: secret }));
    const { result, events } = await ask();
    expect(result.errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(events).toMatchObject([{ orgId: acme.orgUuid, type: 'API_KEY.RATE_LIMITED', data: { code: 'RATE_LIMITED', field: null } }]);
    expect(events[0]?.tags).toContain(`apiKey:${id}`);
    for (let index = 0; index < 5; index++) expect((await ask()).events).toEqual([]);
    nowMs += MINUTE_MS;
    expect(typesOf((await ask()).events)).toEqual(['API_KEY.RATE_LIMITED']);
  });
});

describe('a key that is not let in', () => {
  const reasonsOf = async (secret: string, options: CallOptions = {}) => {
    forgetAll();
    const { result, events } = await use(secret, options);
    expect(result.errors).toHaveLength(1);
    return events.map(({ orgId, type, data }) => [orgId, type, data.reason]);
  };

  test('because it was taken back', async () => {
    const { id, secret } = await issue();
    await world.mutate('revokeApiKey', { id }, acme.keys.owner);
    expect(await reasonsOf(secret)).toEqual([[acme.orgUuid, 'API_KEY.REJECTED', 'API_KEY_REVOKED']]);
  });

  test('because its time has run out', async () => {
    const { secret } = await issue(`expiresAt: "${new Date(nowMs + MINUTE_MS).toISOString()}"`);
    nowMs += 2 * MINUTE_MS;
    expect(await reasonsOf(secret)).toEqual([[acme.orgUuid, 'API_KEY.EXPIRED', 'API_KEY_EXPIRED']]);
  });

  test('because its organization or its member is shut out', async () => {
    const operator = await signIn(world.api.app, 'operator@platform.test');
    await world.mutate('suspendOrganization', { id: other.organizationId }, operator);
    expect(await reasonsOf(other.keys.viewer)).toEqual([[other.orgUuid, 'API_KEY.REJECTED', 'ORG_NOT_ACTIVE']]);
    await world.mutate('activateOrganization', { id: other.organizationId }, operator);
    await world.sql("UPDATE iam.memberships SET status = 'suspended' WHERE id = $1", memberUuid(other, 'viewer'));
    expect(await reasonsOf(other.keys.viewer)).toEqual([[other.orgUuid, 'API_KEY.REJECTED', 'USER_NOT_ACTIVE']]);
  });

  test('because it names another organization, which hears nothing of it', async () => {
    const headers = { 'x-organization-id': other.organizationId };
    expect(await reasonsOf(acme.keys.member, { headers })).toEqual([[acme.orgUuid, 'API_KEY.REJECTED', 'FORBIDDEN']]);
  });

  test("because nobody knows it leaves nothing: it is nobody's", async () => {
    const { secret } = await issue();
    const unknown = `${secret.slice(0, 5)}${secret[5] === 'a' ? 'b' : 'a'}${secret.slice(6)}`;
    expect(await reasonsOf(unknown)).toEqual([]);
  });

  test('again and again is written once a minute, with how often it was not', async () => {
    const { id, secret } = await issue();
    await world.mutate('revokeApiKey', { id }, acme.keys.owner);
    const { events } = await world.eventsOf(async () => {
      for (let index = 0; index < 5; index++) await use(secret);
    });
    expect(typesOf(events)).toEqual(['API_KEY.REJECTED']);
    nowMs += MINUTE_MS;
    expect((await use(secret)).events.map(({ data }) => data)).toEqual([{ reason: 'API_KEY_REVOKED', leftOut: 4 }]);
  });
});
