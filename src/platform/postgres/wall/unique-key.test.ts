import { describe, expect, test } from 'vitest';
import { scopedModels } from '../models.ts';
import { readUniqueWhere, shapeOf } from './unique-key.ts';

const workflow = scopedModels.get('Workflow')!;
const read = (where: unknown) => readUniqueWhere(workflow, where);

describe('a unique key', () => {
  test('is read as the fields it stands for, with the other conditions beside it', () => {
    expect(read({ orgId_id: { orgId: 'o', id: 'i' } })).toEqual({ name: 'orgId_id', key: { orgId: 'o', id: 'i' }, conditions: [] });
    expect(read({ orgId_id: { orgId: 'o', id: 'i' }, name: 'n', orgId_slug: { orgId: 'o', slug: 's' } })?.conditions).toEqual([
      { name: 'n' },
      { orgId: 'o', slug: 's' },
    ]);
  });

  test('that lacks a part is none: what is undefined would match every row', () => {
    for (const key of [{ orgId: 'o' }, { orgId: 'o', id: undefined }, { orgId: undefined, id: 'i' }, { orgId: 'o', id: null }, { orgId: 'o', other: 'i' }, { orgId: 'o', id: { in: [] } }]) {
      expect(read({ orgId_id: key })).toBeUndefined();
    }
    for (const where of [undefined, null, {}, { orgId: 'o', id: 'i' }, { orgId_id: undefined }]) expect(read(where)).toBeUndefined();
  });
});

describe('the shape of a selection', () => {
  test('is one text for what means the same', () => {
    expect(shapeOf({ select: { id: true }, orderBy: [{ name: 'asc' }, { id: 'asc' }] })).toBe(shapeOf({ select: { id: true }, orderBy: [{ name: 'asc' }, { id: 'asc' }] }));
    expect(shapeOf({ select: { id: true } })).not.toBe(shapeOf({ select: { name: true } }));
  });

  test('cannot be told of what JSON does not carry, wherever it stands', () => {
    const marker = new (class Marker {})();
    for (const value of [marker, [1, marker], [marker, 1], { a: 1, b: marker }, { a: [{ b: marker }, 1] }, new Date(Number.NaN), 1n, undefined, [1, undefined]]) {
      expect(shapeOf(value)).toBeUndefined();
    }
  });
});
