import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, createRateLimits, type Demand, type RateLimits, type RedisConnection } from '../../src/platform/rate-limits/index.ts';
import { redisMissing, startRedis, type TestRedis } from '../harness/redis.ts';
import { type ServerProcess, spawnServer } from '../harness/server-process.ts';
import { ask, bearer, codesOf } from '../http/door.ts';
import { serveWorld, type ServedWorld } from '../http/world.ts';

const missing = redisMissing();
if (missing) console.log(`LEFT OUT: rate limits that processes share, because ${missing}`);

/** Refills so slowly that nothing comes back during a test. */
const SETTINGS = {
  burst: { capacity: 20, perSecond: 0.001 },
  work: { capacity: 1_000, perSecond: 0.01 },
  attemptsPerMinute: 5,
  failuresPerMinute: 60,
};

describe.skipIf(missing !== null)('two that count in one Redis', () => {
  let redis: TestRedis;
  const connections: RedisConnection[] = [];
  const changes: [available: boolean, reason: string | null][] = [];

  const open = async (onChange: (available: boolean, reason: string | null) => void = () => undefined): Promise<RateLimits> => {
    const connection = connectRedis({ url: redis.url, onChange });
    connections.push(connection);
    await connection.settled();
    return createRateLimits(SETTINGS, { ...connection, prefix: 'test:' });
  };
  let one: RateLimits;
  let other: RateLimits;
  beforeAll(async () => {
    redis = await startRedis();
    one = await open((available, reason) => changes.push([available, reason]));
    other = await open();
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await redis.close();
  });

  let subjects = 0;
  const demand = (more: Partial<Demand> = {}): Demand => ({ subject: `key:${(subjects += 1)}`, calls: 1, callsPerHour: 100, work: 1, ...more });
  /** As many as asked for at the same moment, half by each. */
  const together = (count: number, asked: Demand) =>
    Promise.all(Array.from({ length: count }, (_, index) => (index % 2 ? one : other).admit(asked)));

  test.each([
    ['hour', { callsPerHour: 15 }, 15],
    ['burst', {}, 20],
    ['work', { work: 100 }, 10],
  ] as const)('admit n of n + 1 by the limit of %s', async (limit, more, count) => {
    const admitted = await together(count + 1, demand(more));
    expect(admitted.filter(({ refusal }) => refusal === null)).toHaveLength(count);
    expect(admitted.find(({ refusal }) => refusal)?.refusal?.limit).toBe(limit);
  });

  test('take nothing for what is refused', async () => {
    const asked = demand({ callsPerHour: 10 });
    expect((await one.admit({ ...asked, calls: 11 })).refusal?.limit).toBe('hour');
    expect((await one.admit({ ...asked, work: 1_001 })).refusal?.limit).toBe('work');
    expect(await other.admit({ ...asked, calls: 10, work: 1_000 })).toMatchObject({ refusal: null, callsLeft: 0, workLeft: 0 });
  });

  test('give back for each other', async () => {
    const asked = demand({ work: 1_000 });
    await one.admit(asked);
    one.giveBackWork(asked.subject, 300);
    await expect.poll(async () => (await other.admit({ ...asked, calls: 0, work: 0 })).workLeft).toBe(300);
  });

  test('count attempts together', async () => {
    const waits = await Promise.all(Array.from({ length: 6 }, (_, index) => (index % 2 ? one : other).attempt('a')));
    expect(waits.filter((wait) => wait === null)).toHaveLength(5);
  });

  test('count for themselves while it hangs, is gone, and together again when it is back', async () => {
    redis.pause();
    const asked = demand({ callsPerHour: 2 });
    const local = await Promise.all([one.admit(asked), one.admit(asked), one.admit(asked)]);
    expect(local.map(({ refusal }) => refusal?.limit ?? null)).toEqual([null, null, 'hour']);
    expect((await other.admit(asked)).refusal).toBeNull();
    redis.resume();
    await redis.kill();
    expect((await one.admit(demand())).refusal).toBeNull();
    expect(changes.at(-1)?.[0]).toBe(false);
    await redis.start();
    await expect.poll(() => changes.at(-1), { timeout: 10_000 }).toEqual([true, null]);
    const shared = demand({ callsPerHour: 1 });
    // The other one has its own time to come back.
    await expect.poll(async () => {
      const again = { ...shared, subject: `key:${(subjects += 1)}` };
      const [, second] = [await one.admit(again), await other.admit(again)];
      return second.refusal?.limit;
    }, { timeout: 10_000 }).toBe('hour');
  });
});

