import { ForbiddenError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { AUDIT_NOUNS, isAuditType } from './audit.ts';
import { type EventQuery, EVERY_EVENT, type QueryItem } from './event.types.ts';
import { auditEvents } from './events.ts';

/** Whether somebody may read what the server itself writes down, besides what applications do. */
export function maySeeAudit(principal: Principal): boolean {
  return principal.permissions.has('audit:read');
}

/** The nouns of the events that somebody may not see. */
export function hiddenNouns(principal: Principal): readonly string[] {
  return maySeeAudit(principal) ? [] : AUDIT_NOUNS;
}

/**
 * The query as far as the caller may see: without audit:read the events of the audit match nothing. Null asks for
 * everything.
 *
 * @throws ForbiddenError for a type of the audit that is asked for by its name.
 */
export function visibleQuery(principal: Principal, query: EventQuery | null): EventQuery {
  const asked = query ?? EVERY_EVENT;
  return maySeeAudit(principal) ? asked : asked.map(applicationItem);
}

function applicationItem({ types = [], tags = [] }: QueryItem): QueryItem {
  if (types.some(isAuditType)) throw new ForbiddenError('What the server writes down by itself needs audit:read.', { permission: 'audit:read' });
  return { types, tags, exceptNouns: AUDIT_NOUNS };
}

/**
 * Whether it is to be written down that events of these types were shown. To see who has looked is no reason: whoever
 * follows the log would never come to its end.
 */
export function isAuditReading(types: readonly string[]): boolean {
  return types.some((type) => isAuditType(type) && type !== auditEvents.read.type);
}

/** Whether a query can match what the server writes down. */
export function reachesAudit(query: EventQuery): boolean {
  return query.some(({ types = [], exceptNouns = [] }) => exceptNouns.length === 0 && (types.length === 0 || types.some(isAuditType)));
}
