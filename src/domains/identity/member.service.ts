import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { ServiceContext } from '../service-context.ts';
import type { AddMemberInput, RemoveMemberInput, UpdateMemberRoleInput } from './member.input.ts';

export interface MemberService {
  add(cx: ServiceContext, input: AddMemberInput): Promise<{ memberId: string; replayed: boolean }>;
  updateRole(cx: ServiceContext, input: UpdateMemberRoleInput): Promise<{ memberId: string }>;
  remove(cx: ServiceContext, input: RemoveMemberInput): Promise<{ memberId: string }>;
}
export interface MemberDependencies {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity'>;
}
export declare function createMemberService(dependencies: MemberDependencies): MemberService;
