import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConsumeOptions, EventQuery, Handler } from '../../src/domains/events/index.ts';
import { EVERY_EVENT } from '../../src/domains/events/index.ts';
import { advanceMark, countFailure, ensureMark, readMark } from '../../src/domains/events/marks.ts';
import { type EventWorld, openEvents, openEventWorld } from './world.ts';

const script = fileURLToPath(new URL('../harness/consumer-child.ts', import.meta.url));

/** How long something may take on a machine that is busy. */
const SOON = { timeout: 30_000 };

let world: EventWorld;
let children: ChildProcess[];
let aborting: AbortController;
beforeEach(async () => {
  world = await openEventWorld({ size: 8 });
  children = [];
  aborting = new AbortController();
});
afterEach(async () => {
  aborting.abort();
  for (const child of children) child.kill('SIGKILL');
  await world.close();
});

const append = (count: number, type = 'NOTE.WRITTEN') =>
  world.as(world.a, (cx) => world.store.append(cx, Array.from({ length: count }, () => ({ type }))));
const mark = (consumer = 'mail') => world.as(world.a, (cx) => readMark(cx, consumer));

describe('a mark', () => {
  test('begins at 0, moves forward, and never back, whoever is late', async () => {
    expect(await mark()).toEqual({ position: 0, failedAttempts: 0, lastError: null });
    const advance = (position: number) => world.as(world.a, (cx) => advanceMark(cx, 'mail', position));
    expect(await advance(5)).toBe(true);
    expect(await advance(3)).toBe(false);
    expect(await advance(5)).toBe(false);
    const order = Array.from({ length: 40 }, (_, index) => 6 + ((index * 17) % 40));
    const moved = await Promise.all(order.map(advance));
    expect(await mark()).toMatchObject({ position: 45 });
    expect(moved[order.indexOf(45)]).toBe(true);
  });

  test('counts what failed, forgets it when it moves, and counts nothing of what has moved on', async () => {
    const fail = (position: number, error: unknown) => world.as(world.a, (cx) => countFailure(cx, 'mail', position, error));
    await world.as(world.a, (cx) => ensureMark(cx, 'mail'));
    await Promise.all([fail(0, new Error('no answer')), fail(0, 'gone')]);
    expect(await mark()).toMatchObject({ failedAttempts: 2 });
    await fail(0, `\0\ud800${'x'.repeat(2_000)}`);
    expect((await mark()).lastError).toHaveLength(1_000);
    await world.as(world.a, (cx) => advanceMark(cx, 'mail', 1));
    expect(await mark()).toEqual({ position: 1, failedAttempts: 0, lastError: null });
    await fail(0, new Error('late'));
    expect(await mark()).toMatchObject({ failedAttempts: 0 });
  });

  test('is each consumer\'s and each organization\'s own', async () => {
    await world.as(world.a, (cx) => advanceMark(cx, 'mail', 7));
    expect(await mark('search')).toMatchObject({ position: 0 });
    expect(await world.as(world.b, (cx) => readMark(cx, 'mail'))).toMatchObject({ position: 0 });
  });
});

