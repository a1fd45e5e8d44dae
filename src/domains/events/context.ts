import { isIP } from 'node:net';
import { TenantContextError, TenantViolationError } from '../../kernel/errors.ts';
import { requireScope } from '../../platform/postgres/tenancy.ts';
import type { EventContext } from './event.types.ts';

/**
 * The organization whose log is meant: that of the scope, which every statement carries.
 *
 * @throws TenantContextError without one; TenantViolationError when who acts works in another one.
 */
export function organizationOf({ principal }: EventContext): string {
  const { orgId } = requireScope();
  if (orgId === null) throw new TenantContextError();
  if (principal?.tenant && principal.tenant.orgId !== orgId) {
    throw new TenantViolationError('The log of one organization was used in the name of another.');
  }
  return orgId;
}

/** Cut to so many characters, without what PostgreSQL cannot hold; null when nothing is left. */
const cut = (text: string | null | undefined, most: number): string | null =>
  [...(text ?? '').toWellFormed().replaceAll('\0', '')].slice(0, most).join('') || null;

/**
 * Who did it, from where, as the database takes it. What comes from outside, such as the name of a browser, is mended and
 * never refused: what happened must be written down, whatever a caller sends.
 */
export function provenanceOf({ principal, origin = {} }: EventContext): Record<string, string | null> {
  // The zone of a link-local address means something on that machine only, and PostgreSQL takes none.
  const [ip = ''] = (origin.ip ?? '').split('%');
  return {
    actorKind: principal === null ? 'system' : principal.kind === 'apiKey' ? 'api_key' : 'user',
    actorUserId: principal?.userId ?? null,
    actorMembershipId: principal?.tenant?.membershipId ?? null,
    actorCredentialId: principal?.credentialId ?? null,
    source: origin.source ?? (principal === null ? 'system' : 'api'),
    ip: isIP(ip) ? ip : null,
    userAgent: cut(origin.userAgent, 500),
    correlationId: cut(origin.correlationId, 200),
  };
}
