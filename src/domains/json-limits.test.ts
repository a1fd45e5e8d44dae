import { expect, test } from 'vitest';
import { LARGEST_JSON_BYTES, MOST_JSON_VALUES, requireJsonObject } from './json-limits.ts';

const refused = (value: unknown): string => {
  try {
    requireJsonObject(value, 'data');
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

test.each<[string, unknown]>([
  ['as many values as may be', { list: Array.from({ length: MOST_JSON_VALUES - 2 }, () => 1) }],
  ['numbers as PostgreSQL writes them, within the size', { list: Array.from({ length: 200 }, () => 1e300) }],
  ['the smallest and the largest number', { list: [Number.MIN_VALUE, Number.MAX_VALUE, -0, 1e21] }],
])('%s are taken', (_what, value) => {
  expect(refused(value)).toBe('taken');
});

test('little that comes to very many values is refused', () => {
  expect(refused({ list: Array.from({ length: MOST_JSON_VALUES }, () => []) })).toContain('at most 10000 values');
});

test.each([1e308, 1e-300, -1.5e300])('numbers like %s count by the digits that PostgreSQL writes of them', (number) => {
  const value = { list: Array.from({ length: 8_000 }, () => number) };
  // As JavaScript writes it, it would be small enough.
  expect(JSON.stringify(value).length).toBeLessThan(LARGEST_JSON_BYTES * 2);
  expect(refused(value)).toContain(`at most ${LARGEST_JSON_BYTES} bytes`);
  expect(refused({ list: [number] })).toBe('taken');
});
