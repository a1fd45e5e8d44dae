import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyUsage } from '../../src/domains/api-keys/index.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { typesOf } from '../audit/trail.ts';
import { startTestApp } from '../harness/app.ts';
import { type KeyWorld, type MadeKey, openKeyWorld } from './world.ts';

const DAY_MS = 24 * 60 * 60_000;

let world: KeyWorld;
beforeAll(async () => {
  world = await openKeyWorld(Date.UTC(2027, 0, 10, 12));
});
afterAll(() => world?.close());

const used = async (key: MadeKey) => {
  const { data } = await world.api.call('query ($id: ID!) { node(id: $id) { ... on ApiKey { usedThisMonth monthlyLimit } } }', { id: key.id }, { as: world.owner });
  return data.node.usedThisMonth as number;
};
const outcomes = (answers: readonly { errors: { extensions: { code: string } }[] | undefined }[]) =>
  Object.fromEntries([...Map.groupBy(answers, ({ errors }) => errors?.[0]?.extensions.code ?? 'done')].map(([code, those]) => [code, those.length]));

describe('a key with a monthly limit', () => {
  test('of 200 calls at once on a limit of 100, in two processes, exactly 100 are done', async () => {
    const key = await world.create({ monthlyLimit: 100 });
    const other = await startTestApp({ database: world.api.database, clock: { now: world.now } });
    const query = '{ organization { slug } }';
    const apps = [world.api, other];
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => apps[index % 2]!.call(query, {}, { as: key.secret })));
    await other.close();
    expect(outcomes(answers)).toEqual({ done: 100, RATE_LIMITED: 100 });
    expect(await used(key)).toBe(100);
  });

  test('is told when the month is over', async () => {
    const key = await world.create({ monthlyLimit: 1 });
    expect((await world.use(key.secret)).errors).toBeUndefined();
    const { errors } = await world.use(key.secret);
    const left = Math.ceil((Date.UTC(2027, 1, 1) - world.now().getTime()) / 1000);
    expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfter: left } }]);
    expect(errors?.[0]?.message).toContain('1 root fields a month, and the next one begins at 2027-02-01T00:00Z: try again in ');
  });

  test('counts each root field, and an operation that does not fit whole takes nothing', async () => {
    const key = await world.create({ monthlyLimit: 5 });
    expect((await world.use(key.secret, {}, 3)).errors).toBeUndefined();
    expect((await world.use(key.secret, {}, 3)).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(await used(key)).toBe(3);
    expect((await world.use(key.secret, {}, 2)).errors).toBeUndefined();
    const never = await world.create({ monthlyLimit: 2 });
    expect((await world.use(never.secret, {}, 3)).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(await used(never)).toBe(0);
  });

  test('shares its count with the keys that it replaced, and with those that it makes', async () => {
    const key = await world.create({ monthlyLimit: 3 });
    const rotate = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { ... on RotateApiKeySuccess { secret apiKey { monthlyLimit } } } }';
    await world.use(key.secret);
    const { data } = await world.api.call(rotate, { input: { id: key.id, overlapSeconds: 600 } }, { as: await world.fresh() });
    expect(data.rotateApiKey.apiKey.monthlyLimit).toBe(3);
    expect(await world.entry(data.rotateApiKey.secret)).toBeNull();
    const made = await world.create({}, data.rotateApiKey.secret);
    expect([await world.entry(key.secret), await world.entry(made.secret), await world.entry(data.rotateApiKey.secret)]).toEqual(Array(3).fill('RATE_LIMITED'));
  });

  test('goes on exactly while it is rotated, in two processes, with the old secret and the new ones', async () => {
    const key = await world.create({ monthlyLimit: 60 });
    const other = await startTestApp({ database: world.api.database, clock: { now: world.now } });
    const apps = [world.api, other];
    const answers: Promise<{ errors: { extensions: { code: string } }[] | undefined }>[] = [];
    const ask = (secret: string, times: number) => {
      for (let call = 0; call < times; call += 1) answers.push(apps[call % 2]!.call('{ organization { slug } }', {}, { as: secret }));
    };
    const rotate = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { ... on RotateApiKeySuccess { secret apiKey { id } } } }';
    const fresh = await world.fresh();
    ask(key.secret, 30);
    let id = key.id;
    for (let rotation = 0; rotation < 2; rotation += 1) {
      const { data } = await world.api.call(rotate, { input: { id, overlapSeconds: 600 } }, { as: fresh });
      id = data.rotateApiKey.apiKey.id;
      ask(key.secret, 30);
      ask(data.rotateApiKey.secret, 30);
    }
    const counts = outcomes(await Promise.all(answers));
    await other.close();
    expect(counts).toEqual({ done: 60, RATE_LIMITED: 90 });
    expect(await used(key)).toBe(60);
  });

  test('is not escaped by the secret of another key: one that is counted apart is not rotated with it', async () => {
    const key = await world.create({ monthlyLimit: 5 });
    const sibling = await world.create({ monthlyLimit: 5 });
    expect(await world.codeOf('rotateApiKey', { id: sibling.id }, key.secret)).toBe('FORBIDDEN');
    expect(await world.row(sibling)).toMatchObject({ status: 'active', superseded_by_id: null });
    const child = await world.create({}, key.secret);
    expect(await world.codeOf('rotateApiKey', { id: child.id }, key.secret)).toBe('done');
    expect(await world.codeOf('rotateApiKey', { id: key.id, overlapSeconds: 600 }, key.secret)).toBe('done');
    expect(await used(key)).toBe(4);
  });

  test('begins anew with the month of UTC', async () => {
    const key = await world.create({ monthlyLimit: 1 });
    await world.use(key.secret);
    expect(await world.entry(key.secret)).toBe('RATE_LIMITED');
    const endsInMs = Date.UTC(2027, 1, 1) - world.now().getTime();
    world.pass(endsInMs - 1);
    expect(await world.entry(key.secret)).toBe('RATE_LIMITED');
    world.pass(1);
    expect(await used(key)).toBe(0);
    expect(await world.entry(key.secret)).toBeNull();
  });

  test('may be given more, and what it has asked for in the month counts', async () => {
    const key = await world.create({ monthlyLimit: 1 });
    await world.use(key.secret);
    expect(await world.entry(key.secret)).toBe('RATE_LIMITED');
    expect(await world.codeOf('updateApiKey', { id: key.id, monthlyLimit: 2 }, await world.fresh())).toBe('done');
    expect(await world.entry(key.secret)).toBeNull();
    expect(await world.entry(key.secret)).toBe('RATE_LIMITED');
    expect(await world.codeOf('updateApiKey', { id: key.id, monthlyLimit: null }, await world.fresh())).toBe('done');
    expect(await world.entry(key.secret)).toBeNull();
  });

  test('is in the log when it is used up, once a month', async () => {
    const key = await world.create({ monthlyLimit: 1 });
    const { events } = await world.eventsOf(async () => {
      for (let call = 0; call < 5; call += 1) await world.use(key.secret);
    });
    expect(typesOf(events).filter((type) => type === 'API_KEY.USED_UP')).toHaveLength(1);
    expect(events.find(({ type }) => type === 'API_KEY.USED_UP')).toMatchObject({ aggregate: `apiKey:${key.uuid}`, data: { month: world.now().toISOString().slice(0, 7) } });
    world.pass(31 * DAY_MS);
    const next = await world.eventsOf(() => Promise.all([world.use(key.secret), world.use(key.secret), world.use(key.secret)]));
    expect(typesOf(next.events).filter((type) => type === 'API_KEY.USED_UP')).toHaveLength(1);
  });

  test('is in the log at the true end also when its first call asked for more than a whole month', async () => {
    const key = await world.create({ monthlyLimit: 2 });
    const tooLarge = await world.eventsOf(() => world.use(key.secret, {}, 3));
    expect(typesOf(tooLarge.events)).not.toContain('API_KEY.USED_UP');
    const { events } = await world.eventsOf(async () => {
      for (let call = 0; call < 4; call += 1) await world.use(key.secret);
    });
    expect(typesOf(events).filter((type) => type === 'API_KEY.USED_UP')).toHaveLength(1);
  });

  test('is in the log again when it was given more and has used that up too, not when it was given less', async () => {
    const key = await world.create({ monthlyLimit: 2 });
    const ends = async (calls: number) => {
      const { events } = await world.eventsOf(async () => {
        for (let call = 0; call < calls; call += 1) await world.use(key.secret);
      });
      return typesOf(events).filter((type) => type === 'API_KEY.USED_UP').length;
    };
    const limit = async (monthlyLimit: number) => world.codeOf('updateApiKey', { id: key.id, monthlyLimit }, await world.fresh());
    expect(await ends(4)).toBe(1);
    expect(await limit(1)).toBe('done');
    expect(await ends(1)).toBe(0);
    expect(await limit(4)).toBe('done');
    expect(await ends(2)).toBe(0);
    expect(await ends(3)).toBe(1);
  });

  test('does nothing when it cannot be counted', async () => {
    const key = await world.create({ monthlyLimit: 10 });
    await world.sql('REVOKE INSERT ON iam.api_key_usage FROM tenantry_runtime');
    const answer = await world.use(key.secret);
    await world.sql('GRANT INSERT ON iam.api_key_usage TO tenantry_runtime');
    expect(answer.data?.f0).toBeUndefined();
    expect(answer.errors?.[0]?.extensions.code).toBe('INTERNAL');
  });
});

