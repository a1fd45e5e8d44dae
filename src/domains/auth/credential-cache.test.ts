import { expect, test } from 'vitest';
import { createCredentialCache, type Tag } from './credential-cache.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(NOW.getTime() + ms);
const cacheOf = (max = 10) => createCredentialCache<{ name: string }>({ max, ageMs: 1_000 });
const put = (cache: ReturnType<typeof cacheOf>, name: string, ...tags: Tag[]) =>
  cache.set(name, { name }, tags, cache.begin(), NOW);

test('an entry lives for its time and not a millisecond longer', () => {
  const cache = cacheOf();
  put(cache, 'a');
  expect(cache.get('a', at(999))).toEqual({ name: 'a' });
  expect(cache.get('a', at(1_000))).toBeUndefined();
});

test('a change drops all that it was part of, and nothing else', () => {
  const cache = cacheOf();
  put(cache, 'a', 'key:1', 'org:1');
  put(cache, 'b', 'key:2', 'org:1');
  put(cache, 'c', 'key:1', 'org:2');
  cache.forget({ kind: 'org', id: '1' });
  expect(['a', 'b', 'c'].map((key) => cache.get(key, NOW)?.name)).toEqual([undefined, undefined, 'c']);
  cache.forget({ kind: 'key', id: '1' });
  expect(cache.get('c', NOW)).toBeUndefined();
});

test('ids of different kinds are different', () => {
  const cache = cacheOf();
  put(cache, 'a', 'key:1');
  cache.forget({ kind: 'user', id: '1' });
  expect(cache.get('a', NOW)).toBeDefined();
});

test('what was looked up before a change, any change, is not remembered after it', () => {
  const cache = cacheOf();
  for (const change of [() => cache.forget({ kind: 'key', id: 'unheard of' }), () => cache.clear()]) {
    const generation = cache.begin();
    change();
    cache.set('a', { name: 'a' }, ['key:1'], generation, NOW);
    expect(cache.get('a', NOW)).toBeUndefined();
  }
});

test('an entry set anew has the new tags only', () => {
  const cache = cacheOf();
  put(cache, 'a', 'org:1');
  put(cache, 'a', 'org:2');
  cache.forget({ kind: 'org', id: '1' });
  expect(cache.get('a', NOW)).toBeDefined();
  cache.forget({ kind: 'org', id: '2' });
  expect(cache.get('a', NOW)).toBeUndefined();
});

test('the oldest entries go when it is full, and a change finds what is left', () => {
  const cache = cacheOf(2);
  for (const name of ['a', 'b', 'c']) put(cache, name, 'org:1');
  expect(['a', 'b', 'c'].filter((key) => cache.get(key, NOW))).toEqual(['b', 'c']);
  cache.forget({ kind: 'org', id: '1' });
  expect(['a', 'b', 'c'].filter((key) => cache.get(key, NOW))).toEqual([]);
});

test('two caches know nothing of each other', () => {
  const [one, other] = [cacheOf(), cacheOf()];
  for (const cache of [one, other]) put(cache, 'a', 'org:1');
  one.forget({ kind: 'org', id: '1' });
  expect(other.get('a', NOW)).toBeDefined();
  other.forget({ kind: 'org', id: '1' });
  expect(other.get('a', NOW)).toBeUndefined();
});
