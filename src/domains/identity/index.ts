export { personName } from './member.input.ts';
export type { AddMemberInput, RemoveMemberInput, UpdateMemberRoleInput } from './member.input.ts';
export { createMemberService, type MemberService } from './member.service.ts';
