import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { periodOf } from '../../src/domains/api-keys/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { bearer, codesOf, send } from '../http/door.ts';
import { bySse, byWebSocket, type Followed } from '../http/subscribers.ts';
import { type ServedWorld, serveWorld } from '../http/world.ts';

// Whatever a key asks for, by whatever door, is counted in its month and its hour.

let world: ServedWorld;
let made = 0;
beforeAll(async () => {
  world = await serveWorld({ environment: { RATE_LIMITS: 'on' } });
});
afterAll(() => world?.close());

async function keyWith(input: object): Promise<string> {
  const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } } }';
  const variables = { input: { name: `key ${(made += 1)}`, scopes: ['*'], ...input } };
  return (await world.testApp.call(query, variables, { as: world.acme.keys.owner })).data.createApiKey.secret;
}
const take = (secret: string) => send(`${new URL(world.url).origin}/events/export`, { method: 'GET', headers: bearer(secret) });
const usedOf = (secret: string) =>
  withClient(world.testApp.database.superuserUrl, async (client) => {
    const text = 'SELECT u.used FROM iam.api_key_usage u JOIN iam.api_keys k USING (org_id, usage_id) WHERE k.prefix = $1 AND u.period = $2';
    const { rows } = await client.query<{ used: string }>(text, [secret.slice(0, 9), periodOf(new Date())]);
    return Number(rows[0]?.used ?? 0);
  });

describe('taking the log', () => {
  test('counts in the month of a key, and is refused when that is used up', async () => {
    const secret = await keyWith({ monthlyLimit: 2 });
    expect([(await take(secret)).status, (await take(secret)).status]).toEqual([200, 200]);
    expect(await usedOf(secret)).toBe(2);
    const reply = await take(secret);
    expect([reply.status, codesOf(reply)]).toEqual([429, ['RATE_LIMITED']]);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(await usedOf(secret)).toBe(2);
  });

  test('is refused to a key whose month went for queries, and takes from what queries have', async () => {
    const secret = await keyWith({ monthlyLimit: 1 });
    expect((await world.testApp.call('{ organization { slug } }', {}, { as: secret })).errors).toBeUndefined();
    expect(codesOf(await take(secret))).toEqual(['RATE_LIMITED']);
    const other = await keyWith({ monthlyLimit: 1 });
    await take(other);
    expect((await world.testApp.call('{ organization { slug } }', {}, { as: other })).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
  });

  test('is known of a key without a limit too', async () => {
    const secret = await keyWith({});
    await take(secret);
    await world.testApp.app.keyUsage.flush();
    expect(await usedOf(secret)).toBe(1);
  });

  test('counts in the hour of a key', async () => {
    const secret = await keyWith({ rateLimitPerHour: 60 });
    const statuses = new Map<number, number>();
    for (let call = 0; call < 100 && !statuses.has(429); call += 1) {
      const { status } = await take(secret);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses.get(429)).toBe(1);
  });
});

describe.each<[string, (secret: string) => Followed]>([
  ['server-sent events', (secret) => bySse(world.url, bearer(secret), { query: SUBSCRIPTION })],
  ['a WebSocket', (secret) => byWebSocket(world.url, { authorization: `Bearer ${secret}` }, { query: SUBSCRIPTION })],
])('subscribing by %s', (_name, subscribe) => {
  test('counts once in the month of a key, and is refused when that is used up', async () => {
    const secret = await keyWith({ monthlyLimit: 1 });
    const first = subscribe(secret);
    await expect.poll(() => usedOf(secret), { timeout: 20_000 }).toBe(1);
    const second = subscribe(secret);
    expect(await refusalOf(second)).toContain('RATE_LIMITED');
    expect(await usedOf(secret)).toBe(1);
    first.stop();
  });
});

/** What a subscription that did not begin was told, as text: by one door in an answer of its own, by the other in a message. */
async function refusalOf({ done, results }: Followed): Promise<string> {
  const outcome = await done.then(() => results, (error: unknown) => error);
  const response = (outcome as { response?: Response }).response;
  return response ? response.text() : JSON.stringify(outcome);
}

const SUBSCRIPTION = 'subscription { eventAppended { position } }';
