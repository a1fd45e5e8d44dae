import type { SqlDriverAdapter, SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { TenantViolationError } from '../../../kernel/errors.ts';
import { requireScope } from '../tenancy.ts';
import type { DatabasePool } from './pool.ts';
import { adapterIdentity, createQueryable } from './queryable.ts';
import { startTransaction } from './transaction.ts';

export { describeDatabaseFailure, detailOfState, isOutcomeUnknown, isOutOfTime, isTransientFailure, isUnstorableValue } from './errors.ts';
export { createPool, type DatabasePool, type PoolOptions, type StatementEvent } from './pool.ts';

const connect = (pool: DatabasePool): SqlDriverAdapter => {
  const { queryRaw, executeRaw, mapErrors } = createQueryable((step) =>
    pool.run([pool.scopeStep(requireScope()), step]),
  );
  return {
    ...adapterIdentity,
    queryRaw,
    executeRaw,
    startTransaction: (isolationLevel) => mapErrors(() => startTransaction(pool, isolationLevel)),
    executeScript: () => Promise.reject(new TenantViolationError('A script has no tenant, so none is run.')),
    getConnectionInfo: () => ({ supportsRelationJoins: true }),
    // The pool belongs to whoever made it: others use it too.
    dispose: () => Promise.resolve(),
  };
};

/**
 * Prisma's way to the database. Every statement leaves together with the scope of the current work, in one round trip
 * and one transaction; a statement without a scope is refused and never leaves.
 */
export function createTenantAdapter(pool: DatabasePool): SqlDriverAdapterFactory {
  return { ...adapterIdentity, connect: () => Promise.resolve(connect(pool)) };
}
