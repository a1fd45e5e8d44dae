import { ConflictError } from '../../kernel/errors.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { Recorded } from '../events/index.ts';
import { memberAdded } from './events.ts';
import { endKeysOf } from './end-membership.ts';
import { insertMember, type NewMember } from './membership.ts';

export const ALREADY_A_MEMBER = 'Somebody with this address is a member of the organization already.';

/** The membership of somebody new, or of somebody who comes back: a person has one row in an organization. */
export async function join(tx: TenantTransaction, member: NewMember): Promise<Recorded<{ memberId: string }>> {
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
  const ended = await endKeysOf(tx, orgId, { id: former.id, userId }, joinedAt);
  return { result: { memberId: former.id }, events: [memberAdded(former.id, role, true), ...ended.events] };
}
