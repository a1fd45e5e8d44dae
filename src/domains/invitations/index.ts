export type { AcceptContext, Accepted } from './accept.ts';
export type { AcceptInvitationInput, InviteMemberInput, ResendInvitationInput, RevokeInvitationInput } from './invitation.input.ts';
export { type InvitationStatus, invitationStatus, type InvitationTimes } from './invitation.rules.ts';
export { createInvitationService, type InvitationDependencies, type InvitationService } from './invitation.service.ts';
