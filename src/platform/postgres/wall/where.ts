import { TenantViolationError } from '../../../kernel/errors.ts';
import type { Relation, ScopedModel } from '../models.ts';
import { each, type Guard, isPart, keyOf, modelOf, type Part, requireOwn, requirePart } from './scope-keys.ts';

/** Puts the tenant into a filter, and refuses one that names another anywhere inside. */
export function scopeWhere(guard: Guard, model: ScopedModel, where: unknown): Part {
  const filter = requirePart(where, `The where of ${model.name}`);
  checkFilter(guard, model, filter);
  filter[model.field] = keyOf(guard, model);
  return filter;
}

/** The same for the where that names one row: its unique key may carry the tenant already. */
export function scopeUniqueWhere(guard: Guard, model: ScopedModel, where: unknown): Part {
  const filter = requirePart(where, `The where of ${model.name}`);
  checkFilter(guard, model, filter);
  if (!namesTenant(model, filter)) filter[model.field] = keyOf(guard, model);
  return filter;
}

/** Where a page starts. Prisma looks the row up without any filter, so the cursor must carry the tenant itself. */
export function checkCursor(guard: Guard, model: ScopedModel, cursor: unknown): void {
  const filter = requirePart(cursor, `The cursor of ${model.name}`);
  checkFilter(guard, model, filter);
  if (!namesTenant(model, filter)) {
    throw new TenantViolationError(`The cursor of ${model.name} must be a unique key that contains ${model.field}.`);
  }
}

const namesTenant = (model: ScopedModel, filter: Part): boolean =>
  Object.keys(filter).some((name) => name === model.field || model.uniqueKeys.get(name)?.includes(model.field));

/** Refuses a filter that names another tenant, and puts the tenant into the filters over relations. */
export function checkFilter(guard: Guard, model: ScopedModel, filter: Part): void {
  for (const [name, value] of Object.entries(filter)) {
    if (name === 'AND' || name === 'OR' || name === 'NOT') {
      for (const branch of each(value)) if (isPart(branch)) checkFilter(guard, model, branch);
      continue;
    }
    const relation = model.relations.get(name);
    if (relation !== undefined) {
      filter[name] = relation.isList ? scopeList(guard, relation, value) : scopeOne(guard, relation, value);
    } else if (name === model.field) {
      requireOwn(guard, model, value);
    } else if (model.uniqueKeys.get(name)?.includes(model.field)) {
      requireOwn(guard, model, requirePart(value, `${model.name}.${name}`)[model.field]);
    }
  }
}

const scopeList = (guard: Guard, relation: Relation, value: unknown): unknown => {
  const target = modelOf(guard, relation.target);
  const quantifiers = requirePart(value, `The filter on ${relation.name}`);
  for (const [quantifier, filter] of Object.entries(quantifiers)) {
    if (quantifier === 'every') checkEvery(guard, relation, filter);
    else quantifiers[quantifier] = scopeWhere(guard, target, filter);
  }
  return quantifiers;
};

/**
 * "Every" cannot be narrowed to one tenant by adding a condition: it would then ask that every row be the tenant's. It
 * needs no narrowing where the relation cannot leave the tenant, and has no safe meaning where it can.
 */
const checkEvery = (guard: Guard, relation: Relation, filter: unknown): void => {
  if (!relation.held) {
    throw new TenantViolationError(
      `"every" on ${relation.name} would look at other tenants' rows: use "some" or "none".`,
    );
  }
  checkFilter(guard, modelOf(guard, relation.target), requirePart(filter, `"every" on ${relation.name}`));
};

const scopeOne = (guard: Guard, relation: Relation, value: unknown): unknown => {
  if (value === null) return value;
  const target = modelOf(guard, relation.target);
  const filter = requirePart(value, `The filter on ${relation.name}`);
  if (!('is' in filter) && !('isNot' in filter)) return scopeWhere(guard, target, filter);
  for (const word of ['is', 'isNot']) {
    if (word in filter && filter[word] !== null) filter[word] = scopeWhere(guard, target, filter[word]);
  }
  return filter;
};

/** Refuses an order that looks through a relation at rows of another tenant. */
export function checkOrder(guard: Guard, model: ScopedModel, orderBy: unknown): void {
  for (const order of each(orderBy)) {
    if (!isPart(order)) continue;
    for (const [name, value] of Object.entries(order)) {
      const relation = model.relations.get(name);
      if (relation === undefined) continue;
      if (!relation.held) {
        throw new TenantViolationError(
          `${model.name} cannot be ordered by ${name}: that would look at other tenants' rows.`,
        );
      }
      checkOrder(guard, modelOf(guard, relation.target), value);
    }
  }
}