describe('a key without one', () => {
  test('asks the database for nothing more, and is counted when there is time', async () => {
    const key = await world.create();
    await world.use(key.secret);
    const { statements } = await world.api.statementsOf(() => world.use(key.secret, {}, 2));
    expect(statements.filter(({ text }) => text.includes('api_key_usage'))).toEqual([]);
    expect(await used(key)).toBe(0);
    await world.api.app.keyUsage.flush();
    expect(await used(key)).toBe(3);
    await world.use(key.secret);
    await world.api.app.keyUsage.flush();
    expect(await used(key)).toBe(4);
  });

  test('loses nothing of what could not be written at once', async () => {
    const key = await world.create();
    await world.use(key.secret);
    await world.sql('REVOKE INSERT ON iam.api_key_usage FROM tenantry_runtime');
    await world.api.app.keyUsage.flush();
    await world.sql('GRANT INSERT ON iam.api_key_usage TO tenantry_runtime');
    await world.use(key.secret);
    await world.api.app.keyUsage.flush();
    expect(await used(key)).toBe(2);
  });

  test('is written down when the process ends', async () => {
    const key = await world.create();
    const { app } = world.api;
    const usage = createKeyUsage({ db: app.db, events: app.events, clock: { now: world.now }, flushMs: 1_000_000, onLost: (error) => expect.fail(String(error)) });
    const principal: Principal = await app.services.auth.authenticate(key.secret, null);
    expect(await usage.take(principal, {}, 7)).toBeNull();
    await usage.close();
    expect(await used(key)).toBe(7);
  });
});

