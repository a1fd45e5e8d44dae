import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_EVENT, type EventQuery, type StoredEvent } from '../../src/domains/events/index.ts';
import { readByTags } from '../../src/domains/events/history.ts';
import { ValidationError } from '../../src/kernel/errors.ts';
import { createGate, type EventWorld, openEvents, openEventWorld } from './world.ts';

// One question of one caller never keeps the database busy for long, however rare what is asked for: it is answered in
// parts, and an append that would have to wait for one is refused.

const EVENTS = 150_000;
/** What happens at once is waited for as long as it takes on a busy machine. */
const PATIENT = { timeout: 60_000 };

let world: EventWorld;

/** Every event has one of two tags that never meet but at the last one; every hundredth is of the audit's kind of noun. */
const FILL = `
  INSERT INTO events.events (org_id, position, type, data, metadata, tags, actor_kind, source, created_at, hash)
  SELECT $1, n, CASE WHEN n = $2 THEN 'SEAT.TAKEN' ELSE 'ROOM.OPENED' END, '{}', '{}',
         CASE WHEN n = $2 THEN ARRAY['a', 'b'] WHEN n % 2 = 0 THEN ARRAY['a'] ELSE ARRAY['b'] END,
         'system', 'system', timestamptz '2025-01-01' + n * interval '1 second', ''
  FROM generate_series(1, $2::int) n`;

beforeAll(async () => {
  world = await openEventWorld({ size: 8 });
  const { sql, a } = world;
  await sql('INSERT INTO events.heads (org_id, position) VALUES ($1, $2)', a.orgId, EVENTS);
  await sql(FILL, a.orgId, EVENTS);
  await sql('INSERT INTO events.event_tags SELECT org_id, tag, position, type, created_at FROM events.events, unnest(tags) tag');
  await sql('VACUUM (ANALYZE) events.heads, events.events, events.event_tags');
}, 300_000);
afterAll(() => world.close());

const read = (query: EventQuery, options = {}) => world.as(world.a, (cx) => world.store.read(cx, query, options));

/** What hardly ever matches, in three ways. */
const RARE: readonly [string, EventQuery][] = [
  ['two frequent tags that hardly ever meet', [{ tags: ['a', 'b'] }]],
  ['everything but what somebody may not see', [{ exceptNouns: ['ROOM'] }]],
  ['a tag without what somebody may not see', [{ tags: ['a'], exceptNouns: ['ROOM'] }]],
];

describe.each(RARE)('%s', (_what, query) => {
  test('is answered in parts that go on from each other and miss nothing', async () => {
    const found: number[] = [];
    let parts = 0;
    for (let after = 0; after < EVENTS; parts += 1) {
      const { events, through, head } = await read(query, { after });
      expect(head).toBe(EVENTS);
      // It gets somewhere, and not everywhere at once.
      expect(through).toBeGreaterThan(after);
      expect(through - after).toBeLessThanOrEqual(50_000);
      found.push(...events.map(({ position }) => position));
      after = through;
    }
    expect(found).toEqual([EVENTS]);
    expect(parts).toBeGreaterThan(2);
  });

  test('is followed from the beginning to the one event that matches', async () => {
    const aborting = new AbortController();
    const events = world.as(world.a, (cx) => world.store.subscribe(cx, query, { after: 0 }, aborting.signal));
    const { value } = await events.next();
    expect((value as StoredEvent).position).toBe(EVENTS);
    aborting.abort();
  });
});

test('many rare items together are answered in smaller parts', async () => {
  // Each is searched along the tag that begins last.
  const items = Array.from({ length: 20 }, (_, number) => ({ types: [`ROOM.KIND_${number}`], tags: ['a', 'b'] }));
  const { events, through } = await read(items);
  expect(events).toEqual([]);
  expect(through).toBeGreaterThan(0);
  expect(through).toBeLessThan(5_000);
});

test('an append on a condition that has too much to look at is refused with how far it came, and holds up nobody', async () => {
  const { store, as, a } = world;
  const failIfEventsMatch = [{ tags: ['a', 'b'] }, { tags: ['b', 'a'] }, { tags: ['a', 'b', 'c'] }];
  const failure = await as(a, (cx) => store.append(cx, [{ type: 'SEAT.TAKEN' }], { failIfEventsMatch, after: 0 })).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ValidationError);
  expect((failure as ValidationError).fields).toMatchObject([{ path: ['after'], message: expect.stringMatching(/up to position \d+ nothing matches/) as string }]);
  expect((await read(EVERY_EVENT, { after: EVENTS })).head).toBe(EVENTS);
});

test('a condition is looked at before the log is locked: others append meanwhile', async () => {
  const { sql, store, as, a } = world;
  // A lock that the look needs and an append without a condition does not.
  await sql(`CREATE FUNCTION public.wait_for_gate() RETURNS boolean LANGUAGE sql AS 'SELECT pg_advisory_lock_shared(7), pg_advisory_unlock_shared(7); SELECT true'`);
  const [row] = await sql(`SELECT pg_get_functiondef('events.find_match'::regproc) AS text`);
  const text = String(row!['text']);
  await sql(text.replace('BEGIN', 'BEGIN PERFORM public.wait_for_gate();'));
  const gate = await openEvents(world.database.runtimeUrl);
  try {
    await sql('GRANT EXECUTE ON FUNCTION public.wait_for_gate() TO PUBLIC');
    const [locked, opening] = [createGate(), createGate()];
    const held = as(a, (cx) =>
      cx.db.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT pg_advisory_xact_lock(7)::text`;
        locked.open();
        await opening.opened;
      }),
    );
    await locked.opened;
    const waiting = as(a, (cx) => store.append(cx, [{ type: 'SEAT.TAKEN' }], { failIfEventsMatch: [{ tags: ['never'] }], after: 0 }));
    await expect.poll(() => sql(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`), PATIENT).toHaveLength(1);
    const { position } = await gate.as(a, (cx) => gate.store.append(cx, [{ type: 'ROOM.OPENED' }]));
    opening.open();
    await held;
    expect((await waiting).position).toBe(position + 1);
  } finally {
    await sql(text);
    await gate.close();
  }
});

