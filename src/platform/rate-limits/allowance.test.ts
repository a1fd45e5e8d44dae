import { expect, test } from 'vitest';
import { createAllowance } from './allowance.ts';

const at = (seconds: number): Date => new Date(seconds * 1_000);

test('so many are granted within the time, and what was left out is told once with the next that are', () => {
  const allowance = createAllowance({ most: 3, withinMs: 60_000 });
  expect(allowance.take('a', 2, at(0))).toEqual({ granted: 2, leftOut: 0 });
  expect(allowance.take('a', 2, at(1))).toEqual({ granted: 1, leftOut: 0 });
  expect(allowance.take('a', 5, at(59))).toEqual({ granted: 0, leftOut: 0 });
  expect(allowance.take('a', 4, at(60))).toEqual({ granted: 3, leftOut: 6 });
  expect(allowance.take('a', 1, at(121))).toEqual({ granted: 1, leftOut: 1 });
  expect(allowance.take('a', 1, at(122))).toEqual({ granted: 1, leftOut: 0 });
});

test('one takes nothing from another', () => {
  const allowance = createAllowance({ most: 1, withinMs: 60_000 });
  expect(allowance.take('a', 9, at(0)).granted).toBe(1);
  expect(allowance.take('b', 1, at(0))).toEqual({ granted: 1, leftOut: 0 });
});

test('asking for nothing begins nothing new', () => {
  const allowance = createAllowance({ most: 1, withinMs: 60_000 });
  expect(allowance.take('a', 3, at(0))).toEqual({ granted: 1, leftOut: 0 });
  expect(allowance.take('a', 0, at(61))).toEqual({ granted: 0, leftOut: 0 });
  expect(allowance.take('a', 1, at(62))).toEqual({ granted: 1, leftOut: 2 });
});
