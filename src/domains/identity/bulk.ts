import { AppError, ConflictError, ForbiddenError } from '../../kernel/errors.ts';
import { uuidOf } from '../../kernel/ids.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { type AuditEvent, record } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireStanding } from '../require-standing.ts';
import { notFound } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { changeRole } from './change-role.ts';
import { endMembership, type EndedMembership } from './end-membership.ts';
import { memberEvents } from './events.ts';
import { actorOf, type LockedMember, lockMembers } from './lock-members.ts';
import { type MemberIdsInput, memberIdsInput, type UpdateMemberRolesInput, updateMemberRolesInput } from './member.input.ts';
import { type Actor, checkActOn, checkDeparture, checkRoleChange, checkSuspension, moveMember } from './member.rules.ts';

/** What became of one of several members. */
export interface MemberChange {
  /** As it was sent. */
  readonly memberId: string;
  /** Its UUID, when it was changed or was so already. */
  readonly changedId: string | null;
  /** Why nothing was changed of this one: what a change of it alone would have been refused with. */
  readonly error: AppError | null;
}

interface Change {
  /** @throws AppError when it may not be done. */
  check(actor: Actor, member: LockedMember): void;
  /** Does it. Answers what is to be written down: nothing when it was so already. */
  make(tx: TenantTransaction, orgId: string, member: LockedMember, now: Date): Promise<EndedMembership>;
}

const CHANGED_NOTHING: EndedMembership = { events: [], keyIds: [] };

function toStatus(status: 'active' | 'suspended'): Change {
  const kind = status === 'suspended' ? memberEvents.suspended : memberEvents.activated;
  return {
    check(actor, member) {
      checkActOn(actor, member.role);
      checkSuspension(member.role);
      moveMember(member.status, status);
    },
    async make(tx, orgId, member) {
      if (member.status === status) return CHANGED_NOTHING;
      await tx.membership.updateMany({ where: { orgId, id: member.id }, data: { status } });
      const data = { before: { status: member.status }, after: { status } };
      return { events: [{ kind, about: { type: 'Member', id: member.id }, data }], keyIds: [] };
    },
  };
}

const removal: Change = {
  check(actor, member) {
    checkActOn(actor, member.role);
    checkDeparture(member.role);
  },
  make: (tx, orgId, member, now) => endMembership(tx, orgId, member, { byOwnWill: false, now }),
};

const toRole = (role: LockedMember['role']): Change => ({
  check: (actor, member) => checkRoleChange(actor, member.role, role),
  make: (tx, orgId, member, now) => changeRole(tx, orgId, member, role, now),
});

export const suspendMany = (cx: ServiceContext, input: MemberIdsInput) => changeAlike(cx, input, toStatus('suspended'));
export const activateMany = (cx: ServiceContext, input: MemberIdsInput) => changeAlike(cx, input, toStatus('active'));
export const removeMany = (cx: ServiceContext, input: MemberIdsInput) => changeAlike(cx, input, removal);

export async function updateRoles(cx: ServiceContext, input: UpdateMemberRolesInput): Promise<MemberChange[]> {
  requirePermission(cx, 'member:write');
  const { changes } = parseInput(updateMemberRolesInput, input);
  return changeMembers(cx, new Map(changes.map(({ id, role }) => [id, toRole(role)])));
}

async function changeAlike(cx: ServiceContext, input: MemberIdsInput, change: Change): Promise<MemberChange[]> {
  requirePermission(cx, 'member:write');
  const { ids } = parseInput(memberIdsInput, input);
  return changeMembers(cx, new Map(ids.map((id) => [id, change])));
}

/**
 * Changes several members in one transaction, each by the rules for one: what is refused is told of that one, and the
 * others are changed all the same.
 *
 * @param wanted by the ids as they were sent: one that is there twice is one.
 */
async function changeMembers(cx: ServiceContext, wanted: ReadonlyMap<string, Change>): Promise<MemberChange[]> {
  const { orgId } = requireTenant(cx);
  const now = cx.clock.now();
  const uuids = [...wanted.keys()].map((id) => uuidOf('Member', id)).filter((id) => id !== null);
  const { results, userIds, keyIds } = await cx.db.$transaction(async (tx) => {
    await requireStanding(tx, cx);
    const members = new Map((await lockMembers(tx, orgId, uuids, actorOf(cx))).map((member) => [member.id, member]));
    const results: MemberChange[] = [];
    const events: AuditEvent[] = [];
    const userIds: string[] = [];
    const keyIds: string[] = [];
    for (const [memberId, change] of wanted) {
      const member = members.get(uuidOf('Member', memberId) ?? '');
      const error = member === undefined ? notFound('Member') : refusalOf(cx, member, change);
      results.push({ memberId, changedId: error === null ? member!.id : null, error });
      if (error !== null || member === undefined) continue;
      const made = await change.make(tx, orgId, member, now);
      events.push(...made.events);
      keyIds.push(...made.keyIds);
      userIds.push(member.userId);
    }
    await record(tx, cx, ...events);
    return { results, userIds, keyIds };
  });
  for (const id of userIds) cx.accessChanged({ kind: 'user', id });
  for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
  return results;
}

/** Why a change of this member is refused; null when it is not. What is not allowed is data here, as is what collides. */
function refusalOf(cx: ServiceContext, member: LockedMember, change: Change): AppError | null {
  if (member.userId === cx.principal.userId) return new ConflictError('You cannot do this to yourself: let somebody else do it, or leave.');
  try {
    change.check(actorOf(cx), member);
    return null;
  } catch (error) {
    if (error instanceof ForbiddenError) return new ConflictError(error.message);
    if (error instanceof AppError) return error;
    throw error;
  }
}
