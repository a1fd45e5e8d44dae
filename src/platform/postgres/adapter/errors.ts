import { DriverAdapterError, isDriverAdapterError, type MappedError } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { AppError } from '../../../kernel/errors.ts';

// Prisma turns the kinds below into its own codes (UniqueConstraintViolation into P2002 and so on). A test compares
// what comes out with Prisma's own adapter.

/** The fields of an error of the driver that are looked at: from the server, the socket or the pool. */
interface DriverFailure extends Error {
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly column?: string;
  readonly hint?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the socket file of a server that is not running
  '57P03', // the server is starting or stopping
]);
const closed = new Set([
  'ECONNRESET',
  'EPIPE',
  '57P01', // an administrator ended the connection
  '57P02', // the server crashed
  '57P05', // idle for too long
  '08000',
  '08003',
  '08006',
  '08007', // see outcomeUnknown
  '08P01', // also how a pooler says that its server went away
  '25P03', // idle in a transaction for too long
]);

// The driver and its pool say these without a code.
const closedText = /^(Connection terminated|Client has encountered a connection error|Client was closed)/;
const timeoutText = /(timeout exceeded when trying to connect|due to connection timeout|timeout expired)/;
const tlsText = /^(The server does not support SSL connections|There was an error establishing an SSL connection)$/;
const tlsCode =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_|HOSTNAME_|INVALID_(CA|PURPOSE))/;

const connectionFailure = (failure: DriverFailure): MappedError | undefined => {
  const code = failure.code ?? '';
  if (unreachable.has(code)) {
    return { kind: 'DatabaseNotReachable', host: failure.address ?? failure.hostname, port: failure.port };
  }
  if (code === 'ETIMEDOUT' || timeoutText.test(failure.message)) return { kind: 'SocketTimeout' };
  if (closed.has(code) || closedText.test(failure.message)) return { kind: 'ConnectionClosed' };
  if (code === '53300') return { kind: 'TooManyConnections', cause: failure.message };
  const isTls = tlsText.test(failure.message) || tlsCode.test(code);
  return isTls ? { kind: 'TlsConnectionError', reason: failure.message } : undefined;
};

const quoted = (text: string | undefined): string | undefined => text?.split('"').at(1);
const keyFields = (detail: string | undefined): string[] | undefined =>
  detail?.match(/Key \(([^)]+)\)/)?.at(1)?.split(', ');

const uniqueViolation = (failure: DriverFailure): MappedError => {
  const fields = keyFields(failure.detail);
  const byFields = fields === undefined ? undefined : { fields };
  const constraint = failure.constraint === undefined ? byFields : { index: failure.constraint };
  return { kind: 'UniqueConstraintViolation', constraint, table: failure.table };
};

const nullViolation = (failure: DriverFailure): MappedError => {
  const fields = keyFields(failure.detail);
  return { kind: 'NullConstraintViolation', constraint: fields === undefined ? undefined : { fields } };
};

const reference = (failure: DriverFailure): { fields: string[] } | { index: string } | undefined => {
  if (failure.column) return { fields: [failure.column] };
  return failure.constraint ? { index: failure.constraint } : undefined;
};

const missingColumn = (message: string): string | undefined =>
  message
    .match(/^column (.+) does not exist$/)
    ?.at(1)
    ?.replace(/"((?:""|[^"])*)"/g, (_, name: string) => name.replaceAll('""', '"'));

const serverFailures: Record<string, (failure: DriverFailure) => MappedError> = {
  '22001': ({ column }) => ({ kind: 'LengthMismatch', column }),
  '22003': ({ message }) => ({ kind: 'ValueOutOfRange', cause: message }),
  '22P02': ({ message }) => ({ kind: 'InvalidInputValue', message }),
  '23505': uniqueViolation,
  '23502': nullViolation,
  '23503': (failure) => ({ kind: 'ForeignKeyConstraintViolation', constraint: reference(failure) }),
  '23001': (failure) => ({ kind: 'RestrictViolation', constraint: reference(failure) }),
  '3D000': ({ message }) => ({ kind: 'DatabaseDoesNotExist', db: quoted(message.split(' ').at(1)) }),
  '28000': ({ message }) => ({
    kind: 'DatabaseAccessDenied',
    db: quoted(message.split(',').find((part) => part.startsWith(' database'))),
  }),
  '28P01': ({ message }) => ({ kind: 'AuthenticationFailed', user: quoted(message.split(' ').pop()) }),
  '40001': () => ({ kind: 'TransactionWriteConflict' }),
  '40P01': () => ({ kind: 'TransactionWriteConflict' }),
  '42P01': ({ message }) => ({ kind: 'TableDoesNotExist', table: quoted(message.split(' ').at(1)) }),
  '42703': ({ message }) => ({ kind: 'ColumnNotFound', column: missingColumn(message) }),
  '42P04': ({ message }) => ({ kind: 'DatabaseAlreadyExists', db: quoted(message.split(' ').at(1)) }),
};

