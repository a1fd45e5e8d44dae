import type { AuditEvent, AuditKinds } from '../events/index.ts';

/** What is written down about members. Who a member is, is not in the log: nothing can be taken out of it again. */
export const memberEvents = {
  added: { type: 'MEMBER.ADDED', when: 'Somebody became a member, or came back.' },
  roleChanged: { type: 'MEMBER.ROLE_CHANGED', when: 'A member was given another role.' },
  removed: { type: 'MEMBER.REMOVED', when: 'A member was removed by somebody else.' },
  suspended: { type: 'MEMBER.SUSPENDED', when: 'A member was shut out for now.' },
  activated: { type: 'MEMBER.ACTIVATED', when: 'A member was let in again.' },
  ownerChanged: { type: 'ORGANIZATION.OWNER_CHANGED', when: 'The organization was handed over to another member.' },
  left: { type: 'MEMBER.LEFT', when: 'A member has left by its own will.' },
} as const satisfies AuditKinds;

export const memberAdded = (id: string, role: string, cameBack: boolean): AuditEvent => ({
  kind: memberEvents.added,
  about: { type: 'Member', id },
  data: { after: { role, status: 'active' }, cameBack },
});

/** That a member is none any more. */
export const memberGone = (id: string, before: { role: string; status: string }, byOwnWill: boolean): AuditEvent => ({
  kind: byOwnWill ? memberEvents.left : memberEvents.removed,
  about: { type: 'Member', id },
  data: { before: { role: before.role, status: before.status }, after: { status: 'left' } },
});
