import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVERY_EVENT, type EventQuery, type StoredEvent } from '../../src/domains/events/index.ts';
import { startProxy } from '../isolation/proxy.ts';
import { type EventWorld, type Opened, openEvents, openEventWorld } from './world.ts';

// Without being told a follower looks every five seconds, and a test may take sixty. So what happens this often within a
// test was told.
const OFTEN = 20;

let world: EventWorld;
let others: Opened[] = [];
let aborting: AbortController;

beforeEach(async () => {
  world = await openEventWorld();
  aborting = new AbortController();
});
afterEach(async () => {
  aborting.abort();
  await Promise.all(others.map((other) => other.close()));
  others = [];
  await world.close();
});

/** Another process on the same database. */
const open = async (...parameters: Parameters<typeof openEvents>): Promise<Opened> => {
  const opened = await openEvents(...parameters);
  others.push(opened);
  return opened;
};

const append = (tags: string[] = []) => world.as(world.a, (cx) => world.store.append(cx, [{ type: 'BELL.RUNG', tags }]));

const subscribe = ({ store, as }: Opened, after = 0, query: EventQuery = EVERY_EVENT) =>
  as(world.a, (cx) => store.subscribe(cx, query, { after }, aborting.signal));

const next = async (events: AsyncIterator<StoredEvent>): Promise<number> => ((await events.next()).value as StoredEvent).position;

test('an event that one process appends is told to a follower in another', async () => {
  const events = subscribe(await open(world.database.runtimeUrl));
  for (let count = 1; count <= OFTEN; count += 1) {
    const taken = next(events);
    await append();
    expect(await taken).toBe(count);
  }
});

test('an event of a transaction that ends late is told when it has ended', async () => {
  const { store, as, a } = world;
  const events = subscribe(await open(world.database.runtimeUrl));
  for (let count = 1; count <= OFTEN; count += 1) {
    const taken = next(events);
    await as(a, (cx) =>
      cx.db.$transaction(async (tx) => {
        await store.append({ ...cx, db: tx }, [{ type: 'BELL.RUNG' }]);
        // Longer than those that tell of it wait at first.
        await sleep(100);
      }),
    );
    expect(await taken).toBe(count);
  }
});

test('an event of which nobody was told is found by looking', async () => {
  const appendUntold = () =>
    world.sql(`DO $$ BEGIN PERFORM set_config('app.current_org_id', '${world.a.orgId}', true);
      PERFORM events.append('[{"type": "BELL.RUNG", "data": {}, "metadata": {}, "tags": [], "actorKind": "system", "source": "system"}]', NULL, 0); END $$`);
  const events = subscribe(world);
  await appendUntold();
  expect(await next(events)).toBe(1);
  const taken = next(events);
  await appendUntold();
  expect(await taken).toBe(2);
});

test('a follower that cannot listen looks more often', async () => {
  const proxy = await startProxy(world.database.runtimeUrl);
  const deaf = await open(world.database.runtimeUrl, { listenUrl: proxy.url });
  await proxy.cut();
  await expect.poll(() => deaf.signals.isListening()).toBe(false);
  const events = subscribe(deaf);
  for (let count = 1; count <= OFTEN; count += 1) {
    const taken = next(events);
    await append();
    expect(await taken).toBe(count);
  }
});

test('a follower outlives its database, and has each event once', async () => {
  const proxy = await startProxy(world.database.runtimeUrl);
  const events = subscribe(await open(proxy.url));
  await append();
  expect(await next(events)).toBe(1);
  const taken = next(events);
  await proxy.cut();
  await append();
  await append();
  await proxy.restore();
  expect(await taken).toBe(2);
  expect(await next(events)).toBe(3);
  aborting.abort();
  await proxy.close();
});

test('a follower begins after its position, and is given only what matches', async () => {
  for (const tags of [['x'], ['y'], ['x'], ['y'], ['x']]) await append(tags);
  const events = subscribe(world, 1, [{ tags: ['x'] }]);
  expect([await next(events), await next(events)]).toEqual([3, 5]);
  const taken = next(events);
  await append(['y']);
  await append(['x']);
  expect(await taken).toBe(7);
});

test('a subscription ends when its signal is aborted, also while it waits', async () => {
  await append();
  const events = subscribe(world);
  await next(events);
  const waiting = events.next();
  aborting.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('a subscription belongs to the tenant in which it was begun, whoever takes from it', async () => {
  const { store, as, a, b } = world;
  await as(b, (cx) => store.append(cx, [{ type: 'BELL.STOLEN' }]));
  await as(a, (cx) => store.append(cx, [{ type: 'BELL.RUNG' }]));
  const events = subscribe(world);
  const { value } = await as(b, () => events.next());
  expect((value as StoredEvent).type).toBe('BELL.RUNG');
});

test('a consumer that takes nothing makes nobody read on', async () => {
  const { store, as, a, access } = world;
  await as(a, (cx) => store.append(cx, Array.from({ length: 450 }, () => ({ type: 'BELL.RUNG' }))));
  let reads = 0;
  access.pool.observe(({ text }) => void (reads += text.includes('events.find_positions') ? 1 : 0));
  const events = subscribe(world);
  await next(events);
  await sleep(50);
  expect(reads).toBe(1);
  for (let position = 2; position <= 450; position += 1) expect(await next(events)).toBe(position);
  expect(reads).toBe(3);
});
