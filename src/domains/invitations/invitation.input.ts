import { z } from 'zod';
import { ORGANIZATION_ROLES } from '../../kernel/permissions.ts';
import { personName } from '../identity/index.ts';
import { emailAddress, globalId, idempotencyKey, optional } from '../input-fields.ts';

export const inviteMemberInput = z.strictObject({
  email: emailAddress,
  name: optional(personName),
  role: z.enum(ORGANIZATION_ROLES),
  idempotencyKey,
});
export const resendInvitationInput = z.strictObject({ id: globalId });
export const revokeInvitationInput = z.strictObject({ id: globalId });
export const acceptInvitationInput = z.strictObject({
  /** Any text: one that is no token is answered like one that is unknown. */
  token: z.string(),
  /** What it must be is checked when it is needed. */
  password: optional(z.string()),
  name: optional(personName),
});

export type InviteMemberInput = z.input<typeof inviteMemberInput>;
export type ResendInvitationInput = z.input<typeof resendInvitationInput>;
export type RevokeInvitationInput = z.input<typeof revokeInvitationInput>;
export type AcceptInvitationInput = z.input<typeof acceptInvitationInput>;
