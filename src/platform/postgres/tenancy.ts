import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantContextError } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';

/** For whom the current work is done. Every statement that leaves this process carries it. */
export interface TenantScope {
  /** The organization whose rows may be touched; null before one is chosen. */
  readonly orgId: string | null;
  /** The signed-in person; null for work that no person asked for. */
  readonly userId: string | null;
  /** Loaders of this piece of work. They live and die with the scope, so none is ever shared between two tenants. */
  readonly loaders: Map<string, unknown>;
}

const storage = new AsyncLocalStorage<TenantScope>();

// A scope is trusted wherever it turns up, so only this module makes one: a look-alike object is refused.
const made = new WeakSet<TenantScope>();

const checked = (id: string | null, what: string): string | null => {
  if (id === null || isUuid(id)) return id;
  throw new TenantContextError(`The id of the ${what} is not a UUID in lower case.`);
};

/**
 * Makes the scope of one piece of work: one request, one job.
 *
 * @throws TenantContextError when an id is not a UUID.
 */
export function createScope(ids: { readonly orgId: string | null; readonly userId: string | null }): TenantScope {
  const scope: TenantScope = Object.freeze({
    orgId: checked(ids.orgId, 'organization'),
    userId: checked(ids.userId, 'user'),
    loaders: new Map<string, unknown>(),
  });
  made.add(scope);
  return scope;
}

const isLazy = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Promise) && 'then' in value;

/**
 * Runs `work`, and everything that it starts, in `scope`.
 *
 * A query of Prisma does nothing until somebody waits for it. One that `work` returns is started here, or it would run
 * in the scope of whoever waits.
 */
export function runInScope<Result>(scope: TenantScope, work: () => Result): Result {
  if (!made.has(scope)) throw new TenantContextError('A scope must come from createScope.');
  return storage.run(scope, () => {
    const result = work();
    return isLazy(result) ? (Promise.resolve(result) as Result) : result;
  });
}

/** The scope of the current work. @throws TenantContextError outside of any. */
export function requireScope(): TenantScope {
  const scope = storage.getStore();
  if (scope === undefined) throw new TenantContextError('This work has no tenant: run it inside runInScope.');
  return scope;
}
