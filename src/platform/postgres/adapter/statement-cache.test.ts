import { expect, test } from 'vitest';
import { createStatementCache } from './statement-cache.ts';

test('the statement that was used least lately makes room for a new one', () => {
  const closed: string[] = [];
  const cache = createStatementCache(2);
  const use = (text: string) => cache.use(text, (name) => closed.push(name)).name;
  const [first, second] = [use('first'), use('second')];
  expect(use('first')).toBe(first);
  use('third');
  expect(closed).toEqual([second]);
  expect(use('first')).toBe(first);
  expect(use('second')).not.toBe(second);
});
