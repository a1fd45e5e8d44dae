import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_EVENT } from '../../src/domains/events/index.ts';
import { TenantContextError, TenantViolationError } from '../../src/kernel/errors.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { type EventWorld, type Opened, openEvents, openEventWorld, principalOf } from './world.ts';

let world: EventWorld;
let clientAlone: Opened;
let databaseAlone: Opened;

beforeAll(async () => {
  world = await openEventWorld();
  clientAlone = await openEvents(world.database.bypassUrl, { listenUrl: world.database.runtimeUrl });
  databaseAlone = await openEvents(world.database.runtimeUrl, { clientWall: false });
  const { store, as, a, b, sql } = world;
  await as(a, (cx) => store.append(cx, [{ type: 'DOOR.OPENED', tags: ['door:1'], data: { of: 'a' } }]));
  await as(b, (cx) =>
    store.append(cx, [
      { type: 'DOOR.OPENED', tags: ['door:1'], data: { of: 'b' } },
      { type: 'DOOR.CLOSED', tags: ['door:1'], data: { of: 'b' } },
    ]),
  );
  await sql(`INSERT INTO events.checkpoints (org_id, position, hash, key_id, signature, created_at)
    SELECT org_id, 1, hash, '0123456789abcdef', hash || hash, now() FROM events.heads`);
  await sql(`INSERT INTO events.archives (org_id, position, hash, checksum, bytes, key_id, signature, created_at)
    SELECT org_id, 1, hash, hash, 1, '0123456789abcdef', hash || hash, now() FROM events.heads`);
  await sql(`INSERT INTO events.processing_marks (org_id, consumer, position) SELECT id, 'mail', 1 FROM iam.organizations`);
});
afterAll(async () => {
  await clientAlone.close();
  await databaseAlone.close();
  await world.close();
});

const WALLS = {
  'with all walls': () => world,
  "with the client's wall alone": () => clientAlone,
  "with the database's wall alone": () => databaseAlone,
};

describe.each(Object.entries(WALLS))('%s', (_name, opened) => {
  test('a read finds own events only, and the own head', async () => {
    const { store, as } = opened();
    for (const query of [EVERY_EVENT, [{ tags: ['door:1'] }], [{ types: ['DOOR.OPENED'], tags: ['door:1'] }], [{ types: ['DOOR.OPENED'] }]]) {
      const { events, head } = await as(world.a, (cx) => store.read(cx, query));
      expect(events.map(({ data }) => data)).toEqual([{ of: 'a' }]);
      expect(head).toBe(1);
    }
  });

  test('the tables show own rows only', async () => {
    await opened().as(world.a, async ({ db }) => {
      expect((await db.event.findMany()).map(({ orgId }) => orgId)).toEqual([world.a.orgId]);
      expect((await db.eventTag.findMany()).map(({ orgId }) => orgId)).toEqual([world.a.orgId]);
      expect((await db.eventHead.findMany()).map(({ orgId }) => orgId)).toEqual([world.a.orgId]);
      expect((await db.eventCheckpoint.findMany()).map(({ orgId }) => orgId)).toEqual([world.a.orgId]);
      expect((await db.eventArchive.findMany()).map(({ orgId }) => orgId)).toEqual([world.a.orgId]);
      expect((await db.processingMark.findMany()).map(({ orgId }) => orgId)).toEqual([world.a.orgId]);
    });
  });

  test('the chain shows own events only, and a mark or a checkpoint is not made for others', async () => {
    const { as } = opened();
    const bodies = await as(world.a, ({ db }) => db.$queryRaw<{ body: string }[]>`SELECT body FROM events.read_chain(0, 1000, 1000000)`);
    expect(bodies.map(({ body }) => (JSON.parse(body) as { organization: string }).organization)).toEqual([world.a.orgId]);
    const { orgId } = world.b;
    const mark = { orgId, consumer: 'forged', position: 1n };
    await expect(as(world.a, ({ db }) => db.processingMark.createMany({ data: [mark] }))).rejects.toThrow(/organization|tenant|row-level|denied/i);
    const checkpoint = { orgId, position: 2n, hash: new Uint8Array(32), keyId: '0123456789abcdef', signature: new Uint8Array(64), createdAt: new Date() };
    await expect(as(world.a, ({ db }) => db.eventCheckpoint.createMany({ data: [checkpoint] }))).rejects.toThrow(/organization|tenant|row-level|denied/i);
    expect(await world.sql(`SELECT 1 FROM events.checkpoints WHERE position = 2 UNION SELECT 1 FROM events.processing_marks WHERE consumer = 'forged'`)).toEqual([]);
  });

  test('what others append neither refuses nor numbers an append', async () => {
    const { store, as } = opened();
    const undone = as(world.a, (cx) =>
      cx.db.$transaction(async (tx) => {
        const { position } = await store.append({ ...cx, db: tx }, [{ type: 'DOOR.CLOSED' }], {
          failIfEventsMatch: [{ types: ['DOOR.CLOSED'] }, { tags: ['door:1'] }],
          after: 1,
        });
        throw new Error(`undone at ${position}`);
      }),
    );
    await expect(undone).rejects.toThrow('undone at 2');
  });

  test('a follower is given own events only', async () => {
    const { store, as } = opened();
    const aborting = new AbortController();
    const seen: unknown[] = [];
    for await (const { data } of as(world.b, (cx) => store.subscribe(cx, EVERY_EVENT, { after: 0 }, aborting.signal))) {
      seen.push(data);
      if (seen.length === 2) aborting.abort();
    }
    expect(seen).toEqual([{ of: 'b' }, { of: 'b' }]);
  });

  test('an event cannot be written past the function, for oneself or for others', async () => {
    const event = { position: 9, type: 'DOOR.FORGED', data: {}, metadata: {}, tags: [], actorKind: 'system', source: 'system', createdAt: new Date(), hash: new Uint8Array(32) };
    for (const { orgId } of [world.a, world.b]) {
      const writing = opened().as(world.a, ({ db }) => db.event.createMany({ data: [{ ...event, orgId }] }));
      await expect(writing).rejects.toThrow(/permission denied|another tenant|denied|not allowed|organization/i);
    }
    expect(await world.sql(`SELECT 1 FROM events.events WHERE type = 'DOOR.FORGED'`)).toEqual([]);
  });
});

