import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { TenantViolationError } from '../../kernel/errors.ts';
import { Prisma, PrismaClient } from './generated/client/client.ts';
import { type ScopedModels, scopedModels } from './models.ts';
import { requireScope, type TenantScope } from './tenancy.ts';
import { scopeOperation } from './wall/operations.ts';
import { modelOf, type Part } from './wall/scope-keys.ts';
import { type ReadDelegate, readUnique } from './wall/unique-reads.ts';

export interface TenantClientOptions {
  readonly adapter: SqlDriverAdapterFactory;
  /** False takes this wall away, so that a test can show what the others hold alone. Never in production. */
  readonly clientWall?: boolean;
  readonly production?: boolean;
}

/** Columns that the database's role may write and never read. Left out of every selection that does not list fields. */
const unreadable = {
  apiKey: { fingerprint: true, secretHash: true },
  user: { passwordHash: true, failedSignInCount: true, lockedUntil: true },
  session: { accessHash: true, refreshHash: true, previousRefreshHash: true },
} as const;

const openClient = (adapter: SqlDriverAdapterFactory) => new PrismaClient({ adapter, omit: unreadable });

/** Prisma's client with the tenant wall: one for the process, safe to share between requests of different tenants. */
export type TenantClient = ReturnType<typeof openClient>;

/** What the function given to `$transaction` receives. */
export type TenantTransaction = Parameters<Parameters<TenantClient['$transaction']>[0]>[0];

const rawOperations: ReadonlySet<string> = new Set(['$queryRaw', '$queryRawUnsafe', '$executeRaw', '$executeRawUnsafe']);

/** What Prisma hands to a query extension; the last part is not in its published types. */
interface Call {
  readonly model?: string | undefined;
  readonly operation: string;
  readonly args: unknown;
  readonly __internalParams?: { readonly transaction?: { readonly kind: string } };
}

/**
 * Prisma sends the statements that a transaction starts in one tick together, in the scope of the first of them. So it
 * is checked before that they all have the scope in which the transaction began to be used.
 */
const createTransactionCheck = () => {
  const scopes = new WeakMap<object, TenantScope>();
  return (transaction: object, scope: TenantScope): void => {
    const fixed = scopes.get(transaction) ?? scope;
    scopes.set(transaction, fixed);
    if (fixed.orgId === scope.orgId && fixed.userId === scope.userId) return;
    throw new TenantViolationError('A statement of another tenant was sent into a transaction.');
  };
};

const createQueryWall = (models: ScopedModels, clientWall: boolean) => {
  const checkTransaction = createTransactionCheck();
  return (call: Call): void => {
    const scope = requireScope();
    const transaction = call.__internalParams?.transaction;
    if (transaction?.kind === 'itx') checkTransaction(transaction, scope);
    if (call.model === undefined) {
      if (!rawOperations.has(call.operation)) throw new TenantViolationError(`${call.operation} is not allowed.`);
      return;
    }
    if (call.operation === 'findUnique' || call.operation === 'findUniqueOrThrow') {
      throw new TenantViolationError('A findUnique reached the loader that Prisma shares between tenants.');
    }
    if (clientWall) scopeOperation({ models, scope }, call.model, call.operation, call.args as Part);
  };
};

/** The part of Prisma's extension context that is used: `$parent` is the client, inside a transaction without $connect. */
interface ModelContext extends ReadDelegate {
  readonly $name?: string;
  readonly $parent?: unknown;
}

const createUniqueReads = (models: ScopedModels, clientId: number) => {
  const read = (self: unknown, args: unknown, orThrow: boolean) => {
    const context = Prisma.getExtensionContext(self) as unknown as ModelContext;
    return readUnique({
      model: modelOf({ models }, context.$name ?? ''),
      delegate: context,
      args: (args ?? {}) as Part,
      orThrow,
      inTransaction: !('$connect' in (context.$parent as object)),
      clientId,
    });
  };
  return {
    findUnique(this: unknown, args: unknown) {
      return read(this, args, false);
    },
    findUniqueOrThrow(this: unknown, args: unknown) {
      return read(this, args, true);
    },
  };
};

let clients = 0;

/**
 * Opens the client, once for the process.
 *
 * Every call of a model gets the tenant of the current scope put into its filters and data, whatever it asks for; a call
 * that names another tenant, at any depth, fails with TenantViolationError, and one without a scope with
 * TenantContextError. Nothing is sent in either case.
 *
 * @throws Error when the wall is to be left out in production.
 */
export function createTenantClient({ adapter, clientWall = true, production = false }: TenantClientOptions): TenantClient {
  if (production && !clientWall) throw new Error('The tenant wall of the client cannot be left out in production.');
  clients += 1;
  const wall = createQueryWall(scopedModels, clientWall);
  const extended = openClient(adapter).$extends({
    name: 'tenant-wall',
    query: {
      $allOperations(call) {
        wall(call);
        return call.query(call.args);
      },
    },
    model: { $allModels: createUniqueReads(scopedModels, clients) },
  });
  // The calls keep their types: the wall changes what they mean, not what they look like.
  return extended as unknown as TenantClient;
}
