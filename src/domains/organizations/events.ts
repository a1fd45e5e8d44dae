import { type AuditEvent, type AuditKinds, changesOf } from '../events/index.ts';
import type { JsonObject } from '../json-limits.ts';
import type { LockedOrganization } from './lock.ts';
import type { NewOrganization } from './organization.service.ts';

/** What is written down about an organization, in its own log. */
export const organizationEvents = {
  created: { type: 'ORGANIZATION.CREATED', when: 'The organization was made.' },
  updated: { type: 'ORGANIZATION.UPDATED', when: 'What it says about itself was changed, or what it asks of its members.' },
  suspended: { type: 'ORGANIZATION.SUSPENDED', when: 'An operator of the platform closed it for now.' },
  deactivated: { type: 'ORGANIZATION.DEACTIVATED', when: 'Its owner closed it for now.' },
  reactivated: { type: 'ORGANIZATION.REACTIVATED', when: 'Its owner opened it again.' },
  deleted: { type: 'ORGANIZATION.DELETED', when: 'Its owner deleted it, or an operator of the platform.' },
  activated: { type: 'ORGANIZATION.ACTIVATED', when: 'An operator of the platform opened it again.' },
} as const satisfies AuditKinds;

export function organizationCreated({ id, name, slug, plan, status }: NewOrganization): AuditEvent {
  return { kind: organizationEvents.created, about: { type: 'Organization', id }, data: { after: { name, slug, plan, status } } };
}

type Profile = Readonly<Record<string, JsonObject | string | boolean | null | undefined>>;

/**
 * What is written down of a change of what an organization says about itself; null when nothing has changed. An address
 * is never in the log, and of the settings, which may hold anything, only the names of those that are there now.
 */
export function changesOfProfile(before: LockedOrganization, { contactEmail, settings, ...fields }: Profile): JsonObject | null {
  const { contactEmail: formerEmail, settings: formerSettings, ...former } = before;
  const hasNewEmail = contactEmail !== undefined && contactEmail !== formerEmail;
  const hasNewSettings = settings !== undefined && changesOf({ settings: formerSettings }, { settings }) !== null;
  const changes = changesOf(former, fields);
  if (changes === null && !hasNewEmail && !hasNewSettings) return null;
  return {
    ...(changes ?? { before: {}, after: {} }),
    ...(hasNewEmail && { contactEmailChanged: true }),
    ...(hasNewSettings && { settingsNow: Object.keys(settings as JsonObject).sort() }),
  };
}
