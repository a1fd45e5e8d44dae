import { ConflictError } from '../../kernel/errors.ts';
import { toGlobalId, uuidOf } from '../../kernel/ids.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { record, recordOnce } from '../events/index.ts';
import type { Mailing } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requirePerson } from '../require-person.ts';
import { requireStanding } from '../require-standing.ts';
import { requireStepUpOfPerson } from '../require-step-up.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { activateMany, type MemberChange, removeMany, suspendMany, updateRoles } from './bulk.ts';
import { changeRole } from './change-role.ts';
import { endMembership } from './end-membership.ts';
import { ALREADY_A_MEMBER, join } from './join.ts';
import { actorOf, lockMember } from './lock-members.ts';
import {
  type AddMemberInput,
  addMemberInput,
  type MemberIdsInput,
  type RemoveMemberInput,
  removeMemberInput,
  type TransferOwnershipInput,
  type UpdateMemberRoleInput,
  updateMemberRoleInput,
  type UpdateMemberRolesInput,
} from './member.input.ts';
import { changesWhoLetsIn, checkActOn, checkDeparture, checkHandOut, checkRoleChange, letsOthersIn, ownRole } from './member.rules.ts';
import { becameAdmin, type NewAdmins, newAdmins, tellOfNewAdmins } from './new-admins.ts';
import { type Transfer, transferOwnership } from './ownership.ts';

export interface MemberService {
  /** Makes the person behind an address a member, also one who has left. */
  add(cx: ServiceContext, input: AddMemberInput): Promise<{ memberId: string; replayed: boolean }>;
  updateRole(cx: ServiceContext, input: UpdateMemberRoleInput): Promise<{ memberId: string }>;
  /** Ends a membership, another's or one's own, and revokes the API keys that came with it. */
  remove(cx: ServiceContext, input: RemoveMemberInput): Promise<{ memberId: string }>;
  /** Ends one's own membership. */
  leave(cx: ServiceContext): Promise<{ organizationId: string }>;
  /** Hands the organization over to another active member; who owned it becomes an administrator. */
  transferOwnership(cx: ServiceContext, input: TransferOwnershipInput): Promise<Transfer>;
  /** Each of these changes what can be changed, and answers for the others why not. */
  suspendMany(cx: ServiceContext, input: MemberIdsInput): Promise<MemberChange[]>;
  activateMany(cx: ServiceContext, input: MemberIdsInput): Promise<MemberChange[]>;
  removeMany(cx: ServiceContext, input: MemberIdsInput): Promise<MemberChange[]>;
  updateRoles(cx: ServiceContext, input: UpdateMemberRolesInput): Promise<MemberChange[]>;
}

export interface MemberDependencies extends Mailing {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity'>;
}

export function createMemberService({ preTenant, ...mailing }: MemberDependencies): MemberService {
  return {
    add: (cx, input) => add(cx, { preTenant, ...mailing }, input),
    updateRole: (cx, input) => updateRole(cx, mailing, input),
    remove,
    leave,
    transferOwnership: (cx, input) => transferOwnership(cx, mailing, input),
    suspendMany: (cx, input) => suspendMany(cx, mailing, input),
    activateMany: (cx, input) => activateMany(cx, mailing, input),
    removeMany: (cx, input) => removeMany(cx, mailing, input),
    updateRoles: (cx, input) => updateRoles(cx, mailing, input),
  };
}

