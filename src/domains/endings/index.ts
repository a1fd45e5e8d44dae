export { invitationRevoked, keyRevoked } from './events.ts';
export { endInvitations } from './invitations.ts';
export { endKeys } from './keys.ts';
