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

export type AddMemberInput = z.input<typeof addMemberInput>;
export type UpdateMemberRoleInput = z.input<typeof updateMemberRoleInput>;
export type RemoveMemberInput = z.input<typeof removeMemberInput>;