describe.skipIf(missing !== null)('two server processes with one Redis', () => {
  let redis: TestRedis;
  let world: ServedWorld;
  let dataDir: string;
  let servers: ServerProcess[];
  let urls: string[];

  beforeAll(async () => {
    redis = await startRedis();
    world = await serveWorld();
    dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-test-'));
    const env = {
      DATA_DIR: dataDir,
      DATABASE_URL: world.testApp.database.runtimeUrl,
      SECRET_KEY: 'a secret for tests, long enough for the check',
      RATE_LIMITS: 'on',
      RATE_BURST: '1000',
      REDIS_URL: redis.url,
      // On a busy machine the first requests of a server take long.
      REQUEST_TIMEOUT_MS: '60000',
      DATABASE_CONNECT_TIMEOUT_MS: '60000',
    };
    servers = [spawnServer({ env }), spawnServer({ env })];
    urls = await Promise.all(servers.map((server) => server.url()));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.end()));
    await world.close();
    await redis.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const keyWith = async (rateLimitPerHour: number): Promise<string> => {
    const query = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } } }`;
    const input = { name: `${rateLimitPerHour} an hour`, scopes: ['*'], rateLimitPerHour };
    return (await world.testApp.call(query, { input }, { as: world.acme.keys.owner })).data.createApiKey.secret;
  };
  const asked = (index: number, key: string) => ask(urls[index % 2]!, '{ viewer { kind } }', {}, bearer(key));

  test('answer n of n + 1 requests at the same moment, and no more after it', async () => {
    const key = await keyWith(40);
    const replies = await Promise.all(Array.from({ length: 41 }, (_, index) => asked(index, key)));
    const codes = replies.flatMap((reply) => (reply.json.errors ? codesOf(reply) : []));
    expect(codes).toEqual(['RATE_LIMITED']);
    for (const index of [0, 1]) expect(codesOf(await asked(index, key))).toEqual(['RATE_LIMITED']);
  });

  test('leave nothing of anybody in Redis but ids', async () => {
    const email = world.acme.email('owner');
    await ask(urls[0]!, `mutation { signIn(input: { email: "${email}", password: "x" }) { __typename } }`);
    const { redis: client, close } = connectRedis({ url: redis.url, onChange: () => undefined });
    await expect.poll(() => client.status).toBe('ready');
    const keys = await client.keys('*');
    close();
    const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    const known = new RegExp(`^tenantry:((hour|burst|work|failures):(key:${uuid}|user:${uuid}|address:127\\.0\\.0\\.1)|attempts:[\\w-]{43})$`);
    expect(keys.filter((key) => !known.test(key))).toEqual([]);
    expect(keys.some((key) => key.startsWith('tenantry:attempts:'))).toBe(true);
  });

  test('go on answering while Redis is away, and say so in the log', async () => {
    await redis.kill();
    const key = await keyWith(2);
    for (const index of [0, 1]) await servers[index]!.printed('"code":"RATE_LIMITS_LOCAL"');
    // Each counts for itself.
    for (const index of [0, 1, 0, 1]) expect((await asked(index, key)).json.errors).toBeUndefined();
    for (const index of [0, 1]) expect(codesOf(await asked(index, key))).toEqual(['RATE_LIMITED']);
    await redis.start();
    for (const index of [0, 1]) {
      await servers[index]!.printed(/RATE_LIMITS_LOCAL[\s\S]*"code":"RATE_LIMITS_SHARED"/);
    }
    const again = await keyWith(3);
    const replies = await Promise.all([0, 1, 0, 1].map((index) => asked(index, again)));
    expect(replies.filter(({ json }) => json.errors === undefined)).toHaveLength(3);
  });
});
