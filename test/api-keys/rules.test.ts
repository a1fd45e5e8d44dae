import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateApiKey } from '../../src/domains/auth/index.ts';
import { uuidOf } from '../../src/kernel/ids.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { type KeyWorld, openKeyWorld } from './world.ts';

let world: KeyWorld;
let server: TestServer;
beforeAll(async () => {
  world = await openKeyWorld();
  // Behind a proxy, so that a test says where its callers sit.
  server = await startTestServer(world.api, { trustedProxies: ['127.0.0.1'] });
});
afterAll(async () => {
  await server?.close();
  await world?.close();
});

/** What a caller at a network address is answered, as a code; null when it was let in. */
async function entryFrom(address: string, secret: string): Promise<string | null> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ query: '{ organization { slug } }' }),
  });
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return errors?.[0]?.extensions.code ?? null;
}

/** The reasons for which a key was rejected, as the organization's log has them. */
async function rejectionsOf<Result>(work: () => Promise<Result>) {
  const { result, events } = await world.eventsOf(async () => {
    const done = await work();
    await world.api.app.accessLog.settled();
    return done;
  });
  return { result, reasons: events.filter(({ type }) => type === 'API_KEY.REJECTED').map(({ data }) => data.reason) };
}

describe('a key that is bound to networks', () => {
  test('opens the door from there alone', async () => {
    const { secret } = await world.create({ allowedNetworks: ['192.0.2.0/24', '2001:db8::/32'] });
    for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '2001:db8::9']) expect(await entryFrom(address, secret)).toBeNull();
    const { result, reasons } = await rejectionsOf(() => entryFrom('198.51.100.9', secret));
    expect(result).toBe('FORBIDDEN');
    expect(reasons).toEqual(['FORBIDDEN_NETWORK']);
  });

  test('is refused where the address of the caller is not known', async () => {
    const { secret } = await world.create({ allowedNetworks: ['0.0.0.0/0', '::/0'] });
    expect(await world.entry(secret)).toBe('FORBIDDEN');
  });

  test('is not believed by what a caller says of itself', async () => {
    const { secret } = await world.create({ allowedNetworks: ['192.0.2.0/24'] });
    const direct = await startTestServer(world.api);
    const response = await fetch(direct.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.9' },
      body: JSON.stringify({ query: '{ organization { slug } }' }),
    });
    await direct.close();
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });
});

describe('a key that is bound to origins', () => {
  test('opens the door for their pages alone, and never without an Origin header', async () => {
    const { secret } = await world.create({ allowedOrigins: ['https://app.example.com'] });
    expect(await world.entry(secret, { headers: { origin: 'https://app.example.com' } })).toBeNull();
    const { reasons } = await rejectionsOf(async () => {
      expect(await world.entry(secret)).toBe('FORBIDDEN');
      expect(await world.entry(secret, { headers: { origin: 'https://evil.example' } })).toBe('FORBIDDEN');
    });
    // Once a minute and key.
    expect(reasons).toEqual(['FORBIDDEN_ORIGIN']);
  });
});

describe('a key that requires a second factor', () => {
  test('waits until its owner has one, and is shut out at once when that is gone', async () => {
    const { secret } = await world.create({ requireSecondFactor: true });
    const userId = (await world.sql('SELECT id FROM iam.users WHERE email = $1', world.acme.email('owner')))[0]!['id'];
    const { result, reasons } = await rejectionsOf(() => world.entry(secret));
    expect(result).toBe('SECOND_FACTOR_REQUIRED');
    expect(reasons).toEqual(['SECOND_FACTOR_REQUIRED']);
    const becomes = (code: string | null) => expect.poll(() => world.entry(secret), { timeout: 20_000 }).toBe(code);
    const insert = `INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, created_at) VALUES ($1, '00000000', $2, now())`;
    await world.sql(insert, userId, Buffer.alloc(40));
    expect(await world.entry(secret)).toBe('SECOND_FACTOR_REQUIRED');
    await world.sql('UPDATE credentials.second_factors SET confirmed_at = now() WHERE user_id = $1', userId);
    await becomes(null);
    await world.sql('DELETE FROM credentials.second_factors WHERE user_id = $1', userId);
    await becomes('SECOND_FACTOR_REQUIRED');
  });

  test('is made so, and freed of it, by who has proved lately to be there: by no key and no old session', async () => {
    const input = { name: 'strict', scopes: ['*'], requireSecondFactor: true };
    expect(await world.codeOf('createApiKey', input, world.acme.keys.owner)).toBe('FORBIDDEN');
    const strict = await world.create({ requireSecondFactor: true });
    const lax = await world.create();
    expect(await world.codeOf('updateApiKey', { id: lax.id, requireSecondFactor: true }, world.acme.keys.owner)).toBe('FORBIDDEN');
    world.pass(11 * 60_000);
    expect(await world.codeOf('createApiKey', input)).toBe('STEP_UP_REQUIRED');
    expect(await world.codeOf('updateApiKey', { id: strict.id, requireSecondFactor: false })).toBe('STEP_UP_REQUIRED');
    expect(await world.codeOf('updateApiKey', { id: lax.id, requireSecondFactor: true })).toBe('done');
    expect(await world.codeOf('updateApiKey', { id: strict.id, requireSecondFactor: true, name: 'still strict' })).toBe('done');
  });

  test('is a key for oneself: on another its answer would tell who has a second factor, and so an account', async () => {
    const memberId = world.acme.members.viewer;
    const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ValidationError { fields { path message } } } }';
    const { data } = await world.api.call(query, { input: { name: 'oracle', scopes: ['*'], memberId, requireSecondFactor: true } }, { as: await world.fresh() });
    expect(data.createApiKey.fields).toEqual([{ path: ['requireSecondFactor'], message: expect.stringContaining('only on a key for yourself') }]);
    const theirs = await world.create({ memberId });
    expect(await world.codeOf('updateApiKey', { id: theirs.id, requireSecondFactor: true }, await world.fresh())).toBe('VALIDATION_FAILED');
    // What a member has set is not asked by somebody else, not even by way of a new secret.
    await world.sql('UPDATE iam.api_keys SET require_second_factor = true WHERE id = $1', theirs.uuid);
    expect(await world.codeOf('rotateApiKey', { id: theirs.id }, await world.fresh())).toBe('FORBIDDEN');
    const strict = await world.create({ requireSecondFactor: true });
    const userId = (await world.sql('SELECT id FROM iam.users WHERE email = $1', world.acme.email('owner')))[0]!['id'];
    const insert = `INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, created_at, confirmed_at) VALUES ($1, '00000000', $2, now(), now())`;
    await world.sql(insert, userId, Buffer.alloc(40));
    await expect.poll(() => world.entry(strict.secret), { timeout: 20_000 }).toBeNull();
    expect(await world.codeOf('createApiKey', { name: 'inherited oracle', scopes: ['*'], memberId }, strict.secret)).toBe('VALIDATION_FAILED');
    await world.sql('DELETE FROM credentials.second_factors WHERE user_id = $1', userId);
  });
});

