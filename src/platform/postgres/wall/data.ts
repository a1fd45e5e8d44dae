import { TenantViolationError } from '../../../kernel/errors.ts';
import type { Relation, ScopedModel } from '../models.ts';
import { each, type Guard, isPart, keyOf, modelOf, type Part, requireOwn, requirePart } from './scope-keys.ts';
import { scopeUniqueWhere, scopeWhere } from './where.ts';

/**
 * Puts the tenant into the data of a new row and of the rows made with it.
 *
 * @param inherits the row hangs on a parent whose relation gives it the tenant; Prisma then takes none in the data.
 */
export function scopeCreate(guard: Guard, model: ScopedModel, value: unknown, inherits = false): Part {
  const data = requirePart(value, `The data of ${model.name}`);
  scopeNestedWrites(guard, model, data);
  if (model.field in data) requireOwn(guard, model, data[model.field]);
  else if (!inherits) addTenant(guard, model, data);
  return data;
}

/**
 * Prisma takes the columns of a foreign key either as plain values or as relations to connect, never both. So beside a
 * relation the tenant is given as a relation too.
 */
const addTenant = (guard: Guard, model: ScopedModel, data: Part): void => {
  const owning = [...model.relations.values()].filter((relation) => relation.foreignKey.length > 0);
  const usesRelations = owning.some((relation) => relation.name in data);
  const carriers = owning.filter((relation) => relation.foreignKey.includes(model.field));
  if (!usesRelations || carriers.length === 0) {
    data[model.field] = keyOf(guard, model);
    return;
  }
  const direct = carriers.find((relation) => relation.foreignKey.length === 1);
  if (direct === undefined || direct.name in data) return;
  const target = modelOf(guard, direct.target);
  data[direct.name] = { connect: { [target.field]: keyOf(guard, target) } };
};

/** Refuses a change that would move a row to another tenant, and scopes the writes nested in it. */
export function scopeUpdate(guard: Guard, model: ScopedModel, value: unknown): Part {
  const data = requirePart(value, `The data of ${model.name}`);
  scopeNestedWrites(guard, model, data);
  if (model.field in data) {
    requireOwn(guard, model, data[model.field]);
    // It stays what it is, and the database's role may not write the column.
    delete data[model.field];
  }
  return data;
}

const scopeNestedWrites = (guard: Guard, model: ScopedModel, data: Part): void => {
  for (const relation of model.relations.values()) {
    const writes = data[relation.name];
    if (writes === undefined) continue;
    const operations = requirePart(writes, `${model.name}.${relation.name} in the data`);
    for (const [operation, value] of Object.entries(operations)) {
      const scope = nestedWrites.get(operation);
      if (scope === undefined) throw unknownWrite(model, relation, operation);
      operations[operation] = mapEach(value, (item) => scope(guard, relation, item));
    }
  }
};

const unknownWrite = (model: ScopedModel, relation: Relation, operation: string): TenantViolationError =>
  new TenantViolationError(
    `The tenant wall does not know the nested write "${operation}" on ${model.name}.${relation.name}.`,
  );

const mapEach = (value: unknown, change: (item: unknown) => unknown): unknown =>
  Array.isArray(value) ? value.map(change) : change(value);

type NestedWrite = (guard: Guard, relation: Relation, value: unknown) => unknown;

const targetOf = (guard: Guard, relation: Relation): ScopedModel => modelOf(guard, relation.target);

/** The target points at this row with a key that contains the tenant. */
const givesTenant = (relation: Relation): boolean => relation.held && relation.foreignKey.length === 0;

const create: NestedWrite = (guard, relation, value) =>
  scopeCreate(guard, targetOf(guard, relation), value, givesTenant(relation));

const createMany: NestedWrite = (guard, relation, value) => {
  const args = requirePart(value, `createMany on ${relation.name}`);
  each(args['data']).forEach((item) => create(guard, relation, item));
  return args;
};

const connect: NestedWrite = (guard, relation, value) => scopeUniqueWhere(guard, targetOf(guard, relation), value);

const connectOrCreate: NestedWrite = (guard, relation, value) => {
  const args = requirePart(value, `connectOrCreate on ${relation.name}`);
  connect(guard, relation, args['where']);
  create(guard, relation, args['create']);
  return args;
};

/** Disconnecting or deleting takes true, a filter for a single row, or the unique key of one among many. */
const detach: NestedWrite = (guard, relation, value) => {
  if (typeof value === 'boolean') return value;
  const target = targetOf(guard, relation);
  return relation.isList ? scopeUniqueWhere(guard, target, value) : scopeWhere(guard, target, value);
};

const locate = (guard: Guard, relation: Relation, args: Part): void => {
  const target = targetOf(guard, relation);
  if (relation.isList) scopeUniqueWhere(guard, target, args['where']);
  else args['where'] = scopeWhere(guard, target, 'where' in args ? args['where'] : {});
};

const update: NestedWrite = (guard, relation, value) => {
  const target = targetOf(guard, relation);
  const args = requirePart(value, `update on ${relation.name}`);
  // A single related row may be given its new data at once, without a where beside it.
  const isPlainData = !relation.isList && !(isPart(args['data']) && !target.fields.has('data'));
  const located: Part = isPlainData ? { data: args } : args;
  locate(guard, relation, located);
  scopeUpdate(guard, target, located['data']);
  return located;
};

const updateMany: NestedWrite = (guard, relation, value) => {
  const target = targetOf(guard, relation);
  const args = requirePart(value, `updateMany on ${relation.name}`);
  args['where'] = scopeWhere(guard, target, args['where']);
  scopeUpdate(guard, target, args['data']);
  return args;
};

const upsert: NestedWrite = (guard, relation, value) => {
  const args = requirePart(value, `upsert on ${relation.name}`);
  locate(guard, relation, args);
  create(guard, relation, args['create']);
  scopeUpdate(guard, targetOf(guard, relation), args['update']);
  return args;
};

const deleteMany: NestedWrite = (guard, relation, value) => scopeWhere(guard, targetOf(guard, relation), value);

const nestedWrites: ReadonlyMap<string, NestedWrite> = new Map(
  Object.entries({
    create,
    createMany,
    connect,
    connectOrCreate,
    set: connect,
    disconnect: detach,
    delete: detach,
    update,
    updateMany,
    upsert,
    deleteMany,
  }),
);
