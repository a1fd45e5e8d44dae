import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_EVENT, type EventQuery } from '../../src/domains/events/index.ts';
import type { TestApp } from '../harness/app.ts';
import { explainNested, type RunPlan } from '../harness/nested-plans.ts';
import { capture, nodesOf, rowsRead } from '../harness/plans.ts';
import { type EventWorld, openEventWorld } from './world.ts';

// How PostgreSQL runs the very statements of the store, those within its functions too, on 1,000,000 events of one
// organization beside 200,000 of another: as the server's role, in the tenant, by the generic plan.

const EVENTS = 1_000_000;
const PAGE = 50;

let world: EventWorld;

/**
 * Events of one type but for the last; every second one has the frequent tag, and each one of its own. So few types make
 * a planner believe that a type says nothing about an event.
 */
const fill = (orgId: string, count: number): string => `
  INSERT INTO events.events (org_id, position, type, data, metadata, tags, actor_kind, source, created_at, hash)
  SELECT '${orgId}', n, CASE WHEN n = ${count} THEN 'ROOM.BURNT' ELSE 'SEAT.TAKEN' END, '{}', '{}',
         array_remove(ARRAY['seat:' || n, CASE WHEN n % 2 = 0 THEN 'room:1' END, CASE WHEN n % 1000 = 0 THEN 'room:2' END], NULL),
         'system', 'system', timestamptz '2025-01-01' + n * interval '1 second', ''
  FROM generate_series(1, ${count}) n`;

/** Foreign keys are not asked for each of millions of rows: they are right. */
const UNCHECKED = 'SET session_replication_role = replica';

beforeAll(async () => {
  world = await openEventWorld();
  const { sql, a, b } = world;
  // As many organizations as make the table of heads one that is worth an index.
  await sql(`INSERT INTO iam.organizations (name, slug, engine_namespace)
    SELECT 'Other ' || n, 'other-' || n, 'other-' || n FROM generate_series(1, 2000) n`);
  await sql(`INSERT INTO events.heads (org_id, position) SELECT id, 1 FROM iam.organizations WHERE slug LIKE 'other-%'`);
  for (const [{ orgId }, count] of [[a, EVENTS], [b, EVENTS / 5]] as const) {
    await sql('INSERT INTO events.heads (org_id, position) VALUES ($1, $2)', orgId, count);
    await sql(`${UNCHECKED}; ${fill(orgId, count)}`);
  }
  await sql(`${UNCHECKED}; INSERT INTO events.event_tags SELECT org_id, tag, position, type, created_at FROM events.events, unnest(tags) tag`);
  await sql('VACUUM (ANALYZE) events.heads, events.events, events.event_tags');
}, 600_000);
afterAll(() => world.close());

const plansOf = async (query: EventQuery, options = {}): Promise<{ plans: RunPlan[]; count: number }> => {
  const { store, as, a, access, database } = world;
  let count = 0;
  const sent = await capture({ app: { pool: access.pool } } as TestApp, async () => {
    count = (await as(a, (cx) => store.read(cx, query, { limit: PAGE, ...options }))).events.length;
  });
  return { plans: await explainNested(database.superuserUrl, sent[0]!), count };
};

/** Every table by an index, no sort of what a table gave, and few more rows than were asked for. */
const expectIndexes = (plans: readonly RunPlan[], mostRows: number): void => {
  // The statement itself, and at least one within the function.
  expect(plans.length).toBeGreaterThan(2);
  for (const { text, plan } of plans) {
    const scans = nodesOf(plan).filter((node) => node['Relation Name'] !== undefined);
    for (const scan of scans) {
      const how = [text, scan['Relation Name'], scan['Node Type']];
      expect(how).toEqual([text, scan['Relation Name'], expect.stringMatching(/^Index (Only )?Scan$/)]);
    }
  }
  const read = plans.reduce((sum, { plan }) => sum + rowsRead(plan), 0);
  expect(read).toBeLessThanOrEqual(mostRows);
};