test('the log of one organization is not used in the name of another', async () => {
  const { store, access, a, b, as } = world;
  const mixed = as(a, (cx) => ({ ...cx, principal: principalOf(b) }));
  await expect(as(a, () => store.append(mixed, [{ type: 'DOOR.OPENED' }]))).rejects.toThrow(TenantViolationError);
  await expect(as(a, () => store.read(mixed, EVERY_EVENT))).rejects.toThrow(TenantViolationError);
  const nobody = { db: access.db, principal: null };
  expect(() => store.subscribe(nobody, EVERY_EVENT, { after: 0 }, new AbortController().signal)).toThrow(TenantContextError);
  await expect(runInScope(createScope({ orgId: null, userId: a.userId }), () => store.append(nobody, [{ type: 'DOOR.OPENED' }]))).rejects.toThrow(
    TenantContextError,
  );
});

test('without a tenant the functions are an error, never an empty answer', async () => {
  for (const url of [world.database.runtimeUrl, world.database.bypassUrl]) {
    for (const call of [`events.append('[{}]', NULL, 0)`, `events.append_each('[]')`, `events.find_positions('[{}]', 0, 1)`]) {
      const asked = withClient(url, (client) => client.query(`SELECT ${call}`));
      await expect(asked).rejects.toMatchObject({ code: 'TN001' });
    }
  }
});

test('a function that wrote for another organization would be refused by the policies, whoever calls it', async () => {
  const { sql, database, a, b } = world;
  const [row] = await sql(`SELECT pg_get_functiondef('events.append_each'::regproc) AS text`);
  const text = String(row?.['text']);
  const forOther = text.replace('v_org_id  uuid := app.current_org_id()', `v_org_id  uuid := '${b.orgId}'`);
  expect(forOther).not.toBe(text);
  await sql(forOther);
  const event = JSON.stringify([{ type: 'DOOR.FORGED', data: {}, metadata: {}, tags: [], actorKind: 'system', source: 'system' }]);
  try {
    for (const url of [database.runtimeUrl, database.bypassUrl]) {
      const forged = withClient(url, async (client) => {
        await client.query(`SELECT set_config('app.current_org_id', $1, false)`, [a.orgId]);
        await client.query('SELECT events.append($1, NULL, 0)', [event]);
      });
      await expect(forged).rejects.toMatchObject({ code: '42501', message: expect.stringContaining('row-level security') as string });
    }
  } finally {
    await sql(text);
  }
});

test('what is told to everybody who listens names an organization and nothing else', async () => {
  const { database, store, as, a } = world;
  await withClient(database.runtimeUrl, async (client) => {
    const payloads: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => payloads.push(payload));
    await client.query('LISTEN tenantry_events');
    await as(a, (cx) => store.append(cx, [{ type: 'DOOR.OPENED', data: { secret: 'word' }, tags: ['door:2'] }]));
    await expect.poll(() => payloads.length).toBeGreaterThan(0);
    expect(new Set(payloads)).toEqual(new Set([a.orgId]));
  });
});
