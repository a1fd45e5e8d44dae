import { TenantViolationError } from '../../../kernel/errors.ts';
import type { ScopedModel } from '../models.ts';
import { scopeCreate, scopeUpdate } from './data.ts';
import { each, type Guard, keyOf, modelOf, type Part, requirePart } from './scope-keys.ts';
import { scopeListArguments, scopeSelection } from './selection.ts';
import { checkCursor, checkFilter, checkOrder, scopeUniqueWhere, scopeWhere } from './where.ts';

type Operation = (guard: Guard, model: ScopedModel, args: Part) => void;

const narrow: Operation = (guard, model, args) => {
  args['where'] = scopeWhere(guard, model, 'where' in args ? args['where'] : {});
};

const summarize: Operation = (guard, model, args) => {
  narrow(guard, model, args);
  if ('cursor' in args) checkCursor(guard, model, args['cursor']);
  if ('having' in args) checkFilter(guard, model, requirePart(args['having'], `The having of ${model.name}`));
  checkOrder(guard, model, args['orderBy']);
};

const create: Operation = (guard, model, args) => {
  args['data'] = scopeCreate(guard, model, 'data' in args ? args['data'] : {});
  scopeSelection(guard, model, args);
};

const createMany: Operation = (guard, model, args) => {
  for (const row of each(args['data'])) scopeCreate(guard, model, row);
  scopeSelection(guard, model, args);
};

const update: Operation = (guard, model, args) => {
  scopeUniqueWhere(guard, model, args['where']);
  scopeUpdate(guard, model, args['data']);
  scopeSelection(guard, model, args);
};

const updateMany: Operation = (guard, model, args) => {
  narrow(guard, model, args);
  scopeUpdate(guard, model, args['data']);
  scopeSelection(guard, model, args);
};

const upsert: Operation = (guard, model, args) => {
  scopeUniqueWhere(guard, model, args['where']);
  scopeCreate(guard, model, args['create']);
  scopeUpdate(guard, model, args['update']);
  scopeSelection(guard, model, args);
};

const remove: Operation = (guard, model, args) => {
  scopeUniqueWhere(guard, model, args['where']);
  scopeSelection(guard, model, args);
};

const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    findFirst: scopeListArguments,
    findFirstOrThrow: scopeListArguments,
    findMany: scopeListArguments,
    count: summarize,
    aggregate: summarize,
    groupBy: summarize,
    create,
    createMany,
    createManyAndReturn: createMany,
    update,
    updateMany,
    updateManyAndReturn: updateMany,
    upsert,
    delete: remove,
    deleteMany: narrow,
  }),
);

/**
 * Holds one call of Prisma to the tenant of the scope: puts the tenant into its filters and its data, and refuses what
 * names another. Changes `args` in place.
 *
 * @throws TenantContextError without a tenant; TenantViolationError for what cannot be held to it.
 */
export function scopeOperation(guard: Guard, modelName: string, operation: string, args: Part): void {
  const model = modelOf(guard, modelName);
  const scope = operations.get(operation);
  if (scope === undefined) {
    throw new TenantViolationError(`The tenant wall does not know the operation ${modelName}.${operation}.`);
  }
  keyOf(guard, model);
  scope(guard, model, args);
}
