import { ValidationError } from '../kernel/errors.ts';
import { builder } from './builder.ts';

/**
 * The inputs that lists are filtered by. Only comparisons that an index answers under row level security are offered:
 * PostgreSQL does not use an index for LIKE there, so there is a prefix (a range) and no substring.
 */

export const DateTimeFilter = builder.inputType('DateTimeFilter', {
  description: 'A span of time. All bounds given must hold.',
  fields: (t) => ({
    gte: t.field({ type: 'DateTime', description: 'At this moment or later.' }),
    gt: t.field({ type: 'DateTime', description: 'Later than this moment.' }),
    lte: t.field({ type: 'DateTime', description: 'At this moment or earlier.' }),
    lt: t.field({ type: 'DateTime', description: 'Earlier than this moment.' }),
  }),
});

export const SlugFilter = builder.inputType('SlugFilter', {
  description: 'Picks by slug.',
  fields: (t) => ({
    eq: t.string({ description: 'Exactly this.' }),
    in: t.stringList({ description: 'One of these, at most 100.' }),
    startsWith: t.string({ description: 'Beginning with this.' }),
  }),
});

export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which end of a list comes first.',
  values: {
    ASC: { value: 'asc', description: 'Smallest or oldest first.' },
    DESC: { value: 'desc', description: 'Largest or newest first.' },
  } as const,
});

type Given<T> = { [Key in keyof T]?: T[Key] | null | undefined };

/** The comparisons that were given; null and undefined mean "not asked". Undefined when there is none. */
export function comparisons<T extends object>(filter: Given<T> | null | undefined): Partial<T> | undefined {
  const given = Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return given.length > 0 ? (Object.fromEntries(given) as Partial<T>) : undefined;
}

/** `eq` and `in` of an enumeration as Prisma has them. */
export function choice<Value extends string>(
  filter: { eq?: Value | null | undefined; in?: readonly Value[] | null | undefined } | null | undefined,
): { equals?: Value; in?: Value[] } | undefined {
  return comparisons<{ equals: Value; in: Value[] }>({ equals: filter?.eq, in: filter?.in ? [...filter.in] : null });
}

const CHOICES_MAX = 100;

type SlugChoice = Given<{ eq: string; in: readonly string[]; startsWith: string }>;

/**
 * A slug filter. A prefix is a range: `~` sorts after every character of a slug in the column's "C" collation.
 *
 * @throws ValidationError for more than 100 choices.
 */
export function slugWhere(filter: SlugChoice | null | undefined): Record<string, unknown> | undefined {
  if ((filter?.in?.length ?? 0) > CHOICES_MAX) {
    throw ValidationError.of('filter.slug.in', `must be at most ${CHOICES_MAX} entries.`);
  }
  const prefix = filter?.startsWith;
  return comparisons<Record<string, unknown>>({
    ...choice(filter),
    ...(prefix ? { gte: prefix, lt: `${prefix}~` } : {}),
  });
}

/** A where clause of the conditions that were given. */
export function where(conditions: Record<string, unknown>): Record<string, unknown> {
  return comparisons<Record<string, unknown>>(conditions) ?? {};
}
