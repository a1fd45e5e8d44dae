import { ConflictError, ForbiddenError } from '../../kernel/errors.ts';
import { uuidOf } from '../../kernel/ids.ts';
import type { OrganizationRole } from '../../kernel/permissions.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { changesOf, record, type Recorded, recordOnce } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireStanding } from '../require-standing.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { keyEnded, memberAdded, memberEvents, memberGone } from './events.ts';
import {
  type AddMemberInput,
  addMemberInput,
  type RemoveMemberInput,
  removeMemberInput,
  type UpdateMemberRoleInput,
  updateMemberRoleInput,
} from './member.input.ts';
import { type Actor, checkActOn, checkDeparture, checkHandOut, checkRoleChange } from './member.rules.ts';
import { insertMember, type NewMember } from './membership.ts';

export interface MemberService {
  /** Makes the person behind an address a member, also one who has left. */
  add(cx: ServiceContext, input: AddMemberInput): Promise<{ memberId: string; replayed: boolean }>;
  updateRole(cx: ServiceContext, input: UpdateMemberRoleInput): Promise<{ memberId: string }>;
  /** Ends a membership, another's or one's own, and revokes the API keys that came with it. */
  remove(cx: ServiceContext, input: RemoveMemberInput): Promise<{ memberId: string }>;
}

export interface MemberDependencies {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity'>;
}

const ALREADY_A_MEMBER = 'Somebody with this address is a member of the organization already.';

export function createMemberService({ preTenant }: MemberDependencies): MemberService {
  return { add: (cx, input) => add(cx, preTenant, input), updateRole, remove };
}

function actorOf(cx: ServiceContext): Actor {
  return { role: requireTenant(cx).role, permissions: cx.principal.permissions };
}

async function add(
  cx: ServiceContext,
  preTenant: MemberDependencies['preTenant'],
  input: AddMemberInput,
): Promise<{ memberId: string; replayed: boolean }> {
  requirePermission(cx, 'member:write');
  const { idempotencyKey, ...fields } = parseInput(addMemberInput, input);
  checkHandOut(actorOf(cx), fields.role);
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
  const { result, replayed } = await refuseDuplicate(ALREADY_A_MEMBER, () =>
    cx.db.$transaction((tx) =>
      recordOnce(tx, cx, request, async () => {
        await requireStanding(tx, cx);
        return join(tx, { orgId, userId, email, name, role, joinedAt: now });
      }),
    ),
  );
  cx.accessChanged({ kind: 'user', id: userId });
  return { ...result, replayed };
}

/** The membership of somebody new, or of somebody who comes back: a person has one row in an organization. */
async function join(tx: TenantTransaction, member: NewMember): Promise<Recorded<{ memberId: string }>> {
  const { orgId, userId, email, name, role, joinedAt } = member;
  const live = await tx.membership.findFirst({ where: { orgId, email, status: { not: 'left' } }, select: { id: true } });
  if (live !== null) throw new ConflictError(ALREADY_A_MEMBER);
  const former = await tx.membership.findFirst({ where: { orgId, userId }, select: { id: true } });
  if (former === null) {
    const memberId = await insertMember(tx, member);
    return { result: { memberId }, events: [memberAdded(memberId, role, false)] };
  }
  const { count } = await tx.membership.updateMany({
    where: { orgId, id: former.id, status: 'left' },
    data: { email, name, role, status: 'active', joinedAt, leftAt: null },
  });
  // The person is here under another address, or somebody else has brought the person back in the meantime.
  if (count === 0) throw new ConflictError(ALREADY_A_MEMBER);
  // Nothing that the person could do before comes back, not even a key that was made while the person was leaving.
  const keyIds = await revokeKeys(tx, { orgId, userId, status: 'active' }, joinedAt);
  return { result: { memberId: former.id }, events: [memberAdded(former.id, role, true), ...keyIds.map(keyEnded(former.id))] };
}

async function updateRole(cx: ServiceContext, input: UpdateMemberRoleInput): Promise<{ memberId: string }> {
  requirePermission(cx, 'member:write');
  const { id, role } = parseInput(updateMemberRoleInput, input);
  const memberId = requireUuid('Member', id);
  const { orgId } = requireTenant(cx);
  const userId = await cx.db.$transaction(async (tx) => {
    await requireStanding(tx, cx);
    const member = await lockMember(tx, orgId, memberId);
    if (member.userId === cx.principal.userId) throw new ForbiddenError('You cannot change your own role.');
    checkRoleChange(actorOf(cx), member.role, role);
    const changes = changesOf({ role: member.role }, { role });
    if (changes !== null) {
      await tx.membership.updateMany({ where: { orgId, id: memberId }, data: { role } });
      await record(tx, cx, { kind: memberEvents.roleChanged, about: { type: 'Member', id: memberId }, data: changes });
    }
    return member.userId;
  });
  cx.accessChanged({ kind: 'user', id: userId });
  return { memberId };
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
    const member = await lockMember(tx, orgId, memberId);
    if (!leaving) checkActOn(actorOf(cx), member.role);
    checkDeparture(member.role);
    await tx.membership.updateMany({ where: { orgId, id: memberId }, data: { status: 'left', leftAt: now } });
    const keyIds = await revokeKeysOf(tx, orgId, { ...member, id: memberId }, now);
    await record(tx, cx, memberGone(memberId, member, leaving), ...keyIds.map(keyEnded(memberId)));
    return { userId: member.userId, keyIds };
  });
  cx.accessChanged({ kind: 'user', id: userId });
  for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
  return { memberId };
}

/** Ends the member's own keys, and those the member made for others: whoever made a key has seen its secret. */
async function revokeKeysOf(
  tx: TenantTransaction,
  orgId: string,
  member: { id: string; userId: string },
  now: Date,
): Promise<string[]> {
  return revokeKeys(tx, { orgId, status: 'active', OR: [{ userId: member.userId }, { issuedById: member.id }] }, now);
}

interface KeyChoice {
  readonly orgId: string;
  readonly status: 'active';
  readonly userId?: string;
  readonly OR?: ({ userId: string } | { issuedById: string })[];
}

/** Revokes what is chosen, and answers which keys that were. */
async function revokeKeys(tx: TenantTransaction, where: KeyChoice, now: Date): Promise<string[]> {
  const keys = await tx.apiKey.findMany({ where, select: { id: true } });
  await tx.apiKey.updateMany({ where, data: { status: 'revoked', revokedAt: now } });
  return keys.map(({ id }) => id);
}

/** The member, unchanged until the transaction ends. Throws NOT_FOUND also for one who has left. */
async function lockMember(
  tx: TenantTransaction,
  orgId: string,
  id: string,
): Promise<{ userId: string; role: OrganizationRole; status: string }> {
  await tx.$queryRaw`
    SELECT id FROM iam.memberships WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const where = { orgId, id, status: { not: 'left' as const } };
  const member = await tx.membership.findFirst({ where, select: { userId: true, role: true, status: true } });
  if (member === null) throw notFound('Member');
  return member;
}
