import type { AuditEvent, AuditKinds } from '../events/index.ts';

/** What is written down about members. Who a member is, is not in the log: nothing can be taken out of it again. */
export const memberEvents = {
  added: { type: 'MEMBER.ADDED', when: 'Somebody became a member, or came back.' },
  roleChanged: { type: 'MEMBER.ROLE_CHANGED', when: 'A member was given another role.' },
  removed: { type: 'MEMBER.REMOVED', when: 'A member was removed by somebody else.' },
  left: { type: 'MEMBER.LEFT', when: 'A member has left by its own will.' },
  keyEnded: { type: 'API_KEY.REVOKED', when: 'A key ended with the membership of its owner, or of who made it.' },
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

/** That a key ended because this member has left. */
export const keyEnded = (memberId: string) => (id: string): AuditEvent => ({
  kind: memberEvents.keyEnded,
  about: { type: 'ApiKey', id },
  concerning: [{ type: 'Member', id: memberId }],
  data: { before: { status: 'active' }, after: { status: 'revoked' } },
});
