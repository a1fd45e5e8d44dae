import { AppError } from '../kernel/errors.ts';
import { OperatorError } from '../kernel/operator-error.ts';
import { describeDatabaseFailure } from '../platform/postgres/adapter/index.ts';

/** An error as the log may hold it. */
export interface LoggedError {
  readonly name: string;
  readonly text?: string;
  readonly code?: string;
  readonly database?: Record<string, string>;
  readonly at: readonly string[];
  readonly cause?: LoggedError;
}

const FRAMES_MAX = 20;
const CAUSES_MAX = 4;

/** What the language itself says about a mistake in the code, in the forms that can hold names only. */
const TEXTS_WITHOUT_VALUES = [
  /^Cannot (read|set) properties of (undefined|null) \((reading|setting) '[\w$]{1,80}'\)$/,
  /^[\w$.()]{1,120} is not (a function|a constructor|defined)$/,
  /^Maximum call stack size exceeded$/,
  /^Cannot access '[\w$]{1,80}' before initialization$/,
];

const isTextSafe = (error: Error): boolean =>
  error instanceof AppError ||
  error instanceof OperatorError ||
  TEXTS_WITHOUT_VALUES.some((form) => form.test(error.message));

/**
 * What the log may know of an unexpected error: its name, code and the places in the code, with the table and
 * constraint of a database failure. Texts of others are left out: Prisma repeats the arguments of the call, PostgreSQL
 * the value it did not like, JSON.parse the text it read, and any of these may be a secret.
 */
export function describeForLog(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { name: `thrown ${error === null ? 'null' : typeof error}`, at: [] };
  const { code } = error as { code?: unknown };
  const database = describeDatabaseFailure(error);
  return {
    name: error.name,
    ...(isTextSafe(error) && { text: error.message }),
    ...(typeof code === 'string' && /^\w{1,60}$/.test(code) && { code }),
    ...(database && { database }),
    at: framesOf(error),
    ...(error.cause instanceof Error && depth < CAUSES_MAX && { cause: describeForLog(error.cause, depth + 1) }),
  };
}

/** The lines of the stack that name places; the text of the error stands before them. */
function framesOf({ stack = '', message }: Error): string[] {
  const places = stack.slice(stack.indexOf(message) + message.length);
  const lines = places.split('\n').map((line) => line.trim());
  return lines.filter((line) => /^at .+:\d+:\d+\)?$/.test(line)).slice(0, FRAMES_MAX);
}
