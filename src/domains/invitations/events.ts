import type { OrganizationRole } from '../../kernel/permissions.ts';
import type { AuditEvent, AuditKind, AuditKinds } from '../events/index.ts';

/** What is written down about invitations: never the address that was invited. */
export const invitationEvents = {
  created: { type: 'INVITATION.CREATED', when: 'Somebody was invited by mail.' },
  resent: { type: 'INVITATION.RESENT', when: 'An invitation was sent anew; the token that was sent before is void.' },
  accepted: { type: 'INVITATION.ACCEPTED', when: 'Whoever was invited has joined.' },
} as const satisfies AuditKinds;

export const invitationEvent = (kind: AuditKind, id: string, role: OrganizationRole, memberId: string | null = null): AuditEvent => ({
  kind,
  about: { type: 'Invitation', id },
  concerning: memberId === null ? [] : [{ type: 'Member', id: memberId }],
  data: { role },
});
