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
  /** How long a transaction waits for a connection: as long as a single statement does. */
  readonly connectTimeoutMs: number;
  /** How long a transaction may take from its beginning to its end: as long as a single statement may. */
  readonly statementTimeoutMs: number;
}

/** Columns that the database's role may write and never read. Left out of every selection that does not list fields. */
const unreadable = {
  apiKey: { fingerprint: true, secretHash: true },
  user: { passwordHash: true, failedSignInCount: true, lockedUntil: true },
  session: { accessHash: true, refreshHash: true, refreshFamilyHash: true },
  invitation: { tokenHash: true },
} as const;

const openClient = ({ adapter, connectTimeoutMs, statementTimeoutMs }: TenantClientOptions) =>
  new PrismaClient({
    adapter,
    omit: unreadable,
    transactionOptions: { maxWait: connectTimeoutMs, timeout: statementTimeoutMs },
  });

/** A part of a raw statement, to be put into others. */
export const sql = Prisma.sql;

/** Prisma's client with the tenant wall: one for the process, safe to share between requests of different tenants. */
export type TenantClient = ReturnType<typeof openClient>;

/** What the function given to `$transaction` receives. */
export type TenantTransaction = Parameters<Parameters<TenantClient['$transaction']>[0]>[0];

const rawOperations: ReadonlySet<string> = new Set([
  '$queryRaw',
  '$queryRawUnsafe',
  '$executeRaw',
  '$executeRawUnsafe',
]);

/** What Prisma hands to a query extension; the last part is not in its published types. */
interface Call {
  readonly model?: string | undefined;
  readonly operation: string;
  readonly args: unknown;
  query(args: unknown): Promise<unknown>;
  readonly __internalParams?: { readonly transaction?: object };
}

/**
 * Prisma sends the statements that transactions start in one tick together, in the scope of the first of them. So the
 * adapter goes by the tenant that a transaction began with, and here, where the caller's own scope is still known, a
 * call with another one is refused.
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

/** A raw statement that is never sent: with it a transaction tells the wall its tenant before anybody uses it. */
const introduction = 'the tenant of this transaction';
const introduce = (tx: TenantTransaction): Promise<unknown> => tx.$queryRawUnsafe(introduction);

/** Whether this is a client inside a transaction: that one cannot connect. */
export const isInTransaction = (client: object): boolean => !('$connect' in client);

const createQueryWall = (models: ScopedModels, clientWall: boolean) => {
  const checkTransaction = createTransactionCheck();
  return async (call: Call): Promise<unknown> => {
    const scope = requireScope();
    const transaction = call.__internalParams?.transaction;
    if (transaction !== undefined) checkTransaction(transaction, scope);
    if (isIntroduction(call)) return [];
    check(call, scope);
    return call.query(call.args);
  };

  function check(call: Call, scope: TenantScope): void {
    if (call.model === undefined) {
      if (!rawOperations.has(call.operation)) throw new TenantViolationError(`${call.operation} is not allowed.`);
      return;
    }
    if (call.operation === 'findUnique' || call.operation === 'findUniqueOrThrow') {
      throw new TenantViolationError('A findUnique reached the loader that Prisma shares between tenants.');
    }
    if (clientWall) scopeOperation({ models, scope }, call.model, call.operation, call.args as Part);
  }
};

const isIntroduction = ({ operation, args }: Call): boolean =>
  operation === '$queryRawUnsafe' && Array.isArray(args) && args[0] === introduction;

/** The part of Prisma's extension context of a model that is used. */
interface ModelContext extends ReadDelegate {
  readonly $name: string;
  /** The client that the model was taken from. */
  readonly $parent: object;
}

const createUniqueReads = (models: ScopedModels, clientId: number) => {
  const read = (self: unknown, args: unknown, orThrow: boolean) => {
    const context = Prisma.getExtensionContext(self) as unknown as ModelContext;
    return readUnique({
      model: modelOf({ models }, context.$name),
      delegate: context,
      args: (args ?? {}) as Part,
      orThrow,
      inTransaction: isInTransaction(context.$parent),
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

type Transaction = (work: unknown, options?: unknown) => Promise<unknown>;

/**
 * Prisma begins the transactions of lists that come in one tick, of whatever tenants, in the scope of the first of
 * them. A function has its own scope, so only functions are taken.
 */
const createTransactionWall = (original: Transaction) => ({
  async $transaction(this: unknown, work: unknown, options?: unknown) {
    if (typeof work !== 'function') {
      throw new TenantViolationError('Give $transaction a function: a list of queries has no tenant of its own.');
    }
    const self = Prisma.getExtensionContext(this) as unknown as TenantTransaction;
    // One within another: the outer one says whether the tenant is still the same.
    if (isInTransaction(self)) await introduce(self);
    const begun = async (tx: TenantTransaction): Promise<unknown> => {
      await introduce(tx);
      return work(tx) as unknown;
    };
    return original.call(self, begun, options);
  },
});

let clients = 0;

/**
 * Opens the client, once for the process.
 *
 * Every call of a model gets the tenant of the current scope put into its filters and data, whatever it asks for; a
 * call that names another tenant, at any depth, fails with TenantViolationError, and one without a scope with
 * TenantContextError. Nothing is sent in either case.
 *
 * @throws Error when the wall is to be left out in production.
 */
export function createTenantClient(options: TenantClientOptions): TenantClient {
  const { clientWall = true, production = false } = options;
  if (production && !clientWall) throw new Error('The tenant wall of the client cannot be left out in production.');
  clients += 1;
  const wall = createQueryWall(scopedModels, clientWall);
  const client = openClient(options);
  const extended = client.$extends({
    name: 'tenant-wall',
    query: {
      $allOperations(call) {
        return wall(call as Call);
      },
    },
    client: createTransactionWall(client.$transaction as unknown as Transaction),
    model: { $allModels: createUniqueReads(scopedModels, clients) },
  });
  // The calls keep their types: the wall changes what they mean, not what they look like.
  return extended as unknown as TenantClient;
}
