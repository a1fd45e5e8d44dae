import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CheckpointJob, startCheckpoints } from '../../src/domains/events/index.ts';
import type { BrokenChainError, Checkpoint } from '../../src/platform/chain/index.ts';
import { createPreTenantDatabase } from '../../src/platform/postgres/pre-tenant.ts';
import { type AuditWorld, openAuditWorld } from './world.ts';

const SOON = { timeout: 20_000 };

let world: AuditWorld;
let jobs: CheckpointJob[];
let signed: Checkpoint[];
let broken: BrokenChainError[];
let failures: unknown[];

beforeEach(async () => {
  world = await openAuditWorld();
  [jobs, signed, broken, failures] = [[], [], [], []];
});
afterEach(async () => {
  await Promise.all(jobs.map((job) => job.stop()));
  await world.close();
});

const find = (events: number, ageMs: number) => createPreTenantDatabase(world.access.pool).findUnsignedLogs(events, ageMs);

/** What each process of the server does, with little patience. */
function start(limits: { events?: number; ageMs?: number } = {}): void {
  const job = startCheckpoints({
    db: world.access.db,
    keys: world.keys,
    now: () => new Date(),
    findUnsigned: (events, ageMs) => find(limits.events ?? events, limits.ageMs ?? ageMs),
    onSigned: (checkpoint) => signed.push(checkpoint),
    onBroken: (error) => broken.push(error),
    onFailure: (error) => failures.push(error),
    lookEveryMs: 20,
  });
  jobs.push(job);
}

/** Logs of many pages, of which the chain is read one by one. */
const appendPages = () => world.append(200, world.a, { data: { text: 'x'.repeat(30_000) } });

/** How often the chain is read from now on. */
function watchReads(onRead: () => void = () => undefined): () => number {
  let count = 0;
  world.access.pool.observe(({ text }) => {
    if (!text.includes('read_chain')) return;
    count += 1;
    onRead();
  });
  return () => count;
}

const checkpoints = async ({ orgId }: { orgId: string }) =>
  (await world.sql('SELECT position::int FROM events.checkpoints WHERE org_id = $1 ORDER BY position', orgId)).map(({ position }) => position as number);

test('a log that was never signed, has grown by 1,000 events, or has grown at all within an hour, is to be signed, and no other', async () => {
  const HOUR = 3_600_000;
  expect(await find(1_000, HOUR)).toEqual([]);
  await world.append(1);
  expect(await find(1_000, HOUR)).toEqual([world.a.orgId]);
  await world.sign();
  await world.append(999);
  expect(await find(1_000, HOUR)).toEqual([]);
  await world.append(1);
  expect(await find(1_000, HOUR)).toEqual([world.a.orgId]);
  await world.sign();
  await world.append(1);
  expect(await find(1_000, HOUR)).toEqual([]);
  await world.tamper(`UPDATE events.checkpoints SET created_at = now() - interval '61 minutes' WHERE org_id = $1`, world.a.orgId);
  expect(await find(1_000, HOUR)).toEqual([world.a.orgId]);
});

test('several processes sign all logs, each state of a log once, and tell what they have signed', async () => {
  await world.append(3);
  await world.append(2, world.b);
  for (let process = 0; process < 3; process += 1) start({ events: 1 });
  await expect.poll(() => checkpoints(world.a), SOON).toEqual([3]);
  await world.append(4);
  await expect.poll(() => checkpoints(world.a), SOON).toEqual([3, 7]);
  await expect.poll(() => checkpoints(world.b), SOON).toEqual([2]);
  expect(signed.map(({ organization, position }) => `${organization} ${position}`)).toEqual(
    expect.arrayContaining([`${world.a.orgId} 3`, `${world.a.orgId} 7`, `${world.b.orgId} 2`]) as string[],
  );
  expect(await world.verify(['--strict'])).toMatchObject({ isWhole: true });
  expect([broken, failures]).toEqual([[], []]);
});

test('a log that was tampered with is told and never signed, and the others are', async () => {
  await world.append(10);
  await world.append(1, world.b);
  await world.tamper(`UPDATE events.events SET data = '{}' WHERE org_id = $1 AND position = 4`, world.a.orgId);
  start();
  await expect.poll(() => checkpoints(world.b), SOON).toEqual([1]);
  await expect.poll(() => broken.length, SOON).toBeGreaterThan(0);
  expect(broken[0]!.finding.position).toBe(4);
  expect(await checkpoints(world.a)).toEqual([]);
});

test('a log that is broken is read to its first fault, told once an hour, and left alone meanwhile', async () => {
  await appendPages();
  await world.tamper(`UPDATE events.events SET data = '{}' WHERE org_id = $1 AND position = 4`, world.a.orgId);
  const reads = watchReads();
  let now = Date.now();
  let looks = 0;
  jobs.push(
    startCheckpoints({
      db: world.access.db,
      keys: world.keys,
      now: () => new Date(now),
      findUnsigned: (events, ageMs) => ((looks += 1), find(events, ageMs)),
      onSigned: (checkpoint) => signed.push(checkpoint),
      onBroken: (error) => broken.push(error),
      onFailure: (error) => failures.push(error),
      lookEveryMs: 20,
    }),
  );
  await expect.poll(() => looks, SOON).toBeGreaterThan(5);
  expect([broken.length, reads()]).toEqual([1, 1]);
  now += 3_600_001;
  await expect.poll(() => broken.length, SOON).toBe(2);
  expect([reads(), failures]).toEqual([2, []]);
});

test('stopping ends a signing that is under way, and nothing of it is signed', async () => {
  await appendPages();
  const stopped = Promise.withResolvers<void>();
  const reads = watchReads(() => void Promise.all(jobs.map((job) => job.stop())).then(() => stopped.resolve()));
  start();
  await stopped.promise;
  expect([reads(), await checkpoints(world.a), broken, failures]).toEqual([1, [], [], []]);
});

test('a database that is away is told, and asked again', async () => {
  let isAway = true;
  await world.append(1);
  jobs.push(
    startCheckpoints({
      db: world.access.db,
      keys: world.keys,
      now: () => new Date(),
      findUnsigned: () => (isAway ? Promise.reject(new Error('away')) : find(1, 0)),
      onSigned: (checkpoint) => signed.push(checkpoint),
      onBroken: (error) => broken.push(error),
      onFailure: (error) => failures.push(error),
      lookEveryMs: 20,
    }),
  );
  await expect.poll(() => failures.length, SOON).toBeGreaterThan(1);
  isAway = false;
  await expect.poll(() => checkpoints(world.a), SOON).toEqual([1]);
});
