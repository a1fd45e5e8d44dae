import { TenantContextError, TenantViolationError } from '../../../kernel/errors.ts';
import type { ScopedModel, ScopedModels } from '../models.ts';
import type { TenantScope } from '../tenancy.ts';

/** A part of the arguments of one Prisma call. The call's own copy: the wall changes it in place. */
export type Part = Record<string, unknown>;

/** For whom a call is made, and what the wall knows about the models. */
export interface Guard {
  readonly models: ScopedModels;
  readonly scope: TenantScope;
}

/** Whether a value is an object literal: not a date, not bytes, not one of Prisma's marker objects. */
export function isPart(value: unknown): value is Part {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @throws TenantViolationError when something that must be an object literal is not. */
export function requirePart(value: unknown, what: string): Part {
  if (isPart(value)) return value;
  throw new TenantViolationError(`${what} must be an object: undefined would mean "no filter at all".`);
}

export function modelOf(guard: Pick<Guard, 'models'>, name: string): ScopedModel {
  const model = guard.models.get(name);
  if (model === undefined) throw new TenantViolationError(`The tenant wall does not know the model ${name}.`);
  return model;
}

/**
 * The id that every row of this model must carry in the current scope.
 *
 * @throws TenantContextError when the scope has no such id.
 */
export function keyOf({ scope }: Guard, model: ScopedModel): string {
  const key = model.kind === 'organization' ? scope.orgId : scope.userId;
  if (key !== null) return key;
  if (model.kind === 'organization') throw new TenantContextError();
  throw new TenantContextError(`${model.name} belongs to a person, and nobody is signed in.`);
}

/**
 * Lets pass the id of the scope's tenant, as itself or as `{equals}`, `{in}` or `{set}`.
 *
 * @throws TenantViolationError for anything else.
 */
export function requireOwn(guard: Guard, model: ScopedModel, value: unknown): void {
  const key = keyOf(guard, model);
  const names = isPart(value) ? Object.entries(value).every(([word, named]) => isOwn(key, word, named)) : value === key;
  if (names && !(isPart(value) && Object.keys(value).length === 0)) return;
  throw new TenantViolationError(`${model.name}.${model.field} names another ${model.kind} than that of the scope.`);
}

const isOwn = (key: string, word: string, named: unknown): boolean => {
  if (word === 'equals' || word === 'set') return named === key;
  return word === 'in' && Array.isArray(named) && named.length > 0 && named.every((item) => item === key);
};

/** A value that Prisma takes alone or in an array, as an array. */
export function each(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
