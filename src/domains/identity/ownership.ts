import { ConflictError } from '../../kernel/errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { record } from '../events/index.ts';
import { type Mailing, ownershipMail } from '../mails/index.ts';
import { lockOrganization } from '../organizations/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireStanding } from '../require-standing.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { changeRole } from './change-role.ts';
import { memberEvents } from './events.ts';
import type { LockedMember } from './lock-members.ts';
import { type TransferOwnershipInput, transferOwnershipInput } from './member.input.ts';

/** Who owned an organization, and who does now: ids of members. */
export interface Transfer {
  readonly previousOwnerId: string;
  readonly ownerId: string;
}

/**
 * Hands an organization over. At every moment it has exactly one owner: transfers wait for each other at the organization's
 * row, the former owner steps down first, and whoever takes over is kept from leaving meanwhile.
 */
export async function transferOwnership(cx: ServiceContext, { mailer, mails }: Mailing, input: TransferOwnershipInput): Promise<Transfer> {
  requirePermission(cx, 'organization:delete');
  const { orgId } = requireTenant(cx);
  const ownerId = requireUuid('Member', parseInput(transferOwnershipInput, input).memberId);
  const now = cx.clock.now();
  const { previous, next, organization, keyIds } = await cx.db.$transaction(async (tx) => {
    const organization = (await lockOrganization(tx, orgId)).name;
    // The owner before the others, as everybody locks their own standing first.
    const previous = await lockOwner(tx, orgId);
    await requireStanding(tx, cx);
    const next = await lockAny(tx, orgId, ownerId);
    if (next.id === previous.id) throw new ConflictError('This member owns the organization already.');
    if (next.status !== 'active') throw new ConflictError('Only an active member can take the organization over: activate this one first.');
    const steppedDown = await changeRole(tx, orgId, previous, 'admin', now);
    const takenOver = await changeRole(tx, orgId, next, 'owner', now);
    const data = { before: { owner: toGlobalId('Member', previous.id) }, after: { owner: toGlobalId('Member', next.id) } };
    const members = [previous, next].map(({ id }) => ({ type: 'Member' as const, id }));
    const changed = { kind: memberEvents.ownerChanged, about: { type: 'Organization' as const, id: orgId }, concerning: members, data };
    await record(tx, cx, changed, ...steppedDown.events, ...takenOver.events);
    return { previous, next, organization, keyIds: steppedDown.keyIds };
  });
  for (const { email, id } of [previous, next]) mailer.send(ownershipMail(mails, { to: email, organization, isOwner: id === next.id }));
  for (const { userId } of [previous, next]) cx.accessChanged({ kind: 'user', id: userId });
  for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
  return { previousOwnerId: previous.id, ownerId: next.id };
}

interface Party extends LockedMember {
  readonly email: string;
}

const PARTY = { id: true, userId: true, email: true, role: true, status: true } as const;

/** The organization is locked, so that nobody else becomes its owner now. */
async function lockOwner(tx: TenantTransaction, orgId: string): Promise<Party> {
  const where = { orgId, role: 'owner' as const, leftAt: null };
  const owner = await tx.membership.findFirst({ where, select: { id: true } });
  if (owner === null) throw notFound('Member');
  return lockAny(tx, orgId, owner.id);
}

async function lockAny(tx: TenantTransaction, orgId: string, id: string): Promise<Party> {
  await tx.$queryRaw`SELECT id FROM iam.memberships WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const member = await tx.membership.findFirst({ where: { orgId, id, leftAt: null }, select: PARTY });
  if (member === null) throw notFound('Member');
  return member;
}
