import type { AuditKinds } from './audit.ts';

/** What is written down about the log itself. */
export const auditEvents = {
  read: { type: 'AUDIT.READ', when: 'Somebody read events of the audit.' },
} as const satisfies AuditKinds;
