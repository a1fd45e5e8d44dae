import { expect, test } from 'vitest';
import { describeReading } from './reading.ts';

test('what is written down of a reading has a bound, and says how much it leaves out', () => {
  const tags = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(200, '"'));
  const types = Array.from({ length: 20 }, (_, index) => `NOUN.VERB${index}`.padEnd(101, 'X'));
  const query = Array.from({ length: 20 }, () => ({ types, tags }));
  const described = describeReading({ field: 'Query.events', query, after: 7 });
  expect(described).toMatchObject({ field: 'Query.events', after: 7, leftOut: 20 });
  expect(JSON.stringify(described).length).toBeLessThan(9_000);
  const ids = Array.from({ length: 1_000 }, (_, index) => `evt_${index}`.padEnd(30, '0'));
  const named = describeReading({ field: 'Query.node', ids });
  expect(named['ids']).toEqual(ids.slice(0, 250));
  expect(named['leftOut']).toBe(750);
});

test('what is short is written down as it was asked', () => {
  expect(describeReading({ field: 'Query.events', query: [{ types: ['A.B'] }], after: 0 })).toEqual({ field: 'Query.events', query: [{ types: ['A.B'], tags: [] }], after: 0 });
  expect(describeReading({ field: 'Query.events', query: null, after: null })).toEqual({ field: 'Query.events', after: null });
});
