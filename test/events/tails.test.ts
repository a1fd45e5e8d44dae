import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTails } from '../../src/domains/events/tails.ts';
import { EVERY_EVENT, type EventQuery, type StoredEvent } from '../../src/domains/events/index.ts';
import { createRandom, randomEvents, randomQuery } from './model.ts';
import { type EventWorld, openEventWorld } from './world.ts';

const FOLLOWERS = 100;
const LAST = 'DAY.OVER';

let world: EventWorld;
const aborting = new AbortController();
beforeAll(async () => {
  world = await openEventWorld({ size: 8 });
});
afterAll(async () => {
  aborting.abort();
  await world.close();
});

const follow = (query: EventQuery, after: number) =>
  world.as(world.a, (cx) => world.store.subscribe(cx, query, { after }, aborting.signal));

const append = (...events: Parameters<EventWorld['store']['append']>[1]) =>
  world.as(world.a, (cx) => world.store.append(cx, events));

const headOf = async (): Promise<number> => (await world.as(world.a, (cx) => world.store.read(cx, EVERY_EVENT))).head;

test('followers who have come to the end are given what the database would find for their queries', async () => {
  const random = createRandom(20_261_122);
  const after = await headOf();
  const queries: EventQuery[] = Array.from({ length: FOLLOWERS }, (_, index) => {
    // Every other one may not see some nouns, and one in ten asks for everything else.
    const query = index % 10 === 0 ? EVERY_EVENT : randomQuery(random);
    return index % 2 === 0 ? query : query.map((item) => ({ ...item, exceptNouns: ['SEAT', 'NOTHING'] }));
  });
  const untilLast = async (query: EventQuery): Promise<number[]> => {
    const positions: number[] = [];
    for await (const { type, position } of follow([...query, { types: [LAST] }], after)) {
      if (type === LAST) break;
      positions.push(position);
    }
    return positions;
  };
  const followed = Promise.all(queries.map(untilLast));
  for (let count = 0; count < 50; count += 1) await append(...randomEvents(random));
  await append({ type: LAST });
  const found = await Promise.all(
    queries.map(async (query) => (await world.as(world.a, (cx) => world.store.read(cx, query, { after, limit: 1_000 }))).events),
  );
  const given = await followed;
  // The last event matches whoever asks for everything.
  expect(given).toEqual(found.map((events) => events.filter(({ type }) => type !== LAST).map(({ position }) => position)));
  expect(new Set(given.map(String)).size).toBeGreaterThan(10);
});

test('a hundred followers with a query each read what is new together', async () => {
  const after = await headOf();
  const followers = Array.from({ length: FOLLOWERS }, (_, index) => follow([{ tags: [`seat:${index}`] }, { tags: ['all'] }], after));
  const taken = followers.map((follower) => follower.next());
  await append({ type: 'SEAT.FREED', tags: ['all'] });
  await Promise.all(taken);
  let reads = 0;
  const stop = world.access.pool.observe(({ text }) => void (reads += text.includes('events.find_positions') ? 1 : 0));
  const next = followers.map((follower) => follower.next());
  await append({ type: 'SEAT.FREED', tags: ['all'] });
  const positions = (await Promise.all(next)).map(({ value }) => (value as StoredEvent).position);
  stop();
  expect(new Set(positions)).toEqual(new Set([after + 2]));
  // One by each would be a hundred. Who begins to wait a moment later reads once more.
  expect(reads).toBeLessThan(10);
});

test('who asks for an end that is being read shares it, until something is appended', async () => {
  const { a, access } = world;
  const tails = createTails();
  const first = tails.read(access.db, a.orgId, 0, 10);
  expect(tails.read(access.db, a.orgId, 0, 10)).toBe(first);
  tails.renew(a.orgId);
  const second = tails.read(access.db, a.orgId, 0, 10);
  expect(second).not.toBe(first);
  // That the first has ended makes nobody forget the second.
  await first;
  await second;
  expect(tails.read(access.db, a.orgId, 0, 10)).not.toBe(second);
});

test('who has come less far, and who is of another organization, shares nothing', async () => {
  const { a, b, access, store, as } = world;
  await as(b, (cx) => store.append(cx, [{ type: 'BELL.STOLEN' }]));
  const tails = createTails();
  const [own, foreign, later] = await Promise.all([
    tails.read(access.db, a.orgId, 0, 10),
    tails.read(access.db, b.orgId, 0, 10),
    tails.read(access.db, a.orgId, 1, 10),
  ]);
  expect(new Set(own.events.map(({ orgId }) => orgId))).toEqual(new Set([a.orgId]));
  expect(foreign.events.map(({ orgId, type }) => [orgId, type])).toEqual([[b.orgId, 'BELL.STOLEN']]);
  expect([own, later].map(({ events }) => events[0]?.position)).toEqual([1, 2]);
});