describe('a consumer', () => {
  const consume = (handler: Handler, options: Partial<ConsumeOptions> = {}, query: EventQuery = EVERY_EVENT, opened: Pick<EventWorld, 'as' | 'store'> = world) =>
    opened.as(world.a, (cx) =>
      opened.store.consume(cx, 'mail', query, handler, { signal: aborting.signal, retryMinMs: 1, retryMaxMs: 5, ...options }),
    );

  test('is handed what matches in its order, what comes later too, and marks what it has passed', async () => {
    await append(250);
    const handled: number[] = [];
    const running = consume(({ position }) => void handled.push(position), {}, [{ types: ['NOTE.WRITTEN'] }]);
    await expect.poll(() => handled.length, SOON).toBe(250);
    await append(3, 'NOTE.READ');
    await append(1);
    await expect.poll(() => handled.length, SOON).toBe(251);
    expect(handled).toEqual([...Array.from({ length: 250 }, (_, index) => index + 1), 254]);
    await append(5, 'NOTE.READ');
    await expect.poll(async () => (await mark()).position, SOON).toBe(259);
    aborting.abort();
    await running;
  });

  test('is handed an event that failed again, and none behind it before', async () => {
    await append(4);
    const handled: string[] = [];
    const failures: number[] = [];
    let left = 3;
    const running = consume(
      ({ position }) => {
        if (position === 2 && left > 0) {
          left -= 1;
          throw new Error(`no answer, ${left} left`);
        }
        handled.push(String(position));
      },
      { onFailure: ({ attempts }) => failures.push(attempts) },
    );
    await expect.poll(() => handled, SOON).toEqual(['1', '2', '3', '4']);
    expect(failures).toEqual([1, 2, 3]);
    aborting.abort();
    await running;
  });

  test('that keeps failing says how often and why, and stays where it is', async () => {
    await append(2);
    const running = consume(({ position }) => {
      if (position === 2) throw new Error('the printer is on fire');
    });
    await expect.poll(async () => (await mark()).failedAttempts, SOON).toBeGreaterThan(3);
    expect(await mark()).toMatchObject({ position: 1, lastError: 'the printer is on fire' });
    aborting.abort();
    await running;
  });

  test('refuses a name or a query that is none', async () => {
    const { store, as, a } = world;
    const options = { signal: aborting.signal };
    await expect(as(a, (cx) => store.consume(cx, 'two words', EVERY_EVENT, () => undefined, options))).rejects.toThrow('consumer: must be');
    await expect(as(a, (cx) => store.consume(cx, 'mail', [], () => undefined, options))).rejects.toThrow('query: must have');
  });

  test('in two processes at once has each event handled by one of them', async () => {
    const other = await openEvents(world.database.runtimeUrl, { size: 4 });
    const handled: number[] = [];
    const handler: Handler = async ({ position }) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      handled.push(position);
    };
    const running = [consume(handler), consume(handler, {}, EVERY_EVENT, other)];
    await append(60);
    await expect.poll(async () => (await mark()).position, SOON).toBe(60);
    aborting.abort();
    await Promise.all(running);
    await other.close();
    expect(handled).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });
});

/** Starts a consumer, and kills it without a warning when it has told of so many events. */
async function killAfter(count: number): Promise<number[]> {
  const child = spawn(process.execPath, [script, world.database.runtimeUrl, world.a.orgId, 'projection'], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const told: number[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    told.push(Number(line));
    if (told.length === count) child.kill('SIGKILL');
  });
  await once(reader, 'close');
  return told;
}

test('processes that are killed again and again, two at a time, handle every event and write what each asks for once', async () => {
  await world.sql('CREATE TABLE public.projection (org_id uuid, position bigint, PRIMARY KEY (org_id, position))');
  await world.sql('GRANT INSERT ON public.projection TO tenantry_runtime');
  const told: number[] = [];
  for (let life = 0; life < 3; life += 1) {
    await append(60);
    const lives = await Promise.all([killAfter(12), killAfter(15)]);
    told.push(...lives.flat());
  }
  await append(1);
  const last = killAfter(Number.POSITIVE_INFINITY);
  await expect.poll(async () => (await mark('projection')).position, SOON).toBe(181);
  for (const child of children) child.kill('SIGKILL');
  told.push(...(await last));
  const rows = await world.sql('SELECT position::int FROM public.projection ORDER BY position');
  expect(rows.map(({ position }) => position as number)).toEqual(Array.from({ length: 181 }, (_, index) => index + 1));
  // Told is what was done outside of the database: everything, and little of it twice.
  expect(new Set(told).size).toBeGreaterThanOrEqual(181 - children.length);
  expect(told.length).toBeLessThanOrEqual(181 + children.length);
}, 180_000);
