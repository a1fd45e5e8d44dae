import type { Fault } from './fault-proxy.ts';

/** What nobody may ever be told or read in the log: it stands in every part of an injected error that can hold text. */
export const SECRET = 'planted-secret-of-another-tenant';
/** Names of things inside, which the log may hold and no answer may. */
export const NAME = 'planted_name';

/** What the caller is told: that it may work later, that it may have been done, that it is a defect, or that it collides with what exists. */
export type Told = 'SERVICE_UNAVAILABLE' | 'OUTCOME_UNKNOWN' | 'INTERNAL' | 'CONFLICT';

export interface NamedFault {
  readonly name: string;
  readonly fault: Fault;
  /** The codes of which the answer has one. */
  readonly told: readonly Told[];
  /** PostgreSQL's code of it, which the log holds; undefined when no server spoke. */
  readonly sqlState?: string;
}

const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** The server raises an error of this code, with everything that a real one could carry. */
function raise(state: string, text: string): Fault {
  const parts = {
    ERRCODE: state,
    MESSAGE: `${text}: relation "${NAME}" of role "${NAME}" at /var/lib/${NAME}/base/1 on 10.11.12.13:5432 ${SECRET}`,
    DETAIL: `Key (${NAME})=(${SECRET}) already exists. Failing row contains (${SECRET}).`,
    HINT: `Perhaps you meant ${NAME}: SELECT ${NAME} FROM ${NAME} WHERE secret = ${SECRET}`,
    SCHEMA: NAME,
    TABLE: NAME,
    COLUMN: NAME,
    CONSTRAINT: NAME,
    DATATYPE: NAME,
  };
  const using = Object.entries(parts).map(([part, value]) => `${part} = ${literal(value)}`);
  return { kind: 'instead', sql: `DO $fault$ BEGIN RAISE EXCEPTION USING ${using.join(', ')}; END $fault$` };
}

const later = 'SERVICE_UNAVAILABLE';

const raised = (state: string, text: string, ...told: Told[]): NamedFault => ({
  name: `${state} ${text}`,
  fault: raise(state, text),
  // Where what was made is read back, trying again is no advice.
  told: told.includes(later) ? [...told, 'OUTCOME_UNKNOWN'] : told,
  sqlState: state,
});

const broken = (name: string, fault: Fault): NamedFault => ({ name, fault, told: [later, 'OUTCOME_UNKNOWN'] });
const garbage = (name: string, bytes: Buffer): NamedFault => broken(`garbage: ${name}`, { kind: 'garbage', bytes });

/** What fails at once. */
export const QUICK_FAULTS: readonly NamedFault[] = [
  raised('42601', 'syntax error', 'INTERNAL'),
  raised('42P01', 'undefined table', 'INTERNAL'),
  raised('42703', 'undefined column', 'INTERNAL'),
  raised('42501', 'permission denied', 'INTERNAL'),
  // Where a duplicate can be expected it is told as one, in the server's own words.
  raised('23505', 'unique violation', 'INTERNAL', 'CONFLICT'),
  raised('23503', 'foreign key violation', 'INTERNAL'),
  raised('23502', 'not-null violation', 'INTERNAL'),
  raised('23514', 'check violation', 'INTERNAL'),
  raised('22003', 'number out of range', 'INTERNAL'),
  raised('XX000', 'internal error', 'INTERNAL'),
  raised('40001', 'serialization failure', later),
  raised('40P01', 'deadlock', later),
  raised('25006', 'read-only transaction', later),
  raised('55P03', 'lock not available', later),
  raised('57014', 'statement timeout', later),
  raised('53100', 'disk full', later),
  raised('53200', 'out of memory', later),
  raised('53300', 'too many connections', later),
  { ...broken('57P01 ended by the administrator', { kind: 'instead', sql: 'SELECT pg_terminate_backend(pg_backend_pid())' }), sqlState: '57P01' },
  broken('dropped before the statement', { kind: 'drop' }),
  broken('dropped before the answer', { kind: 'lose-answer' }),
  garbage('an unknown message', Buffer.from('\u0001\0\0\0\u0008bad!', 'latin1')),
  garbage('half an answer', Buffer.from([0x44, 0, 0, 0, 7, 0, 9, 0xff])),
  garbage('a refusal out of turn', Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99])),
];

/** What ends by a limit of time. */
export const SLOW_FAULTS: readonly NamedFault[] = [
  { ...broken('slower than the limit', { kind: 'instead', sql: 'SELECT pg_sleep(600)' }), sqlState: '57014' },
  broken('a connection that hangs', { kind: 'hang' }),
  // Read as the beginning of a message that is longer than what comes.
  garbage('another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
];
