import { describe, expect, test } from 'vitest';
import { createCursorCodec, type CursorBinding } from './cursor.ts';

const codec = createCursorCodec(Buffer.alloc(32, 1));
const binding: CursorBinding = { orgId: 'org-a', field: 'Query.things', filter: { status: { in: ['x', 'y'] }, name: null }, order: 'createdAt desc' };
const position = { value: '2026-01-01T00:00:00.000Z', id: '0190163d-8694-739b-aea5-966c26f8ad91' };
const cursor = codec.encode(binding, position);

describe('a cursor', () => {
  test('leads back to where it was made', () => {
    expect(codec.decode(binding, cursor, 'after')).toEqual(position);
  });

  test('does not mind the order of a filter, nor what was left empty', () => {
    const status = { in: ['x', 'y'] };
    const within = { eq: null, in: ['x', 'y'] };
    for (const filter of [{ name: undefined, status }, { status, name: null }, { status }, { slug: null, status }, { status: within }]) {
      expect(codec.decode({ ...binding, filter }, cursor, 'after')).toEqual(position);
    }
  });

  test.each<[string, Partial<CursorBinding>]>([
    ['organization', { orgId: 'org-b' }],
    ['field', { field: 'Query.others' }],
    ['filter', { filter: { status: { in: ['x'] } } }],
    ['order', { order: 'createdAt asc' }],
  ])('of another %s is refused', (_what, other) => {
    expect(() => codec.decode({ ...binding, ...other }, cursor, 'after')).toThrow(/after: is not a cursor of this list/);
  });

  test.each<[string, string]>([
    ['empty', ''],
    ['nonsense', 'nonsense'],
    ['cut off', cursor.slice(0, -4)],
    ['prolonged', `${cursor}AAAA`],
    ['written another way', `${cursor}=`],
    ['huge', 'A'.repeat(100_000)],
    ['changed by one bit', `${cursor[0] === 'A' ? 'B' : 'A'}${cursor.slice(1)}`],
    ['signed with another key', createCursorCodec(Buffer.alloc(32, 2)).encode(binding, position)],
  ])('that is %s is refused with the same text', (_what, bad) => {
    expect(() => codec.decode(binding, bad, 'before')).toThrow(/^before: is not a cursor of this list: use one that this list returned/);
  });
});
