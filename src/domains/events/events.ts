import type { AuditKinds } from './audit.ts';

/** What is written down about the log itself. */
export const auditEvents = {
  archived: { type: 'EVENTS.ARCHIVED', when: 'The operator moved the oldest events of the log to a file.' },
  exported: { type: 'EVENTS.EXPORTED', when: 'Somebody began to take the log, from a position on, by GET /events/export.' },
  read: { type: 'AUDIT.READ', when: 'Somebody read events of the audit.' },
} as const satisfies AuditKinds;
