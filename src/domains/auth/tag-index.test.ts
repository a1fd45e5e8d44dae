import { expect, test } from 'vitest';
import { createTagIndex } from './tag-index.ts';

test('each tag leads to the entries that carry it, and a tag that nothing carries takes no room', () => {
  const index = createTagIndex<string>();
  index.add('a', ['org:1', 'user:1']);
  index.add('b', ['org:1']);
  expect([index.keysOf('org:1'), index.keysOf('user:1'), index.keysOf('org:2')]).toEqual([['a', 'b'], ['a'], []]);
  index.remove('a', ['org:1', 'user:1']);
  expect([index.keysOf('org:1'), index.size]).toEqual([['b'], 1]);
  index.remove('b', ['org:1']);
  expect(index.size).toBe(0);
});
