import pg, { type Connection, type FieldDef, type TransactionStatus } from 'pg';
import { outcomeUnknown } from './errors.ts';
import {
  describeRows,
  doubt,
  noRows,
  type PreparedStatement,
  type RowDescription,
  type StatementCache,
} from './statement-cache.ts';
import { encodeParameter } from './types.ts';

/** One statement of a batch, with its parameters as the driver takes them. */
export interface Step {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What the last statement of a batch answered. */
export interface BatchResult {
  readonly rows: unknown[][];
  readonly description: RowDescription;
  /** Rows returned or changed. */
  readonly rowCount: number;
  /** PostgreSQL's word for what was done, for example COMMIT or ROLLBACK. */
  readonly command: string;
}

/** How a batch ended. After an error, `stale` says that a prepared statement was out of date and nothing was done. */
export type Outcome =
  | { readonly ok: true; readonly result: BatchResult; readonly status: TransactionStatus }
  | { readonly ok: false; readonly error: Error; readonly stale?: boolean; readonly status: TransactionStatus };

/**
 * The outcome of a batch that keeps something. When the connection ended before the server was ready again, nobody here
 * knows whether it was kept.
 */
export function orUnknown(outcome: Outcome): Outcome {
  if (outcome.ok || outcome.status !== null) return outcome;
  return { ...outcome, error: outcomeUnknown(outcome.error) };
}

/** Whether the server itself ended the connection, with a word of its own. */
export const isEndedByServer = (outcome: Outcome): boolean => !outcome.ok && outcome.error instanceof pg.DatabaseError;

// The part of the driver's connection that is used here; its published types ask for more arguments than it takes.
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly unknown[] }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: Record<string, never>): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
  sendCopyFail(reason: string): void;
  once(event: 'readyForQuery', listener: (message: { status: TransactionStatus }) => void): void;
  once(event: 'end', listener: () => void): void;
  off(event: 'readyForQuery', listener: (message: { status: TransactionStatus }) => void): void;
  off(event: 'end', listener: () => void): void;
}

const invalidStatementName = '26000';
const featureNotSupported = '0A000';

const unnamed: PreparedStatement = { name: '', state: 'unsent', description: undefined };

/**
 * Several statements as one batch of PostgreSQL's extended protocol: each is parsed (when the server does not have it
 * yet), bound and executed, and only the last is followed by Sync. The server runs them as one implicit transaction and
 * the whole costs one round trip.
 *
 * The driver calls the handle... methods; see its Query for the contract.
 */
class Batch {
  readonly #client: pg.Client;
  readonly #steps: readonly Step[];
  readonly #cache: StatementCache | undefined;
  readonly #done: (outcome: Outcome) => void;
  readonly #values: (string | Buffer | null)[][];
  readonly #statements: PreparedStatement[] = [];
  readonly #sentHere: PreparedStatement[] = [];
  readonly #rows: unknown[][] = [];
  #finishedSteps = 0;
  #description: RowDescription | undefined;
  #command = '';
  #failure: Error | undefined;
  #settled = false;

  constructor(
    client: pg.Client,
    steps: readonly Step[],
    cache: StatementCache | undefined,
    done: (outcome: Outcome) => void,
  ) {
    this.#client = client;
    this.#steps = steps;
    this.#cache = cache;
    this.#done = done;
    // Encoded before anything is sent: a value that cannot be encoded must not leave half a batch on the wire.
    this.#values = steps.map((step) => step.values.map((value) => encodeParameter(value)));
  }

