import { expect, test } from 'vitest';
import { createDenialAllowance } from './denial-allowance.ts';

const at = (seconds: number): Date => new Date(seconds * 1_000);
const times = (count: number, name: string): string[] => Array.from({ length: count }, () => name);
const granted = (answer: { granted: readonly boolean[] }): number => answer.granted.filter(Boolean).length;

test('repetitions of one refusal leave room for others, and all together have a bound', () => {
  const allowance = createDenialAllowance({ most: 5, repeated: 3, withinMs: 60_000 });
  expect(granted(allowance.take('a', times(9, 'x'), at(0)))).toBe(3);
  expect(allowance.take('a', ['x', 'y', 'y', 'z', 'w'], at(59))).toEqual({ granted: [false, true, false, true, false], endsAt: 60_000 });
  expect(granted(allowance.take('b', times(9, 'x'), at(59)))).toBe(3);
  expect(allowance.take('a', ['x'], at(60))).toEqual({ granted: [true], endsAt: 120_000 });
});
