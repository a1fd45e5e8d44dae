import type { AuditKinds } from '../events/index.ts';

/** What is written down of who came in, and who did not. Each has a bound: see access-log.ts. */
export const accessEvents = {
  denied: { type: 'ACCESS.DENIED', when: 'Somebody asked for what they may not do or see, for too much, or had to prove first to be there, or to show a second factor.' },
  entered: { type: 'OPERATOR.ENTERED', when: 'An operator of the platform began to work in the organization.' },
  keyValidated: { type: 'API_KEY.VALIDATED', when: 'A key was used, for the first time within an hour.' },
  keyRejected: { type: 'API_KEY.REJECTED', when: 'A key of the organization was used and not let in.' },
  keyExpired: { type: 'API_KEY.EXPIRED', when: 'A key was used after its time had run out.' },
  keyRateLimited: { type: 'API_KEY.RATE_LIMITED', when: 'A key was used for more than it may within a time.' },
} as const satisfies AuditKinds;