describe('each state has its answer', () => {
  test('and the first of them is told', async () => {
    const bound = { allowedNetworks: ['192.0.2.0/24'] };
    const revoked = await world.create(bound);
    const expired = await world.create({ ...bound, expiresAt: new Date(world.now().getTime() + 60_000) });
    const elsewhere = await world.create(bound);
    await world.codeOf('revokeApiKey', { id: revoked.id });
    world.pass(60_001);
    expect(await world.entry(revoked.secret)).toBe('UNAUTHENTICATED');
    expect(await world.entry(expired.secret)).toBe('API_KEY_EXPIRED');
    expect(await world.entry(elsewhere.secret)).toBe('FORBIDDEN');
    expect(await world.entry(generateApiKey())).toBe('UNAUTHENTICATED');
  });

  test('a key whose checksum is wrong touches no database', async () => {
    const { secret } = await world.create();
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;
    const { result, statements } = await world.api.statementsOf(() => world.entry(wrong));
    expect(result).toBe('UNAUTHENTICATED');
    expect(statements).toEqual([]);
  });

  test('the reason for which a key ended is shown', async () => {
    const taken = await world.create();
    const rotated = await world.create();
    const overlapping = await world.create();
    await world.codeOf('revokeApiKey', { id: taken.id });
    await world.codeOf('rotateApiKey', { id: rotated.id }, await world.fresh());
    await world.codeOf('rotateApiKey', { id: overlapping.id, overlapSeconds: 60 }, await world.fresh());
    const ids = [taken, rotated, overlapping].map(({ id }) => id);
    const { data } = await world.api.call('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ApiKey { revokedReason supersededById } } }', { ids }, { as: world.owner });
    expect(data.nodes.map(({ revokedReason }: { revokedReason: string }) => revokedReason)).toEqual(['TAKEN_BACK', 'ROTATED', null]);
    expect(uuidOf('ApiKey', data.nodes[1].supersededById)).not.toBeNull();
  });
});

describe('what is no rule is refused with what would be one', () => {
  test.each([
    [{ allowedNetworks: ['192.0.2.1/24'] }, 'allowedNetworks.0', 'must be a network'],
    [{ allowedNetworks: ['192.0.2.0/24', 'here'] }, 'allowedNetworks.1', 'must be a network'],
    [{ allowedNetworks: Array.from({ length: 51 }, (_, index) => `10.0.0.${index}`) }, 'allowedNetworks', 'must have 50 or less entries'],
    [{ allowedOrigins: ['https://app.example.com/'] }, 'allowedOrigins.0', 'must be an origin'],
    [{ allowedOrigins: ['*'] }, 'allowedOrigins.0', 'must be an origin'],
    [{ monthlyLimit: 0 }, 'monthlyLimit', 'must'],
    [{ monthlyLimit: -1 }, 'monthlyLimit', 'must'],
  ])('%j', async (input, path, message) => {
    const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ValidationError { fields { path message } } } }';
    const { data } = await world.api.call(query, { input: { name: 'odd', scopes: ['*'], ...input } }, { as: world.owner });
    expect(data.createApiKey.fields).toMatchObject([{ path: path.split('.'), message: expect.stringContaining(message) }]);
  });

  test('the database takes none either', async () => {
    const { uuid } = await world.create();
    for (const networks of ['{192.0.2.1/24}', '{here}', '{NULL}']) {
      await expect(world.sql('UPDATE iam.api_keys SET allowed_networks = $2 WHERE id = $1', uuid, networks)).rejects.toThrow('violates check constraint');
    }
  });

  test('a network is kept in one form, and each once', async () => {
    const key = await world.create({ allowedNetworks: ['2001:DB8::/32', '192.0.2.7', '2001:db8:0::/32', '192.0.2.7/32'] });
    expect((await world.row(key))['allowed_networks']).toEqual(['2001:db8::/32', '192.0.2.7/32']);
  });
});