  submit(connection: Connection): void {
    const wire = connection as unknown as Wire;
    wire.stream.cork();
    try {
      for (const [index, step] of this.#steps.entries()) this.#send(wire, step, index);
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
  }

  #send(wire: Wire, step: Step, index: number): void {
    const statement = this.#cache?.use(step.text, (name) => wire.close({ type: 'S', name })) ?? unnamed;
    this.#statements.push(statement);
    if (statement.state !== 'prepared') {
      // Closing a statement that does not exist is no error, and preparing one that does exist is.
      if (statement.state === 'doubtful') wire.close({ type: 'S', name: statement.name });
      wire.parse({ name: statement.name, text: step.text });
      if (statement !== unnamed) {
        statement.state = 'prepared';
        this.#sentHere.push(statement);
      }
    }
    wire.bind({ statement: statement.name, values: this.#values[index] ?? [] });
    if (index === this.#steps.length - 1) {
      this.#description = statement.description;
      if (this.#description === undefined) wire.describe({ type: 'P', name: '' });
    }
    wire.execute({});
  }

  handleRowDescription(message: { fields: FieldDef[] }): void {
    this.#description = describeRows(message.fields);
  }

  handleDataRow(message: { fields: unknown[] }): void {
    if (this.#finishedSteps < this.#steps.length - 1 || this.#failure !== undefined) return;
    const row = message.fields;
    const parsers = this.#description?.parsers ?? [];
    try {
      for (let column = 0; column < row.length; column += 1) {
        const parse = parsers[column];
        if (parse !== undefined && row[column] !== null) row[column] = parse(row[column] as string);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  handleCommandComplete(message: { text: string }): void {
    this.#finishedSteps += 1;
    this.#command = message.text;
  }

  handleEmptyQuery(): void {
    this.#finishedSteps += 1;
  }

  /** COPY would need a stream of data; there is none, so it is refused in the protocol's own way. */
  handleCopyInResponse(connection: Connection): void {
    const wire = connection as unknown as Wire;
    wire.sendCopyFail('COPY FROM STDIN is not supported here');
    // The Sync of this batch was read, and dropped, while the server waited for data.
    wire.sync();
  }

  handleCopyData(): void {}

  handlePortalSuspended(): void {}

  handleError(error: Error, connection: Connection): void {
    const server = error instanceof pg.DatabaseError ? error : undefined;
    // The driver's word for a message that PostgreSQL does not have: nothing that follows can be relied on.
    if (server !== undefined && server.severity === undefined) {
      this.#settle({ ok: false, error: new Error('Connection terminated: unknown message', { cause: error }), status: null });
      return;
    }
    for (const statement of this.#sentHere) doubt(statement);
    const stale = server !== undefined && this.#isStale(server);
    if (server === undefined || server.severity === 'FATAL' || server.severity === 'PANIC') {
      this.#settle({ ok: false, error, status: null });
      return;
    }
    this.#whenReady(connection as unknown as Wire, (status) => this.#settle({ ok: false, error, stale, status }));
  }

  /**
   * A prepared statement the server does not know (any more), or whose columns have changed since. Both are found
   * before the statement does anything.
   */
  #isStale(error: pg.DatabaseError): boolean {
    if (this.#cache === undefined) return false;
    const resultChanged = error.code === featureNotSupported && error.routine === 'RevalidateCachedQuery';
    if (error.code === invalidStatementName) this.#cache.doubtAll();
    if (resultChanged) this.#statements.forEach(doubt);
    return error.code === invalidStatementName || resultChanged;
  }

  /** After an error the driver no longer tells this batch when the server is ready again, so it listens by itself. */
  #whenReady(wire: Wire, then: (status: TransactionStatus) => void): void {
    const ready = (message: { status: TransactionStatus }): void => {
      wire.off('end', ended);
      then(message.status);
    };
    const ended = (): void => {
      wire.off('readyForQuery', ready);
      then(null);
    };
    wire.once('readyForQuery', ready);
    wire.once('end', ended);
  }

  handleReadyForQuery(): void {
    const status = this.#client.getTransactionStatus();
    const last = this.#statements.at(-1);
    const description = this.#description ?? noRows;
    if (last !== undefined && last !== unnamed) last.description = description;
    if (this.#failure !== undefined) {
      this.#settle({ ok: false, error: this.#failure, status });
      return;
    }
    const rowCount = Number(/\d+$/.exec(this.#command)?.[0] ?? 0);
    const command = this.#command.split(' ', 1)[0] ?? '';
    this.#settle({ ok: true, status, result: { rows: this.#rows, description, rowCount, command } });
  }

  #settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#done(outcome);
  }
}

/**
 * Sends the steps as one batch and waits for the server to be ready again. Never throws for what the server answers.
 *
 * @param cache the connection's prepared statements, or undefined to prepare each one without a name, every time.
 */
export function sendBatch(
  client: pg.Client,
  steps: readonly Step[],
  cache: StatementCache | undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    client.query(new Batch(client, steps, cache, resolve));
  });
}
