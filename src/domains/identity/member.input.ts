import { z } from 'zod';
import { ORGANIZATION_ROLES } from '../../kernel/permissions.ts';
import { emailAddress, globalId, idempotencyKey, line, optional } from '../input-fields.ts';

export const personName = line(1, 200);

export const addMemberInput = z.strictObject({
  email: emailAddress,
  name: optional(personName),
  role: z.enum(ORGANIZATION_ROLES),
  idempotencyKey,
});

export const updateMemberRoleInput = z.strictObject({ id: globalId, role: z.enum(ORGANIZATION_ROLES) });
export const removeMemberInput = z.strictObject({ id: globalId });
export const transferOwnershipInput = z.strictObject({ memberId: globalId });

/** What one request may change: each is locked until all are done. */
const AT_ONCE = 100;
const TWICE = 'must name each member once';
/** An id has one form. */
const areDifferent = (ids: readonly string[]): boolean => new Set(ids).size === ids.length;
export const memberIdsInput = z.strictObject({ ids: z.array(globalId).min(1).max(AT_ONCE).refine(areDifferent, TWICE) });
export const updateMemberRolesInput = z.strictObject({
  changes: z.array(updateMemberRoleInput).min(1).max(AT_ONCE).refine((changes) => areDifferent(changes.map(({ id }) => id)), TWICE),
});

export type AddMemberInput = z.input<typeof addMemberInput>;
export type UpdateMemberRoleInput = z.input<typeof updateMemberRoleInput>;
export type RemoveMemberInput = z.input<typeof removeMemberInput>;
export type TransferOwnershipInput = z.input<typeof transferOwnershipInput>;
export type MemberIdsInput = z.input<typeof memberIdsInput>;
export type UpdateMemberRolesInput = z.input<typeof updateMemberRolesInput>;
