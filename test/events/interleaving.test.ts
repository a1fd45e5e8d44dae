import { afterEach, expect, test } from 'vitest';
import { AppendConditionFailedError, EVERY_EVENT } from '../../src/domains/events/index.ts';
import { untilWaiting } from '../domains/world.ts';
import { createGate, type EventWorld, lastPosition, openEventWorld, takeLockAway } from './world.ts';

let world: EventWorld;
afterEach(() => world.close());

const tagged = { type: 'SEAT.TAKEN', tags: ['seat:1'] };

/**
 * A first writer has appended and not committed when a second one appends above it. A decision reads then, and appends
 * when both are done, on the condition that nothing of the tag has come since. A follower looks at the same two moments.
 */
async function interleave() {
  const { store, as, a, sql } = world;
  const [appended, gate] = [createGate(), createGate()];
  const first = as(a, (cx) =>
    cx.db.$transaction(async (tx) => {
      await store.append({ ...cx, db: tx }, [tagged]);
      appended.open();
      await gate.opened;
    }),
  );
  await appended.opened;
  const second = as(a, (cx) => store.append(cx, [{ type: 'SEAT.LOOKED_AT' }]));
  await Promise.race([second, untilWaiting(sql, 1)]);
  const before = await as(a, (cx) => store.read(cx, EVERY_EVENT));
  const after = await lastPosition(world, a);
  gate.open();
  await Promise.all([first, second]);
  const later = await as(a, (cx) => store.read(cx, EVERY_EVENT, { after }));
  const decision = await as(a, (cx) => store.append(cx, [tagged], { failIfEventsMatch: [{ tags: ['seat:1'] }], after })).catch(
    (error: unknown) => error,
  );
  const followed = [...before.events, ...later.events].map(({ type }) => type);
  return { followed, decision };
}

test('a second writer waits for the first, so a decision between them is refused and a follower misses nothing', async () => {
  world = await openEventWorld();
  const { followed, decision } = await interleave();
  expect(decision).toBeInstanceOf(AppendConditionFailedError);
  expect(decision).toMatchObject({ code: 'APPEND_CONDITION_FAILED', position: 1 });
  expect(followed).toEqual(['SEAT.TAKEN', 'SEAT.LOOKED_AT']);
});

test('without the lock the decision is accepted wrongly, and the follower misses an event', async () => {
  world = await openEventWorld();
  await takeLockAway(world);
  const { followed, decision } = await interleave();
  expect(decision).toMatchObject({ events: [{}] });
  expect(followed).toEqual(['SEAT.LOOKED_AT']);
});

test('a transaction that sees an older state is refused when the log has moved on', async () => {
  world = await openEventWorld();
  const { store, as, a } = world;
  await as(a, (cx) => store.append(cx, [{ type: 'SEAT.LOOKED_AT' }]));
  const [begun, gate] = [createGate(), createGate()];
  const old = as(a, (cx) =>
    cx.db.$transaction(
      async (tx) => {
        await tx.workflow.count();
        begun.open();
        await gate.opened;
        return store.append({ ...cx, db: tx }, [tagged], { failIfEventsMatch: [{ tags: ['seat:1'] }], after: 1 });
      },
      { isolationLevel: 'RepeatableRead' },
    ),
  );
  await begun.opened;
  await as(a, (cx) => store.append(cx, [tagged]));
  gate.open();
  await expect(old).rejects.toThrow(/write conflict|could not serialize/);
  expect(await lastPosition(world, a)).toBe(2);
});
