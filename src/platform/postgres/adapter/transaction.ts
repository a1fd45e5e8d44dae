import { DriverAdapterError, type IsolationLevel, type Transaction } from '@prisma/driver-adapter-utils';
import { requireScope } from '../tenancy.ts';
import { type BatchResult, type Outcome, orUnknown, type Step } from './batch.ts';
import type { DatabasePool, PinnedConnection } from './pool.ts';
import { adapterIdentity, createQueryable } from './queryable.ts';

const isolationLevels: ReadonlySet<string> = new Set([
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
]);

const begin = (isolationLevel: IsolationLevel | undefined): Step => {
  if (isolationLevel === undefined) return { text: 'BEGIN', values: [] };
  // The level becomes part of the statement's text, so only the known ones may.
  if (!isolationLevels.has(isolationLevel)) {
    throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level: isolationLevel });
  }
  return { text: `BEGIN ISOLATION LEVEL ${isolationLevel}`, values: [] };
};

const closed = (cause: string): DriverAdapterError =>
  new DriverAdapterError({ kind: 'TransactionAlreadyClosed', cause });

const notKept = (): DriverAdapterError =>
  new DriverAdapterError({
    kind: 'postgres',
    code: '25P02',
    severity: 'ERROR',
    message: 'A statement of this transaction had failed, so nothing of it was kept.',
    detail: undefined,
    column: undefined,
    hint: undefined,
  });

/**
 * An open transaction of Prisma on one connection. BEGIN and the scope travel with its first statement, so a
 * transaction costs one round trip for each statement and one for its end; one without a statement costs none.
 *
 * The scope is that in which the transaction began. The scope of the moment says nothing about a later statement:
 * Prisma sends what many callers start in one tick in the scope of the first of them.
 */
class ScopedTransaction {
  readonly #connection: PinnedConnection;
  readonly #opening: Step[];
  #state: 'unsent' | 'open' | 'finished' = 'unsent';
  #doubtful = false;

  constructor(connection: PinnedConnection, opening: Step[]) {
    this.#connection = connection;
    this.#opening = opening;
  }

  async run(step: Step): Promise<BatchResult> {
    if (this.#state === 'finished' || this.#doubtful) throw closed('The transaction has ended.');
    const steps = this.#state === 'unsent' ? [...this.#opening, step] : [step];
    this.#state = 'open';
    return this.#judge(await this.#connection.send(steps), 'T', 'E');
  }

  async commit(): Promise<void> {
    const result = await this.#end('COMMIT');
    // PostgreSQL answers a COMMIT after a failed statement with a silent ROLLBACK: nobody may take that for success.
    if (result?.command === 'ROLLBACK') throw notKept();
  }

  async rollback(): Promise<void> {
    await this.#end('ROLLBACK');
  }

  async #end(text: 'COMMIT' | 'ROLLBACK'): Promise<BatchResult | undefined> {
    if (this.#state === 'finished') return undefined;
    const wasSent = this.#state === 'open';
    this.#state = 'finished';
    try {
      if (!wasSent) return undefined;
      if (this.#doubtful && text === 'ROLLBACK') return undefined;
      if (this.#doubtful) throw closed('The connection of this transaction was lost or is in doubt.');
      const outcome = await this.#connection.send([{ text, values: [] }]);
      // Told to end while it commits, a server commits, and then says no more than that it ends.
      return this.#judge(text === 'COMMIT' ? orUnknown(outcome) : outcome, 'I');
    } finally {
      this.#connection.release(this.#doubtful ? 'doubtful' : 'clean');
    }
  }

  /** A connection that is not in the state the protocol should have left it in is never used again. */
  #judge(outcome: Outcome, ...expected: string[]): BatchResult {
    if (outcome.status === null || !expected.includes(outcome.status)) this.#doubtful = true;
    if (!outcome.ok) throw outcome.error;
    return outcome.result;
  }
}

/** @throws TenantContextError without a scope; DriverAdapterError for an unknown isolation level. */
export async function startTransaction(pool: DatabasePool, isolationLevel?: IsolationLevel): Promise<Transaction> {
  const opening = [begin(isolationLevel), pool.scopeStep(requireScope())];
  const transaction = new ScopedTransaction(await pool.pin(), opening);
  const queryable = createQueryable((step) => transaction.run(step));
  const savepoint = async (text: string): Promise<void> => {
    await queryable.executeRaw({ sql: text, args: [], argTypes: [] });
  };
  return {
    ...adapterIdentity,
    ...queryable,
    // Prisma must not send COMMIT and ROLLBACK itself: they are part of what is kept track of here.
    options: { usePhantomQuery: true },
    commit: () => queryable.mapErrors(() => transaction.commit()),
    rollback: () => queryable.mapErrors(() => transaction.rollback()),
    createSavepoint: (name) => savepoint(`SAVEPOINT ${name}`),
    rollbackToSavepoint: (name) => savepoint(`ROLLBACK TO SAVEPOINT ${name}`),
    releaseSavepoint: (name) => savepoint(`RELEASE SAVEPOINT ${name}`),
  };
}
