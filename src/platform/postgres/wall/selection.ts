import { TenantViolationError } from '../../../kernel/errors.ts';
import type { Relation, ScopedModel } from '../models.ts';
import { type Guard, isPart, modelOf, type Part, requirePart } from './scope-keys.ts';
import { checkCursor, checkOrder, scopeWhere } from './where.ts';

/** Puts the tenant into every list and count that `select` or `include` asks for, at any depth. */
export function scopeSelection(guard: Guard, model: ScopedModel, args: Part): void {
  for (const selection of [args['select'], args['include']]) {
    if (!isPart(selection)) continue;
    for (const [name, value] of Object.entries(selection)) {
      // False selects nothing; an undefined value is refused by Prisma itself.
      if (value === false || value === undefined) continue;
      const relation = model.relations.get(name);
      if (name === '_count') selection[name] = scopeCounts(guard, model, value);
      else if (relation !== undefined) selection[name] = scopeRelation(guard, model, relation, value);
    }
  }
}

/** Puts the tenant into the arguments of a list: its filter, where it starts, its order, and what it selects. */
export function scopeListArguments(guard: Guard, model: ScopedModel, args: Part): void {
  args['where'] = scopeWhere(guard, model, 'where' in args ? args['where'] : {});
  if ('cursor' in args) checkCursor(guard, model, args['cursor']);
  checkOrder(guard, model, args['orderBy']);
  scopeSelection(guard, model, args);
}

const scopeRelation = (guard: Guard, model: ScopedModel, relation: Relation, value: unknown): unknown => {
  const target = modelOf(guard, relation.target);
  const args = value === true ? {} : requirePart(value, `The selection of ${relation.name}`);
  if (relation.isList) {
    scopeListArguments(guard, target, args);
    return args;
  }
  if (!relation.held) {
    // Prisma takes no filter on a single related row, so nothing could hold this one to the tenant.
    throw new TenantViolationError(`${model.name}.${relation.name} leaves the tenant, so it cannot be selected.`);
  }
  scopeSelection(guard, target, args);
  return value === true ? true : args;
};

const scopeCounts = (guard: Guard, model: ScopedModel, value: unknown): Part => {
  const lists = [...model.relations.values()].filter((relation) => relation.isList);
  const all = Object.fromEntries(lists.map((relation) => [relation.name, true]));
  const counts = value === true ? { select: all } : requirePart(value, `The counts of ${model.name}`);
  const select = requirePart(counts['select'], `The counts of ${model.name}`);
  for (const [name, wanted] of Object.entries(select)) {
    const relation = model.relations.get(name);
    if (relation === undefined || wanted === false || wanted === undefined) continue;
    const args = wanted === true ? {} : requirePart(wanted, `The count of ${name}`);
    select[name] = {
      ...args,
      where: scopeWhere(guard, modelOf(guard, relation.target), 'where' in args ? args['where'] : {}),
    };
  }
  return counts;
};
