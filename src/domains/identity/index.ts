export { memberAdded, memberEvents } from './events.ts';
export { personName } from './member.input.ts';
export type { AddMemberInput, RemoveMemberInput, UpdateMemberRoleInput } from './member.input.ts';
export { createMemberService, type MemberDependencies, type MemberService } from './member.service.ts';
export { insertMember, type NewMember } from './membership.ts';
