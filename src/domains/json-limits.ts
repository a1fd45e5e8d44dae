import { ValidationError } from '../kernel/errors.ts';

/** What JSON can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** The most that a stored JSON document may take, written out as UTF-8. */
export const LARGEST_JSON_BYTES = 64 * 1024;
export const DEEPEST_JSON = 30;
/** Each costs some hundred bytes of memory once it is read, however little it takes when it is written. */
export const MOST_JSON_VALUES = 10_000;

/** Whether a value is an object of JSON, and not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value, if it is a JSON object that the database takes: at most 64 kB and 30 levels, without the NUL characters,
 * half characters and infinite numbers that JSON in PostgreSQL cannot hold, and without keys named `__proto__`. It has at
 * most 10,000 values and keys. Numbers count as PostgreSQL writes them: without an exponent, so that 1e300 takes 301 bytes.
 *
 * @param path where the value is in the input, for the ValidationError.
 * @param mostBytes where less than 64 kB is allowed.
 */
export function requireJsonObject(value: unknown, path: string, mostBytes = LARGEST_JSON_BYTES): JsonObject {
  if (!isJsonObject(value)) throw ValidationError.of(path, 'must be a JSON object');
  const problem = problemOf(value, mostBytes);
  if (problem !== null) throw ValidationError.of(path, problem);
  return value;
}

/** Looks at the whole value level by level: a call for each level would let a deep value exhaust the stack. */
function problemOf(root: JsonObject, mostBytes: number): string | null {
  let level: unknown[] = [root];
  let values = 0;
  let extraBytes = 0;
  for (let depth = 1; level.length > 0; depth += 1) {
    if (level.some(hasPrototypeKey)) return 'must not have a key named "__proto__": JavaScript would change it';
    if (depth > DEEPEST_JSON) return `must be at most ${DEEPEST_JSON} levels deep`;
    const contained = level.flatMap(contentsOf);
    if (contained.some((value) => !isStorable(value)))
      return 'must contain only what JSON can carry, without NUL characters';
    values += contained.length;
    if (values > MOST_JSON_VALUES) return `must have at most ${MOST_JSON_VALUES} values`;
    for (const value of contained) if (typeof value === 'number') extraBytes += exponentOf(value);
    level = contained.filter((value) => typeof value === 'object' && value !== null);
  }
  const bytes = Buffer.byteLength(JSON.stringify(root)) + extraBytes;
  return bytes > mostBytes ? `must be at most ${mostBytes} bytes of JSON` : null;
}

/** How many digits a number takes more where it is written without an exponent. */
function exponentOf(value: number): number {
  return Math.abs(Number(String(value).split('e')[1] ?? 0));
}

/** On its way to the database and back such a key is taken for the prototype of its object, and lost. */
function hasPrototypeKey(value: unknown): boolean {
  return Object.hasOwn(value as object, '__proto__');
}

/** The values directly inside, and for an object its keys too. */
function contentsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return Object.entries(value as object).flat();
}

function isStorable(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() && !value.includes('\0');
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value);
    default:
      return false;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
