import { afterEach, expect, test } from 'vitest';
import { AppendConditionFailedError, createEventStore, EVERY_EVENT, type EventStore, type EventQuery, type StoredEvent } from '../../src/domains/events/index.ts';
import { createRandom, matches, randomEvents, randomQuery } from './model.ts';
import { type EventWorld, openEventWorld, takeLockAway } from './world.ts';

const WRITERS = 16;
/** Each is what a process has: writers who share one are sent together, others meet in the database. */
const STORES = 6;
const ATTEMPTS_EACH = 40;
const LAST = 'DAY.OVER';

let world: EventWorld;
afterEach(() => world.close());

interface Accepted {
  readonly query: EventQuery;
  readonly after: number;
  readonly first: number;
}

/** One of many who decide by what they see, at random, and keep at it. */
async function write(store: EventStore, seed: number): Promise<{ accepted: Accepted[]; refused: number }> {
  const { as, a } = world;
  const random = createRandom(seed);
  const accepted: Accepted[] = [];
  let refused = 0;
  for (let attempt = 0; attempt < ATTEMPTS_EACH; attempt += 1) {
    const query = randomQuery(random);
    const [last] = await as(a, (cx) => cx.db.event.findMany({ orderBy: { position: 'desc' }, take: 1, select: { position: true } }));
    const after = Number(last?.position ?? 0);
    try {
      const { events } = await as(a, (cx) => store.append(cx, randomEvents(random), { failIfEventsMatch: query, after }));
      accepted.push({ query, after, first: events[0]!.position });
    } catch (error) {
      if (!(error instanceof AppendConditionFailedError)) throw error;
      refused += 1;
    }
  }
  return { accepted, refused };
}

/** Follows from the beginning to the event that says that the day is over. */
async function follow(): Promise<StoredEvent[]> {
  const { store, as, a } = world;
  const seen: StoredEvent[] = [];
  for await (const event of as(a, (cx) => store.subscribe(cx, EVERY_EVENT, { after: 0 }, new AbortController().signal))) {
    seen.push(event);
    if (event.type === LAST) break;
  }
  return seen;
}

/** Lets all write at once and follows them. What it answers must be empty, or the log is not what it promises to be. */
async function findFaults() {
  const { store, as, a, sql } = world;
  const following = follow();
  const stores = Array.from({ length: STORES }, () => createEventStore(world.signals, world.access.pool));
  const written = await Promise.all(Array.from({ length: WRITERS }, (_, index) => write(stores[index % STORES]!, index + 1)));
  await Promise.all(stores.map((each) => each.close()));
  await as(a, (cx) => store.append(cx, [{ type: LAST }]));
  const seen = (await following).map(({ position }) => position);
  const stored = await sql('SELECT position::int, type, tags FROM events.events WHERE org_id = $1 ORDER BY position', a.orgId);
  const accepted = written.flatMap((writer) => writer.accepted);
  const conflicts = accepted.filter(({ query, after, first }) =>
    stored.some(({ position, type, tags }) => position > after && position < first && matches(query, { type, tags })),
  );
  return {
    faults: {
      conflictsAccepted: conflicts.length,
      gaps: stored.filter(({ position }, index) => position !== index + 1).length,
      missed: stored.filter(({ position }) => !seen.includes(position as number)).length,
      seenTwiceOrBackwards: seen.filter((position, index) => index > 0 && position <= seen[index - 1]!).length,
    },
    accepted: accepted.length,
    refused: written.reduce((sum, writer) => sum + writer.refused, 0),
  };
}

const NO_FAULTS = { conflictsAccepted: 0, gaps: 0, missed: 0, seenTwiceOrBackwards: 0 };

test('of 16 writers no two that contradict each other are accepted, and a follower sees every event once and in order', async () => {
  world = await openEventWorld({ size: WRITERS + 4 });
  const { faults, accepted, refused } = await findFaults();
  expect(faults).toEqual(NO_FAULTS);
  // Both happened often, or nothing was tried.
  expect(Math.min(accepted, refused)).toBeGreaterThan(WRITERS);
});

/** Days without the lock, each in a world of its own: one alone may be lucky in one of its faults. */
const DAYS_WITHOUT_LOCK = 6;

test('without the lock contradictions are accepted, and a follower misses events', async () => {
  const sum = { conflictsAccepted: 0, gaps: 0, missed: 0 };
  for (let day = 0; day < DAYS_WITHOUT_LOCK && Object.values(sum).includes(0); day += 1) {
    if (day > 0) await world.close();
    world = await openEventWorld({ size: WRITERS + 4 });
    await takeLockAway(world);
    const { faults } = await findFaults();
    for (const kind of ['conflictsAccepted', 'gaps', 'missed'] as const) sum[kind] += faults[kind];
  }
  expect(Object.values(sum), JSON.stringify(sum)).not.toContain(0);
});

test('a read finds what matches and nothing else, page by page, for any query', async () => {
  world = await openEventWorld();
  const { store, as, a } = world;
  const random = createRandom(7);
  for (let count = 0; count < 60; count += 1) await as(a, (cx) => store.append(cx, randomEvents(random)));
  const { events: all } = await as(a, (cx) => store.read(cx, EVERY_EVENT, { limit: 1_000 }));
  for (let count = 0; count < 60; count += 1) {
    const query = randomQuery(random);
    const after = random(40);
    const limit = 1 + random(20);
    const expected = all.filter((event) => event.position > after && matches(query, event)).slice(0, limit);
    const { events, head } = await as(a, (cx) => store.read(cx, query, { after, limit }));
    expect([query, events.map(({ position }) => position)]).toEqual([query, expected.map(({ position }) => position)]);
    expect(head).toBe(all.length);
  }
});