async function add(
  cx: ServiceContext,
  { preTenant, ...mailing }: MemberDependencies,
  input: AddMemberInput,
): Promise<{ memberId: string; replayed: boolean }> {
  requirePermission(cx, 'member:write');
  const { idempotencyKey, ...fields } = parseInput(addMemberInput, input);
  checkHandOut(actorOf(cx), fields.role);
  if (letsOthersIn(fields.role)) requireStepUpOfPerson(cx);
  const { orgId } = requireTenant(cx);
  const { email, role, name = null } = fields;
  // One answer and one way through, whether the address is known to the installation or not.
  // The name is the organization's own word for the person: the identity is told nothing of it.
  const userId = await preTenant.ensureIdentity(email, null);
  const now = cx.clock.now();
  const request = {
    orgId,
    userId: cx.principal.userId,
    operation: 'addMember',
    key: idempotencyKey,
    input: fields,
    now,
  };
  let news: NewAdmins | null = null;
  const { result, replayed } = await refuseDuplicate(ALREADY_A_MEMBER, () =>
    cx.db.$transaction((tx) =>
      recordOnce(tx, cx, request, async () => {
        await requireStanding(tx, cx);
        const joined = await join(tx, { orgId, userId, email, name, role, joinedAt: now });
        news = await newAdmins(tx, cx, orgId, role === 'admin' ? [joined.result.memberId] : []);
        return joined;
      }),
    ),
  );
  if (!replayed) tellOfNewAdmins(mailing, news);
  cx.accessChanged({ kind: 'user', id: userId });
  return { ...result, replayed };
}

async function updateRole(cx: ServiceContext, mailing: Mailing, input: UpdateMemberRoleInput): Promise<{ memberId: string }> {
  requirePermission(cx, 'member:write');
  const { id, role } = parseInput(updateMemberRoleInput, input);
  const memberId = requireUuid('Member', id);
  const { orgId } = requireTenant(cx);
  const { userId, keyIds, news } = await cx.db.$transaction(async (tx) => {
    await requireStanding(tx, cx);
    const member = await lockMember(tx, orgId, memberId, actorOf(cx));
    if (member.userId === cx.principal.userId) throw ownRole();
    checkRoleChange(actorOf(cx), member.role, role);
    // Who may not do it at all is not asked to prove anything.
    if (changesWhoLetsIn(member.role, role)) requireStepUpOfPerson(cx);
    const { events, keyIds } = await changeRole(tx, orgId, member, role, cx.clock.now());
    await record(tx, cx, ...events);
    const news = await newAdmins(tx, cx, orgId, becameAdmin(member, role) ? [memberId] : []);
    return { userId: member.userId, keyIds, news };
  });
  tellOfNewAdmins(mailing, news);
  cx.accessChanged({ kind: 'user', id: userId });
  for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
  return { memberId };
}

async function leave(cx: ServiceContext): Promise<{ organizationId: string }> {
  requirePerson(cx);
  const { orgId, membershipId } = requireTenant(cx);
  if (membershipId === null) throw new ConflictError('You work here as an administrator of the platform, who is a member nowhere: there is nothing to leave.');
  await remove(cx, { id: toGlobalId('Member', membershipId) });
  return { organizationId: orgId };
}

async function remove(cx: ServiceContext, input: RemoveMemberInput): Promise<{ memberId: string }> {
  const { orgId, membershipId } = requireTenant(cx);
  const { id } = parseInput(removeMemberInput, input);
  const leaving = membershipId !== null && uuidOf('Member', id) === membershipId;
  // A person may always leave. A key that was not given the right to manage members must not do it in the name of one.
  if (!leaving || cx.principal.kind === 'apiKey') requirePermission(cx, 'member:write');
  // Only now: whoever may not do this is not told whether an id is well formed either.
  const memberId = requireUuid('Member', id);
  const now = cx.clock.now();
  const { userId, keyIds } = await cx.db.$transaction(async (tx) => {
    if (!leaving) await requireStanding(tx, cx);
    const member = await lockMember(tx, orgId, memberId, leaving ? 'oneself' : actorOf(cx));
    if (!leaving) checkActOn(actorOf(cx), member.role);
    checkDeparture(member.role);
    if (!leaving) requireStepUpOfPerson(cx);
    const { events, keyIds } = await endMembership(tx, orgId, member, { byOwnWill: leaving, now });
    await record(tx, cx, ...events);
    return { userId: member.userId, keyIds };
  });
  cx.accessChanged({ kind: 'user', id: userId });
  for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
  return { memberId };
}