const otherServerFailure = (failure: DriverFailure): MappedError => ({
  kind: 'postgres',
  code: failure.code ?? 'N/A',
  severity: failure.severity ?? 'N/A',
  message: failure.message,
  detail: failure.detail,
  column: failure.column,
  hint: failure.hint,
});

/**
 * What Prisma is to be told about a failure of the driver. Errors of this program (a missing tenant, say) and of Prisma
 * pass as they are.
 */
export function toAdapterError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError || isDriverAdapterError(error)) return error;
  const failure: DriverFailure = error;
  const connection = connectionFailure(failure);
  if (connection === undefined && failure.severity === undefined) return error;
  const mapped = connection ?? (serverFailures[failure.code ?? ''] ?? otherServerFailure)(failure);
  return new DriverAdapterError({ originalCode: failure.code, originalMessage: failure.message, ...mapped });
}

/** PostgreSQL's code for a transaction of which nobody here knows whether it was kept. */
const transactionResolutionUnknown = '08007';

/** What a change failed with whose answer never came: the server may have kept it before the connection was lost. */
export function outcomeUnknown(cause: Error): Error {
  // The server's own last word, for the log.
  const word = cause instanceof pg.DatabaseError ? ` (${cause.code})` : '';
  const message = `Connection terminated: whether the change was kept is not known${word}`;
  return Object.assign(new Error(message, { cause }), { code: transactionResolutionUnknown });
}

const unavailableKinds = new Set<MappedError['kind']>([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
  'AuthenticationFailed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
]);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What this directory said about a failure, when it comes from here or from Prisma on top of it. */
const reported = (error: unknown): MappedError & { originalCode?: string; originalMessage?: string } | undefined => {
  if (!isRecord(error)) return undefined;
  if (isDriverAdapterError(error)) return error.cause;
  return isRecord(error['meta']) ? reported(error['meta']['driverAdapterError']) : undefined;
};

const transientStates = new Set([
  '25006', // a standby that takes no writes, for example while another server takes over
  '40001', // two transactions of which only one can be kept
  '40P01', // a deadlock
  '55P03', // a lock that was not to be had in time
  '57014', // the statement took too long or was cancelled
]);
const isTransientState = (state: string | undefined): boolean =>
  state !== undefined && (transientStates.has(state) || state.startsWith('53')); // 53xxx: out of disk, memory, connections

const transientCodes = new Set<unknown>([
  'P2024', // no connection became free in time
  'P2028', // a transaction could not begin, or did not end, within its time
  'P2034', // a conflict or deadlock of transactions
]);

/**
 * Whether an error, from Prisma or from this directory, says nothing about the request itself, so that the same one may
 * work later: the database cannot be reached, has nothing to spare, took too long, or let another transaction go first.
 * Nothing of the failed transaction was kept, unless `isOutcomeUnknown`.
 */
export function isTransientFailure(error: unknown): boolean {
  if (isRecord(error) && transientCodes.has(error['code'])) return true;
  const failure = reported(error);
  return failure !== undefined && (unavailableKinds.has(failure.kind) || isTransientState(failure.originalCode));
}

/**
 * Whether a statement or transaction was ended because it took too long. The same one may work later; one that asks for too
 * much never does.
 */
export function isOutOfTime(error: unknown): boolean {
  return (isRecord(error) && error['code'] === 'P2028') || reported(error)?.originalCode === '57014';
}

/** Whether a change failed that may have been kept all the same: the connection was lost before the server's answer. */
export function isOutcomeUnknown(error: unknown): boolean {
  return reported(error)?.originalCode === transactionResolutionUnknown;
}

const unstorable = new Set([
  '22021', // a NUL character in a text
  '22P05', // the same in JSON
  '22007', // a time that cannot be written
  '22008', // a time out of range, such as in the year 0
]);

/** Whether an error means that a value has no form in the database, so that the caller has to send another one. */
export function isUnstorableValue(error: unknown): boolean {
  const failure = reported(error);
  if (failure === undefined) return false;
  // Half of a surrogate pair in JSON.
  if (failure.originalCode === '22P02') return failure.originalMessage === 'invalid input syntax for type json';
  return unstorable.has(failure.originalCode ?? '');
}

/** The detail of an error that a function of this database raises with a code of its own; null for every other error. */
export function detailOfState(error: unknown, state: string): string | null {
  const failure = reported(error);
  return failure?.kind === 'postgres' && failure.code === state ? (failure.detail ?? '') : null;
}

/** The facts of a database failure that hold no value of any row, for the log. */
export function describeDatabaseFailure(error: unknown): Record<string, string> | undefined {
  const failure = reported(error);
  if (failure === undefined) return undefined;
  const { kind, originalCode, originalMessage } = failure;
  const constraint = /constraint "(\w+)"/.exec(originalMessage ?? '')?.[1];
  const table = /(?:relation|table) "(\w+)"/.exec(originalMessage ?? '')?.[1];
  const endedBy = /is not known \((\w{5})\)$/.exec(originalMessage ?? '')?.[1];
  return { kind, ...(originalCode && { sqlState: originalCode }), ...(endedBy && { endedBy }), ...(table && { table }), ...(constraint && { constraint }) };
}
