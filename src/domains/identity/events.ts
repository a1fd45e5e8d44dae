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
  keyEnded: { type: 'API_KEY.REVOKED', when: 'A key ended with the membership of its owner or of who made it, or because it may do more than who made it may now.' },
  invitationEnded: { type: 'INVITATION.REVOKED', when: 'An invitation ended, because who sent it has left or may not send it any more.' },
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

/** That a key ended because of what became of this member. @param reason in the words of the column `revoked_reason`. */
export const keyEnded = (memberId: string, reason: 'member_left' | 'issuer_demoted') => (id: string): AuditEvent => ({
  kind: memberEvents.keyEnded,
  about: { type: 'ApiKey', id },
  concerning: [{ type: 'Member', id: memberId }],
  data: { before: { status: 'active' }, after: { status: 'revoked' }, reason },
});

/** That an invitation ended because this member has left, or has another role. */
export const invitationEnded = (memberId: string) => (id: string): AuditEvent => ({
  kind: memberEvents.invitationEnded,
  about: { type: 'Invitation', id },
  concerning: [{ type: 'Member', id: memberId }],
});
