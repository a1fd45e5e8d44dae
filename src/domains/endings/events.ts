import { toGlobalId } from '../../kernel/ids.ts';
import type { AuditEvent, AuditKinds } from '../events/index.ts';

/** What is written down about keys and invitations that end, by themselves or with something else: for each noun one form. */
export const endingEvents = {
  key: { type: 'API_KEY.REVOKED', when: 'A key has ended: it was taken back or has leaked, its owner or who made it has left or may do less, or its organization was deleted. `reason` says which.' },
  invitation: { type: 'INVITATION.REVOKED', when: 'An invitation has ended: it was taken back, who sent it has left or may not send it any more, or its organization was deleted. `reason` says which.' },
} as const satisfies AuditKinds;

/** Why a key ends, in the words of the column `revoked_reason`; of a rotation there is an event of its own. */
export type KeyEnd = 'taken_back' | 'leaked' | 'member_left' | 'issuer_demoted' | 'organization_deleted';

interface Revocation {
  readonly reason: KeyEnd;
  /** Its owner, and whose change has ended it. */
  readonly memberIds: readonly string[];
  /** The key that was reported, when this one was made with it. */
  readonly leakedKeyId?: string | null;
}

/** That a key has ended, whatever for. */
export function keyRevoked(id: string, { reason, memberIds, leakedKeyId = null }: Revocation): AuditEvent {
  const members = [...new Set(memberIds)].map((memberId) => ({ type: 'Member' as const, id: memberId }));
  const leaked = leakedKeyId === null ? [] : [{ type: 'ApiKey' as const, id: leakedKeyId }];
  return {
    kind: endingEvents.key,
    about: { type: 'ApiKey', id },
    concerning: [...members, ...leaked],
    data: { before: { status: 'active' }, after: { status: 'revoked' }, reason, ...(leakedKeyId !== null && { leakedKey: toGlobalId('ApiKey', leakedKeyId) }) },
  };
}

/** Why an invitation ends, in the words that are used of keys. */
export type InvitationEnd = 'taken_back' | 'member_left' | 'issuer_demoted' | 'organization_deleted';

/** That an invitation has ended, whatever for. @param memberId whose change has ended it; null when it was no member's. */
export const invitationRevoked = (id: string, role: string, reason: InvitationEnd, memberId: string | null = null): AuditEvent => ({
  kind: endingEvents.invitation,
  about: { type: 'Invitation', id },
  concerning: memberId === null ? [] : [{ type: 'Member', id: memberId }],
  data: { role, reason },
});
