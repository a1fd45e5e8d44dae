import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { repeatsOf } from './repeats.ts';

const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(' ');
const refused = (text: string) => repeatsOf(parse(text));

test.each<[string, (count: number) => string]>([
  ['beside each other', (count) => `{ ${times(count, 'viewer { id }')} }`],
  ['left out', (count) => `{ ... @skip(if: true) { ${times(count, 'viewer { id }')} } }`],
  ['under different names', (count) => `{ ${times(count, 'viewer: node { id }')} }`],
  ['below each other', (count) => `{ ${times(count / 2, 'a { viewer { id } }')} ${times(count / 2, 'b { viewer { id } }')} }`],
  ['in fragments', (count) => `{ ...F } fragment F on Query { ...F ${times(count, 'viewer { id }')} }`],
  ['in another operation', (count) => `query A { b } query B { ${times(count, 'viewer { id }')} }`],
])('an object that is selected 102 times is refused, 100 times are not: %s', (_way, query) => {
  expect(refused(query(100))).toBeNull();
  expect(refused(query(102))).toBe(
    'This document selects "viewer" 102 times; the limit is 100: ask for it once, or in several requests.',
  );
});

test('scalars may be there more often: comparing them is quick', () => {
  expect(refused(`{ viewer { ${times(500, 'id')} } }`)).toBeNull();
});