describe.each([
  ['the beginning', 0],
  ['a position deep inside', EVENTS / 2],
])('from %s a page is read by indexes alone', (_where, after) => {
  // Each event is read once from the index that finds it and once itself; and the head.
  const twice = 2 * PAGE + 1;
  /** Where a range of a type ends, as many others are read at most as were asked for. */
  const beyond = PAGE;

  test('of all events', async () => {
    const { plans, count } = await plansOf(EVERY_EVENT, { after });
    expect(count).toBe(PAGE);
    expectIndexes(plans, twice);
  });

  test('of a type', async () => {
    const { plans, count } = await plansOf([{ types: ['SEAT.TAKEN'] }], { after });
    expect(count).toBe(PAGE);
    expectIndexes(plans, twice);
  });

  test('of a frequent tag', async () => {
    const { plans, count } = await plansOf([{ tags: ['room:1'] }], { after });
    expect(count).toBe(PAGE);
    expectIndexes(plans, twice);
  });

  test('of a frequent tag with a type that hardly ever occurs', async () => {
    const { plans, count } = await plansOf([{ types: ['ROOM.BURNT'], tags: ['room:1'] }], { after });
    expect(count).toBe(1);
    expectIndexes(plans, 2 + 1 + beyond);
  });

  test('of a type that never occurs', async () => {
    const { plans, count } = await plansOf([{ types: ['ROOM.FLOODED'] }], { after });
    expect(count).toBe(0);
    expectIndexes(plans, 1 + beyond);
  });

  test('of a frequent tag with a type that never occurs', async () => {
    const { plans, count } = await plansOf([{ types: ['ROOM.FLOODED'], tags: ['room:1'] }], { after });
    expect(count).toBe(0);
    expectIndexes(plans, 1 + beyond);
  });

  test('of several tags, along the rare one', async () => {
    const { plans } = await plansOf([{ tags: ['room:1', 'room:2'] }], { after });
    // One probe for each tag, a row of each tag for each event, and the events.
    expectIndexes(plans, 2 + 3 * PAGE + 1);
  });

  test('of a frequent tag and one that nothing has', async () => {
    const { plans, count } = await plansOf([{ tags: ['room:1', 'seat:none'] }], { after });
    expect(count).toBe(0);
    expectIndexes(plans, 2 + 1);
  });

  test('of any of several items', async () => {
    const { plans, count } = await plansOf([{ tags: ['room:2'] }, { types: ['ROOM.BURNT'] }, { tags: [`seat:${EVENTS}`] }], { after });
    expect(count).toBe(PAGE);
    expectIndexes(plans, PAGE + 2 + PAGE + 1 + beyond);
  });
});

test('one event by its tag is one row of the index and the event', async () => {
  const { plans, count } = await plansOf([{ tags: [`seat:${EVENTS / 2}`] }]);
  expect(count).toBe(1);
  expectIndexes(plans, 3);
});

test('an append to a log that was empty and never analyzed when its plans were made looks at no event but its own', async () => {
  const young = await openEventWorld();
  try {
    const { store, as, a, access, database } = young;
    const events = [{ type: 'SEAT.TAKEN', tags: ['seat:1', 'room:1'], aggregate: { type: 'Room', id: a.workflowIds[0]! } }];
    const condition = { failIfEventsMatch: [{ types: ['SEAT.LEFT'], tags: ['seat:1'] }], after: 0 };
    const sent = await capture({ app: { pool: access.pool } } as TestApp, () => as(a, (cx) => store.append(cx, events, condition)));
    const plans = await explainNested(database.superuserUrl, sent[0]!, { before: 300 });
    // One row of another type where the range of the condition ends, the earlier version, the event as it is written and
    // as the keys of two tags find it, and the head.
    expect(plans.reduce((sum, { plan }) => sum + rowsRead(plan), 0)).toBeLessThanOrEqual(12);
  } finally {
    await young.close();
  }
});

test('without the indexes of the tags the plans are noticed', async () => {
  await world.sql('ALTER TABLE events.event_tags DROP CONSTRAINT event_tags_pkey');
  await world.sql('DROP INDEX events.event_tags_org_id_tag_type_position_idx');
  const { plans } = await plansOf([{ tags: ['room:1'] }]);
  expect(() => expectIndexes(plans, 2 * PAGE + 1)).toThrow(/expected/);
});
