import { z } from 'zod';
import { ValidationError } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import { line } from '../input-fields.ts';
import { type JsonObject, requireJsonObject } from '../json-limits.ts';
import { parseInput } from '../parse-input.ts';
import type { NewEvent } from './event.types.ts';

const MOST_EVENTS = 1_000;
const MOST_TAGS = 20;
const MOST_ITEMS = 20;
const MOST_TYPES = 20;
const LARGEST_PAGE = 1_000;
const LARGEST_APPEND_BYTES = 8 * 1024 * 1024;

const type = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,49}\.[A-Z][A-Z0-9_]{0,49}$/, 'must be NOUN.VERB in capitals, at most 50 characters each, for example INVOICE.PAID');

/** A tag that is looked for: also one that could not be given any more. */
const tag = line(1, 200).refine((text) => !/\s/.test(text), 'must not contain spaces');

/** What looks like nothing, or like an ordinary space, makes two texts out of what people read as one. */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
const isSeen = (text: string): boolean => !UNSEEN.test(text);

// What another rule refuses, spaces and NUL, is not refused twice.
const newTag = tag.refine((text) => isSeen(text.replaceAll(/[\s\0]/g, '')), 'must not contain invisible characters');

const aggregate = z.strictObject({
  type: line(1, 100).refine((text) => isSeen(text.replaceAll(/[ \0]/g, '')), 'must not contain invisible characters'),
  id: z.string().refine(isUuid, 'must be a UUID in lower case'),
});

const newEvent = z.strictObject({
  type,
  /** Their own rules are in json-limits.ts. */
  data: z.unknown().optional(),
  metadata: z.unknown().optional(),
  tags: z.array(newTag).max(MOST_TAGS).default([]),
  aggregate: aggregate.nullish(),
  causationId: line(1, 200).nullish(),
});

const unique = (words: readonly string[]): string[] => [...new Set(words)];

const query = z
  .array(
    z.strictObject({
      types: z.array(type).max(MOST_TYPES).default([]).transform(unique),
      tags: z.array(tag).max(MOST_TAGS).default([]).transform(unique),
      exceptNouns: z.array(z.string()).default([]),
    }),
  )
  .min(1)
  .max(MOST_ITEMS)
  // What is asked for twice would be looked for twice.
  .transform((items) => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]);

const position = z.int().min(0);

const appendInput = z.strictObject({
  events: z.array(newEvent).min(1).max(MOST_EVENTS),
  failIfEventsMatch: query.nullish(),
  after: position.nullish(),
});

const readInput = z.strictObject({
  query,
  after: position.default(0),
  limit: z.int().min(1).max(LARGEST_PAGE).default(100),
});

/** An event that was looked at. */
export type CheckedEvent = Omit<z.output<typeof newEvent>, 'data' | 'metadata'> & { data: JsonObject; metadata: JsonObject };

/** The condition of an append as the database takes it. */
export interface CheckedCondition {
  readonly query: z.output<typeof query> | null;
  readonly after: number;
}

/** What an append was asked for, if it may be. @throws ValidationError naming each wrong field. */
export function parseAppend(input: {
  readonly events: readonly NewEvent[];
  readonly failIfEventsMatch?: unknown;
  readonly after?: unknown;
}): { events: CheckedEvent[]; condition: CheckedCondition } {
  const { events, failIfEventsMatch, after } = parseInput(appendInput, input);
  if (after != null && failIfEventsMatch == null) {
    throw ValidationError.of('after', 'means nothing without failIfEventsMatch');
  }
  const checked = events.map((event, index) => ({
    ...event,
    tags: [...new Set(event.tags)].sort(),
    data: requireJsonObject(event.data ?? {}, `events.${index}.data`),
    metadata: requireJsonObject(event.metadata ?? {}, `events.${index}.metadata`),
  }));
  return { events: checked, condition: { query: failIfEventsMatch ?? null, after: after ?? 0 } };
}

/** What is sent to the database of an append. @throws ValidationError when it is too much for one. */
export function writeEvents(events: readonly object[]): string {
  const text = JSON.stringify(events);
  if (Buffer.byteLength(text) <= LARGEST_APPEND_BYTES) return text;
  throw ValidationError.of('events', `must be at most ${LARGEST_APPEND_BYTES} bytes of JSON together`);
}

/** What a read was asked for, if it may be. @throws ValidationError naming each wrong field. */
export function parseRead(input: z.input<typeof readInput> | { query: unknown }): z.output<typeof readInput> {
  return parseInput(readInput, input);
}
