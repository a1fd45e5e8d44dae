import type { JsonObject, JsonValue } from '../json-limits.ts';

/** What a field can hold, as the database gives it. */
type Value = JsonValue | Date | undefined;

/** The fields that a change has changed, as they were and as they are. */
export interface Changes extends JsonObject {
  readonly before: JsonObject;
  readonly after: JsonObject;
}

const written = (value: Value): JsonValue => (value instanceof Date ? value.toISOString() : (value ?? null));
const isSame = (one: JsonValue, other: JsonValue): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Fields as an event holds them. */
export function fieldsOf(row: Readonly<Record<string, Value>>): JsonObject {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, written(value)]));
}

/**
 * What is different afterwards of the fields that were given; null when nothing is. Give it no field that holds a secret
 * or an address: what it answers is kept for good.
 */
export function changesOf(row: Readonly<Record<string, Value>>, given: Readonly<Record<string, Value>>): Changes | null {
  const after = fieldsOf(given);
  const before = fieldsOf(Object.fromEntries(Object.keys(given).map((name) => [name, row[name]])));
  const names = Object.keys(after).filter((name) => !isSame(before[name] ?? null, after[name] ?? null));
  if (names.length === 0) return null;
  const pick = (fields: JsonObject): JsonObject => Object.fromEntries(names.map((name) => [name, fields[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}
