import type { AuditKinds } from '../events/index.ts';

/** What is written down, in the platform's own organization, of what is no organization's. */
export const platformEvents = {
  appointed: { type: 'OPERATOR.APPOINTED', when: 'Somebody was made an administrator of the platform, from the command line.' },
  dismissed: { type: 'OPERATOR.DISMISSED', when: 'Somebody was an administrator of the platform, and is none any more, from the command line.' },
  read: { type: 'PLATFORM.READ', when: 'An operator of the platform looked at organizations or their usage, across all of them.' },
  factorRemoved: { type: 'USER.SECOND_FACTOR_REMOVED', when: 'The second factor of somebody who has lost it was taken away, from the command line.' },
} as const satisfies AuditKinds;
