import { describe, expect, test } from 'vitest';
import { createCursorCodec } from './cursor.ts';
import { type PageArguments, pageQuery, readPage } from './page.ts';

const paging = { cursors: createCursorCodec(Buffer.alloc(32, 1)), pageSizeMax: 50 };
const binding = { orgId: 'own', field: 'Query.things', filter: null, order: 'id asc' };
const read = (args: PageArguments) => readPage(args, { column: 'id', direction: 'asc' }, binding, paging);

describe('a page', () => {
  test.each([0, -1, 51, 1_000_000, 1.5, Number.NaN])('of %s rows is refused, from either end', (size) => {
    expect(() => read({ first: size })).toThrow('first: must be from 1 to 50.');
    expect(() => read({ last: size })).toThrow('last: must be from 1 to 50.');
  });

  test('of as many rows as there may be is one row more for the database, which tells whether there is another', () => {
    expect(pageQuery(read({ first: 50 }))).toEqual({ orderBy: [{ id: 'asc' }], take: 51 });
    expect(pageQuery(read({ last: 1 }))).toEqual({ orderBy: [{ id: 'desc' }], take: 2 });
    expect(read({}).size).toBe(25);
  });

  test('has one end to be counted from', () => {
    expect(() => read({ first: 1, last: 1 })).toThrow('last: cannot be used together with first.');
    expect(read({ first: 1, last: null }).backward).toBe(false);
  });
});
