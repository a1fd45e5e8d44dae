import { AppError, ConflictError } from '../../kernel/errors.ts';
import { uuidOf } from '../../kernel/ids.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { record } from '../events/index.ts';
import type { Mailing } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireStanding } from '../require-standing.ts';
import { requireStepUpOfPerson } from '../require-step-up.ts';
import { notFound } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { changeRole } from './change-role.ts';
import { endMembership, type EndedMembership } from './end-membership.ts';
import { memberEvents } from './events.ts';
import { actorOf, type LockedMember, lockMembers } from './lock-members.ts';
import { type MemberIdsInput, memberIdsInput, type UpdateMemberRolesInput, updateMemberRolesInput } from './member.input.ts';
import { type Actor, changesWhoLetsIn, checkActOn, checkDeparture, checkRoleChange, checkSuspension, letsOthersIn, moveMember, ownRole } from './member.rules.ts';
import { becameAdmin, newAdmins, tellOfNewAdmins } from './new-admins.ts';

/** What became of one of several members. */
export interface MemberChange {
  /** As it was sent. */
  readonly memberId: string;
  /** Its UUID; null when there is no such member. */
  readonly foundId: string | null;
  /** Why nothing was changed of this one: what a change of it alone would have been refused with. */
  readonly error: AppError | null;
}

interface Change {
  /** @throws AppError when it may not be done. */
  check(actor: Actor, member: LockedMember): void;
  /** Does it. Answers what is to be written down: nothing when it was so already. */
  make(tx: TenantTransaction, orgId: string, member: LockedMember, now: Date): Promise<EndedMembership>;
  /** What it is refused with for the caller's own membership. */
  ofOneself(): AppError;
  /** Whether a person proves to be there for it. */
  asksProof(member: LockedMember): boolean;
  /** Whether it makes an administrator of a member who is none, or lets one in again. */
  makesAdmin(member: LockedMember): boolean;
}

const CHANGED_NOTHING: EndedMembership = { events: [], keyIds: [] };

const ofAnother = {
  ofOneself: () => new ConflictError('You cannot do this to yourself: let somebody else do it, or leave.'),
};

function toStatus(status: 'active' | 'suspended'): Change {
  const kind = status === 'suspended' ? memberEvents.suspended : memberEvents.activated;
  return {
    ...ofAnother,
    // Who can let others in is let in again as carefully as somebody new.
    asksProof: (member) => status === 'suspended' || letsOthersIn(member.role),
    makesAdmin: (member) => status === 'active' && member.status !== 'active' && member.role === 'admin',
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
  ...ofAnother,
  asksProof: () => true,
  makesAdmin: () => false,
  check(actor, member) {
    checkActOn(actor, member.role);
    checkDeparture(member.role);
  },
  make: (tx, orgId, member, now) => endMembership(tx, orgId, member, { byOwnWill: false, now }),
};

const toRole = (role: LockedMember['role']): Change => ({
  ofOneself: ownRole,
  asksProof: (member) => changesWhoLetsIn(member.role, role),
  makesAdmin: (member) => becameAdmin(member, role),
  check: (actor, member) => checkRoleChange(actor, member.role, role),
  make: (tx, orgId, member, now) => changeRole(tx, orgId, member, role, now),
});

export const suspendMany = (cx: ServiceContext, mailing: Mailing, input: MemberIdsInput) => changeAlike(cx, mailing, input, toStatus('suspended'));
export const activateMany = (cx: ServiceContext, mailing: Mailing, input: MemberIdsInput) => changeAlike(cx, mailing, input, toStatus('active'));
export const removeMany = (cx: ServiceContext, mailing: Mailing, input: MemberIdsInput) => changeAlike(cx, mailing, input, removal);

export async function updateRoles(cx: ServiceContext, mailing: Mailing, input: UpdateMemberRolesInput): Promise<MemberChange[]> {
  requirePermission(cx, 'member:write');
  const { changes } = parseInput(updateMemberRolesInput, input);
  return changeMembers(cx, mailing, changes.map(({ id, role }) => ({ memberId: id, change: toRole(role) })));
}

async function changeAlike(cx: ServiceContext, mailing: Mailing, input: MemberIdsInput, change: Change): Promise<MemberChange[]> {
  requirePermission(cx, 'member:write');
  const { ids } = parseInput(memberIdsInput, input);
  return changeMembers(cx, mailing, ids.map((memberId) => ({ memberId, change })));
}

interface Wanted {
  /** As it was sent. */
  readonly memberId: string;
  readonly change: Change;
}

/** What is to be done of one, and why not. */
interface Decided extends Wanted {
  readonly member: LockedMember | undefined;
  readonly error: AppError | null;
}

/**
 * Changes several members in one transaction, each by the rules for one: what is refused is told of that one, and the
 * others are changed all the same.
 *
 * @throws ForbiddenError, StepUpRequiredError when nothing is changed of any.
 */
async function changeMembers(cx: ServiceContext, mailing: Mailing, wanted: readonly Wanted[]): Promise<MemberChange[]> {
  const { orgId } = requireTenant(cx);
  const now = cx.clock.now();
  const uuids = wanted.map(({ memberId }) => uuidOf('Member', memberId)).filter((id) => id !== null);
  const { decided, made, news } = await cx.db.$transaction(async (tx) => {
    await requireStanding(tx, cx);
    const members = new Map((await lockMembers(tx, orgId, uuids, actorOf(cx))).map((member) => [member.id, member]));
    const decided = wanted.map((each) => decide(cx, each, members.get(uuidOf('Member', each.memberId) ?? '')));
    const allowed = decided.filter(isAllowed);
    // Who may do none of it is not asked to prove anything.
    if (allowed.some(({ change, member }) => change.asksProof(member))) requireStepUpOfPerson(cx);
    const made: EndedMembership[] = [];
    for (const { change, member } of allowed) made.push(await change.make(tx, orgId, member, now));
    await record(tx, cx, ...made.flatMap(({ events }) => events));
    const admins = allowed.filter(({ change, member }) => change.makesAdmin(member)).map(({ member }) => member.id);
    return { decided, made, news: await newAdmins(tx, cx, orgId, admins) };
  });
  tellOfNewAdmins(mailing, news);
  for (const { member } of decided.filter(isAllowed)) cx.accessChanged({ kind: 'user', id: member.userId });
  for (const id of made.flatMap(({ keyIds }) => keyIds)) cx.accessChanged({ kind: 'key', id });
  return decided.map(({ memberId, member, error }) => ({ memberId, foundId: member?.id ?? null, error }));
}

const isAllowed = (decided: Decided): decided is Decided & { readonly member: LockedMember } => decided.error === null && decided.member !== undefined;

/** Why a change of a member is refused, if it is: what alone would be thrown is data here. */
function decide(cx: ServiceContext, { memberId, change }: Wanted, member: LockedMember | undefined): Decided {
  const refused = (error: AppError | null): Decided => ({ memberId, change, member, error });
  if (member === undefined) return refused(notFound('Member'));
  if (member.userId === cx.principal.userId) return refused(change.ofOneself());
  try {
    change.check(actorOf(cx), member);
    return refused(null);
  } catch (error) {
    if (error instanceof AppError) return refused(error);
    throw error;
  }
}
