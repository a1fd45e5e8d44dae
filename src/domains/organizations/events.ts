import type { AuditEvent, AuditKinds } from '../events/index.ts';
import type { NewOrganization } from './organization.service.ts';

/** What is written down about an organization, in its own log. */
export const organizationEvents = {
  created: { type: 'ORGANIZATION.CREATED', when: 'The organization was made.' },
  updated: { type: 'ORGANIZATION.UPDATED', when: 'Its name, slug or description was changed.' },
  suspended: { type: 'ORGANIZATION.SUSPENDED', when: 'An operator of the platform closed it for now.' },
  activated: { type: 'ORGANIZATION.ACTIVATED', when: 'An operator of the platform opened it again.' },
} as const satisfies AuditKinds;

export function organizationCreated({ id, name, slug, plan, status }: NewOrganization): AuditEvent {
  return { kind: organizationEvents.created, about: { type: 'Organization', id }, data: { after: { name, slug, plan, status } } };
}
