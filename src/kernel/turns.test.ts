import { setImmediate as soon } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createKeyedTurns, createTurns } from './turns.ts';

/** Work that lasts until it is told to end, and how much of it is under way. */
function createWork() {
  const ends: (() => void)[] = [];
  const begun: string[] = [];
  let most = 0;
  let underWay = 0;
  return {
    begun,
    work: (name: string) => async (): Promise<string> => {
      begun.push(name);
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => ends.push(resolve));
      underWay -= 1;
      return name;
    },
    endOne: async (): Promise<void> => {
      ends.shift()?.();
      for (let turn = 0; turn < 5; turn += 1) await soon();
    },
    most: () => most,
  };
}

test('no more is under way than may be, and the rest follows in its order', async () => {
  const turns = createTurns(2);
  const { begun, work, endOne, most } = createWork();
  const all = Promise.all(['a', 'b', 'c', 'd'].map((name) => turns(work(name))));
  for (let count = 0; count < 4; count += 1) await endOne();
  expect(await all).toEqual(['a', 'b', 'c', 'd']);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(most()).toBe(2);
});

test('work that fails gives its place to the next', async () => {
  const turns = createTurns(1);
  const failing = turns(() => Promise.reject(new Error('no')));
  const next = turns(() => Promise.resolve('yes'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('one key that has all its places in use keeps no other waiting', async () => {
  const turns = createKeyedTurns({ ofOne: 1, ofAll: 4, waiting: 10 });
  const { begun, work, endOne } = createWork();
  const all = Promise.all([turns('x', work('x1')), turns('x', work('x2')), turns('x', work('x3')), turns('y', work('y1'))]);
  await soon();
  expect(begun).toEqual(['x1', 'y1']);
  for (let count = 0; count < 4; count += 1) await endOne();
  expect(await all).toEqual(['x1', 'x2', 'x3', 'y1']);
});

test('all keys together have no more places than there are', async () => {
  const turns = createKeyedTurns({ ofOne: 2, ofAll: 3, waiting: 10 });
  const { work, endOne, most } = createWork();
  const all = Promise.all(['x', 'x', 'y', 'y', 'z'].map((key, index) => turns(key, work(`${index}`))));
  for (let count = 0; count < 5; count += 1) await endOne();
  expect(await all).toHaveLength(5);
  expect(most()).toBe(3);
});

test('who would wait behind too many is told to come again, and others are not', async () => {
  const turns = createKeyedTurns({ ofOne: 1, ofAll: 4, waiting: 1 });
  const { work, endOne } = createWork();
  const some = Promise.all([turns('x', work('x1')), turns('x', work('x2'))]);
  await expect(turns('x', work('x3'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  const other = turns('y', work('y1'));
  for (let count = 0; count < 3; count += 1) await endOne();
  expect(await some).toEqual(['x1', 'x2']);
  expect(await other).toBe('y1');
});