describe('when a key was last used', () => {
  test('is known some seconds later, is no change of the key, and never goes back', async () => {
    const key = await world.create();
    const before = await world.row(key);
    expect(before['last_used_at']).toBeNull();
    world.pass(60_000);
    await world.use(key.secret);
    await world.api.app.keyUsage.flush();
    const after = await world.row(key);
    expect(after['last_used_at']).toEqual(world.now());
    expect(after['updated_at']).toEqual(before['updated_at']);
    await world.sql(`UPDATE iam.api_keys SET last_used_at = last_used_at + interval '1 hour' WHERE id = $1`, key.uuid);
    await world.use(key.secret);
    await world.api.app.keyUsage.flush();
    expect((await world.row(key))['last_used_at'].getTime()).toBe(world.now().getTime() + 3_600_000);
  });

  test('takes two statements an organization, however many keys were used', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, () => world.create()));
    await world.api.app.keyUsage.flush();
    for (const key of keys) await world.use(key.secret);
    const { statements } = await world.api.statementsOf(() => world.api.app.keyUsage.flush());
    expect(statements.filter(({ text }) => /\b(UPDATE iam|INSERT INTO iam)/.test(text))).toHaveLength(2);
  });

  test('is also known of a key with a monthly limit', async () => {
    const key = await world.create({ monthlyLimit: 5 });
    await world.use(key.secret);
    await world.api.app.keyUsage.flush();
    expect((await world.row(key))['last_used_at']).toEqual(world.now());
    expect(await used(key)).toBe(1);
  });
});