test('what was appended while a condition was looked at is looked at too', async () => {
  const { sql, store, as, a } = world;
  const gate = await openEvents(world.database.runtimeUrl);
  const [appended, opening] = [createGate(), createGate()];
  try {
    // The first appends and does not commit: the second has looked and waits for the lock.
    const first = gate.as(a, (cx) =>
      cx.db.$transaction(async (tx) => {
        await gate.store.append({ ...cx, db: tx }, [{ type: 'SEAT.TAKEN', tags: ['seat:1'] }]);
        appended.open();
        await opening.opened;
      }),
    );
    await appended.opened;
    const second = as(a, (cx) => store.append(cx, [{ type: 'SEAT.TAKEN' }], { failIfEventsMatch: [{ tags: ['seat:1'] }], after: 0 }));
    await expect.poll(() => sql(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`), PATIENT).toHaveLength(1);
    opening.open();
    await first;
    await expect(second).rejects.toMatchObject({ code: 'APPEND_CONDITION_FAILED' });
  } finally {
    opening.open();
    await gate.close();
  }
});

test('a page is no larger than so many bytes, and says how far it goes', async () => {
  const { store, as, a } = world;
  const { head: before } = await read(EVERY_EVENT, { after: EVENTS });
  const large = { type: 'FILE.KEPT', data: { text: 'x'.repeat(60_000) } };
  for (let count = 0; count < 3; count += 1) await as(a, (cx) => store.append(cx, Array.from({ length: 30 }, () => large)));
  const seen: number[] = [];
  const pages: number[] = [];
  for (let after = before; after < before + 90; ) {
    const { events, through } = await read(EVERY_EVENT, { after, limit: 1_000 });
    seen.push(...events.map(({ position }) => position));
    pages.push(events.length);
    after = through;
  }
  expect(seen).toEqual(Array.from({ length: 90 }, (_, index) => before + 1 + index));
  expect(Math.max(...pages)).toBe(Math.floor((512 * 1024) / (JSON.stringify(large.data).length + 3)));
});

test('what has no condition does not wait for what has one that takes long', async () => {
  const { sql, store, as, a } = world;
  const [row] = await sql(`SELECT pg_get_functiondef('events.find_match'::regproc) AS text`);
  const text = String(row!['text']);
  await sql(text.replace('BEGIN', 'BEGIN PERFORM pg_sleep(60);'));
  const slow = as(a, (cx) => store.append(cx, [{ type: 'SEAT.TAKEN' }], { failIfEventsMatch: [{ tags: ['never'] }], after: 0 })).catch((error: unknown) => error);
  try {
    await expect.poll(() => sql(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`), PATIENT).toHaveLength(1);
    // Others with a condition wait for that one.
    const conditional = as(a, (cx) => store.append(cx, [{ type: 'SEAT.TAKEN' }], { failIfEventsMatch: [{ tags: ['never'] }], after: 0 })).catch((error: unknown) => error);
    await as(a, (cx) => store.append(cx, [{ type: 'ROOM.OPENED' }]));
    await sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`);
    await sql(text);
    await slow;
    await conditional;
  } finally {
    await sql(text);
  }
});

test('of one organization only so many questions are asked at once, and another is answered meanwhile', async () => {
  const { sql, store, as, a, b } = world;
  const [row] = await sql(`SELECT pg_get_functiondef('events.find_positions'::regproc) AS text`);
  const text = String(row!['text']);
  await sql(text.replace('BEGIN', `BEGIN IF v_org_id = '${a.orgId}' THEN PERFORM pg_sleep(60); END IF;`));
  const asleep = () => sql(`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`);
  const reads = Array.from({ length: 6 }, () => read(EVERY_EVENT).catch((error: unknown) => error));
  try {
    await expect.poll(asleep, PATIENT).toHaveLength(2);
    await as(b, (cx) => store.read(cx, EVERY_EVENT));
    expect(await asleep()).toHaveLength(2);
  } finally {
    await sql(text);
    await sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`);
    await Promise.all(reads);
  }
});

test('histories that are large end early and go on where they ended', async () => {
  const { as, a, store } = world;
  const large = { type: 'FILE.KEPT', data: { text: 'y'.repeat(60_000) } };
  const tags = ['file:1', 'file:2', 'file:3'];
  const { events } = await as(a, (cx) => store.append(cx, Array.from({ length: 40 }, (_, number) => ({ ...large, tags: [tags[number % 3]!] }))));
  const seen = new Map<string, number[]>(tags.map((tag) => [tag, []]));
  for (let after = 0, more = true; more; ) {
    const pages = await as(a, (cx) => readByTags(cx, tags, { after, limit: 100, exceptNouns: [] }));
    const bytes = pages.flatMap((page) => page.events).reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
    expect(bytes).toBeLessThan(600_000);
    for (const [index, page] of pages.entries()) seen.get(tags[index]!)!.push(...page.events.map(({ position }) => position));
    more = pages.some(({ isCut }) => isCut);
    after = Math.min(...pages.map((page) => page.events.at(-1)?.position ?? Number.MAX_SAFE_INTEGER));
  }
  for (const [index, tag] of tags.entries()) {
    expect([...new Set(seen.get(tag))]).toEqual(events.filter((_, number) => number % 3 === index).map(({ position }) => position));
  }
});
