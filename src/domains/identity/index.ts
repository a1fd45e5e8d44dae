export type { MemberChange } from './bulk.ts';
export { memberAdded, memberEvents } from './events.ts';
export { ALREADY_A_MEMBER, join } from './join.ts';
export { actorOf } from './lock-members.ts';
export { personName } from './member.input.ts';
export type {
  AddMemberInput,
  MemberIdsInput,
  RemoveMemberInput,
  TransferOwnershipInput,
  UpdateMemberRoleInput,
  UpdateMemberRolesInput,
} from './member.input.ts';
export { checkActOn, checkHandOut, letsOthersIn } from './member.rules.ts';
export { createMemberService, type MemberDependencies, type MemberService } from './member.service.ts';
export { insertMember, type NewMember } from './membership.ts';
export { type NewAdmins, newAdmins, tellOfNewAdmins } from './new-admins.ts';
export type { Transfer } from './ownership.ts';
