import pg from 'pg';
import { OperatorError } from '../../kernel/operator-error.ts';
import { createGuardedSocket } from './adapter/socket.ts';

export interface ClientOptions {
  readonly connectTimeoutMs?: number;
}

/** The user name in a database address. */
export const userOf = (url: string): string => decodeURIComponent(new URL(url).username);

/** The address for people: without its password and options. */
const shown = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `postgresql://${userOf(url)}@${host}${pathname}`;
};

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: start the server, or mend host and port',
  ENOTFOUND: 'the host is unknown: mend its name',
  EAI_AGAIN: 'the host name cannot be looked up just now',
  '28P01': 'the password is wrong: mend it in the address',
  '28000': 'the role is not let in: mend the role, or the server\'s pg_hba.conf',
  '3D000': 'there is no such database: create it, or mend its name',
  '53300': 'the server has no free connection: end some, or raise max_connections',
};

const connectionError = (url: string, cause: unknown): OperatorError => {
  const { code, message } = cause as { code?: string; message?: string };
  const reason = reasons[code ?? ''] ?? (message || code || String(cause));
  return new OperatorError(`Cannot connect to ${shown(url)}: ${reason}.`, { cause });
};

/** PostgreSQL's code of an error, or the system's of a connection that failed; looks through the wrapping. */
export const errorCode = (error: unknown): string | undefined => {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code ?? (cause === undefined ? undefined : errorCode(cause));
};

/**
 * Runs `work` on a connection of its own and closes it, for the few tasks outside the pool: roles, checks, databases.
 *
 * @throws OperatorError when it cannot connect (in 5 s unless told otherwise); the errors of `work` as they are.
 */
export const withClient = async <Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
  options: ClientOptions = {},
): Promise<Result> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    stream: createGuardedSocket,
    application_name: 'tenantry',
  });
  // A connection that breaks between two statements is reported here; the next statement fails with the cause.
  client.on('error', () => undefined);
  try {
    await client.connect().catch((error: unknown) => {
      throw connectionError(url, error);
    });
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Runs `work` in a transaction: all of it or nothing. */
export const inTransaction = async <Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> => {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};
