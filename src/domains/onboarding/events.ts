import type { AuditKinds } from '../events/index.ts';

/** What is written down of the way of an organization into the engine; that it was made is in the events of organizations. */
export const onboardingEvents = {
  provisioned: { type: 'ORGANIZATION.PROVISIONED', when: 'The engine was ready for it: its members get in.' },
  provisioningFailed: { type: 'ORGANIZATION.PROVISIONING_FAILED', when: 'The engine could not be set up for it.' },
  retried: { type: 'ORGANIZATION.PROVISIONING_RETRIED', when: 'An operator of the platform had the engine tried again.' },
} as const satisfies AuditKinds;
