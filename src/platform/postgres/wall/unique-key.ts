import type { ScopedModel } from '../models.ts';
import { isPart, type Part } from './scope-keys.ts';

/** Where a row is looked for by a unique key: the key's fields with their values, and other conditions beside it. */
export interface UniqueWhere {
  readonly name: string;
  readonly key: Readonly<Record<string, unknown>>;
  /** Each is a filter of its own, so that one that contradicts the key still holds. */
  readonly conditions: readonly Part[];
}

const hasValue = (value: unknown): boolean => value !== undefined && value !== null && !isPart(value);

/**
 * Reads the where of a findUnique as the fields it stands for, `{orgId_id: {orgId, id}}` as `{orgId, id}`; undefined
 * when it names no unique key.
 */
export function readUniqueWhere(model: ScopedModel, where: unknown): UniqueWhere | undefined {
  if (!isPart(where)) return undefined;
  for (const [name, fields] of model.uniqueKeys) {
    const { [name]: given, ...others } = where;
    const key = isPart(given) ? given : { [name]: given };
    const isWhole = fields.length === Object.keys(key).length && fields.every((field) => hasValue(key[field]));
    if (isWhole) return { name, key, conditions: separated(model, others) };
  }
  return undefined;
}

/** Further unique keys beside the first are filters like any other, once they are spelled as fields. */
const separated = (model: ScopedModel, others: Part): Part[] =>
  Object.entries(others).map(([name, value]) =>
    (model.uniqueKeys.get(name)?.length ?? 0) > 1 && isPart(value) ? value : { [name]: value },
  );

/**
 * A text that two selections share only when they mean the same, or undefined for one that cannot be told in text (a
 * value of one of Prisma's own classes).
 */
export function shapeOf(value: unknown): string | undefined {
  const plain = (item: unknown): boolean => {
    if (item === null || ['string', 'number', 'boolean'].includes(typeof item)) return true;
    if (item instanceof Date) return !Number.isNaN(item.getTime());
    if (Array.isArray(item)) return item.every(plain);
    return isPart(item) && Object.values(item).every(plain);
  };
  return plain(value) ? JSON.stringify(value) : undefined;
}
