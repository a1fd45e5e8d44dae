import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EventWorld, openEventWorld } from './world.ts';

// Processes of their own, killed without a warning while they work.

const script = fileURLToPath(new URL('../harness/events-child.ts', import.meta.url));

let world: EventWorld;
let children: ChildProcess[] = [];
beforeEach(async () => {
  world = await openEventWorld();
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await world.close();
});

/** Everything that a process told, in its order, once it was killed after so many lines. */
async function killAfter(lines: number, ...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const told: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    told.push(line);
    if (told.length === lines) child.kill('SIGKILL');
  });
  await once(reader, 'close');
  // The last line may be half of one.
  return told.filter((line) => /^\d+ [0-9a-f-]{36}$/.test(line));
}

const stored = async (): Promise<string[]> =>
  (await world.sql(`SELECT position || ' ' || id AS line FROM events.events WHERE org_id = $1 ORDER BY position`, world.a.orgId)).map(
    ({ line }) => line as string,
  );

/** Returns once nothing of a killed process is under way in the database. */
const untilQuiet = () =>
  expect
    .poll(() => world.sql(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user AND state <> 'idle'`))
    .toEqual([]);

test('a process that is killed while it appends loses no acknowledged event and leaves no gap', async () => {
  const acknowledged: string[] = [];
  for (const lines of [40, 90, 140]) {
    acknowledged.push(...(await killAfter(lines, 'write', world.database.runtimeUrl, world.a.orgId)));
    await untilQuiet();
  }
  const events = await stored();
  expect(acknowledged.length).toBeGreaterThan(200);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect(acknowledged.filter((line) => !events.includes(line))).toEqual([]);
  expect(events.map((line) => Number(line.split(' ')[0]))).toEqual(events.map((_, index) => index + 1));
  const [head] = await world.sql('SELECT position::int FROM events.heads WHERE org_id = $1', world.a.orgId);
  expect(head).toEqual({ position: events.length });
  // Half an append is none: each was of one, two or three events, and all of an append have their tags.
  const [tags] = await world.sql('SELECT count(*)::int FROM events.event_tags WHERE org_id = $1', world.a.orgId);
  expect(tags).toEqual({ count: events.length });
});

test('a follower whose process is killed three times and goes on from where it was has each event once and in order', async () => {
  const { store, as, a, b, database } = world;
  let writing = true;
  const writer = (async () => {
    while (writing) {
      await as(a, (cx) => store.append(cx, [{ type: 'NOTE.WRITTEN' }, { type: 'NOTE.READ' }]));
      await as(b, (cx) => store.append(cx, [{ type: 'NOTE.HIDDEN' }]));
    }
  })();
  const followed: string[] = [];
  for (let life = 0; life < 4; life += 1) {
    const after = followed.at(-1)?.split(' ')[0] ?? '0';
    followed.push(...(await killAfter(60, 'follow', database.runtimeUrl, a.orgId, after)));
  }
  writing = false;
  await writer;
  expect(followed.length).toBeGreaterThanOrEqual(4 * 60);
  expect(followed).toEqual((await stored()).slice(0, followed.length));
});
