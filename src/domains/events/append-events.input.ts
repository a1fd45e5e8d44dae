import { ValidationError } from '../../kernel/errors.ts';
import { ID_PREFIXES } from '../../kernel/ids.ts';
import { isAuditType } from './audit.ts';
import type { EventQuery, NewEvent } from './event.types.ts';

/** Fewer than the store takes: what was appended is answered. */
export const APPEND_MAX = 100;

/** What an application has to append. */
export interface AppendEventsInput {
  readonly events: readonly NewEvent[];
  readonly failIfEventsMatch?: EventQuery | null;
  /** The head that a read answered. */
  readonly after?: number | null;
  readonly idempotencyKey?: string | null;
}

/** The names that things of the server itself have in the log. */
const OWN_AGGREGATES: ReadonlySet<string> = new Set(Object.keys(ID_PREFIXES).map((type) => type.toLowerCase()));

/** What somebody did is found by these tags: applications do not say it of others. */
const ACTOR_TAG = 'actor:';

/** A text as people read it: in other letters, or in letters of another width, it would be taken for the same. */
const asRead = (text: string): string => text.normalize('NFKC').toLowerCase();

/**
 * Keeps apart what applications write down and what the server does: neither its kinds of events, nor who has done
 * something, nor the versions of its own things can be made up.
 *
 * @throws ValidationError naming each wrong field.
 */
export function requireApplicationEvents(events: readonly NewEvent[]): void {
  if (events.length > APPEND_MAX) throw ValidationError.of('events', `must have ${APPEND_MAX} or less entries`);
  const problems = events.flatMap(({ type, tags = [], aggregate }, index) => [
    ...(isAuditType(type) ? [{ path: ['events', String(index), 'type'], message: 'has a noun that only the server uses: take another' }] : []),
    ...(tags.some((tag) => asRead(tag).trimStart().startsWith(ACTOR_TAG))
      ? [{ path: ['events', String(index), 'tags'], message: `must not begin with "${ACTOR_TAG}": the server tags itself who acted` }]
      : []),
    ...(aggregate && OWN_AGGREGATES.has(asRead(aggregate.type).trim())
      ? [{ path: ['events', String(index), 'aggregate', 'type'], message: "is the server's own: point to it by a tag" }]
      : []),
  ]);
  if (problems.length > 0) throw new ValidationError(problems);
}
