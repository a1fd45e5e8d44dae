import type { Transfer } from '../../domains/identity/index.ts';
import { ConflictError } from '../../kernel/errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CHANGE_ERRORS } from '../errors.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { MemberType } from './member.ts';

const TransferOwnershipInput = builder.inputType('TransferOwnershipInput', {
  description: 'Whom to hand the organization over to.',
  fields: (t) => ({ memberId: t.id({ required: true, description: 'An active member.' }) }),
});

const TransferOwnershipSuccess = builder.objectRef<Transfer>('TransferOwnershipSuccess').implement({
  description: 'The organization has another owner.',
  tenant: 'scoped',
  access: 'member:read',
  fields: (t) => ({
    previousOwner: t.prismaField({
      type: MemberType,
      description: 'Who owned it: an administrator now.',
      resolve: (query, { previousOwnerId }, _args, { db }) => orNotFound(db.membership.findFirst(byId(query, previousOwnerId)), 'Member'),
    }),
    owner: t.prismaField({
      type: MemberType,
      description: 'Who owns it now.',
      resolve: (query, { ownerId }, _args, { db }) => orNotFound(db.membership.findFirst(byId(query, ownerId)), 'Member'),
    }),
  }),
});

builder.mutationField('transferOwnership', (t) =>
  t.field({
    type: TransferOwnershipSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'organization:delete',
    stepUp: true,
    description: 'Hands the organization over to another active member. Who owned it becomes an administrator. There is exactly one owner at every moment.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: TransferOwnershipInput, required: true, description: 'To whom.' }) },
    resolve: (_root, { input }, context) => context.services.members.transferOwnership(serviceContext(context), input),
  }),
);

const LeaveOrganizationSuccess = builder.objectRef<{ organizationId: string }>('LeaveOrganizationSuccess').implement({
  description: 'You are no longer a member of the organization, and the API keys that you had or made there are revoked.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    organizationId: t.id({ description: 'Which one it was.', resolve: ({ organizationId }) => toGlobalId('Organization', organizationId) }),
  }),
});

builder.mutationField('leaveOrganization', (t) =>
  t.field({
    type: LeaveOrganizationSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Ends your own membership in the organization of this request. For people, not for API keys. The owner cannot leave before handing the organization over.',
    errors: { types: [ConflictError] },
    resolve: (_root, _args, context) => context.services.members.leave(serviceContext(context)),
  }),
);
