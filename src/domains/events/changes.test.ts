import { expect, test } from 'vitest';
import { changesOf } from './changes.ts';

test('only what was given and is different is a change, as it was and as it is', () => {
  const row = { name: 'a', note: 'x', count: 1, at: new Date(0), secret: 'never given' };
  expect(changesOf(row, { name: 'b', note: 'x', count: 1 })).toEqual({ before: { name: 'a' }, after: { name: 'b' } });
  expect(changesOf(row, { at: new Date(1) })).toEqual({
    before: { at: '1970-01-01T00:00:00.000Z' },
    after: { at: '1970-01-01T00:00:00.001Z' },
  });
  expect(changesOf(row, { note: null })).toEqual({ before: { note: 'x' }, after: { note: null } });
});

test('equal values are no change, whatever they are', () => {
  const row = { list: ['a', 'b'], at: new Date(5), none: null };
  expect(changesOf(row, { list: ['a', 'b'], at: new Date(5), none: null })).toBeNull();
  expect(changesOf(row, {})).toBeNull();
  expect(changesOf(row, { list: ['b', 'a'] })).not.toBeNull();
});
