import type { JsonObject } from '../json-limits.ts';
import type { EventQuery } from './event.types.ts';

/** What was asked of the log. */
export interface Reading {
  /** By which field, as `Type.field`. */
  readonly field: string;
  /** Null asks for everything. */
  readonly query?: EventQuery | null;
  /** The tags of the things whose histories were asked for. */
  readonly tags?: readonly string[];
  /** The global ids of events that were asked for by these. */
  readonly ids?: readonly string[];
  /** After which position; null for what is to come. */
  readonly after?: number | null;
}

/** So much of what was asked for is written down: a query may be larger than an event. In characters of JSON. */
const MOST_CHARACTERS = 8_000;

/**
 * A reading as it is written down. Of what is too long the beginning, with the number of entries that are left out: one
 * entry of a query is never so long.
 */
export function describeReading({ field, query, tags, ids, after }: Reading): JsonObject {
  return {
    field,
    ...(query && bounded('query', query.map(({ types = [], tags: wanted = [] }) => ({ types, tags: wanted })))),
    ...(tags && bounded('tags', tags)),
    ...(ids && bounded('ids', ids)),
    ...(after !== undefined && { after }),
  };
}

function bounded(name: string, entries: readonly (string | JsonObject)[]): JsonObject {
  let characters = 0;
  const kept = entries.filter((entry) => (characters += JSON.stringify(entry).length) <= MOST_CHARACTERS);
  const leftOut = entries.length - kept.length;
  return { [name]: kept, ...(leftOut > 0 && { leftOut }) };
}
