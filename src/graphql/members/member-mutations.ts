import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CHANGE_ERRORS, CREATE_ERRORS } from '../errors.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { MemberType, OrganizationRoleEnum } from './member.ts';

const AddMemberInput = builder.inputType('AddMemberInput', {
  description: 'Whom to add to this organization.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address of the person, at most 254 characters.' }),
    name: t.string({ description: 'The name the person goes by here, at most 200 characters.' }),
    role: t.field({ type: OrganizationRoleEnum, required: true, description: 'What the person may do: a role below your own.' }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours adds nobody a second time.' }),
  }),
});

const AddMemberSuccess = builder.objectRef<{ memberId: string }>('AddMemberSuccess').implement({
  description: 'The person is a member now.',
  tenant: 'scoped',
  access: 'member:write',
  fields: (t) => ({
    member: t.prismaField({
      type: MemberType,
      description: 'The new member.',
      resolve: (query, { memberId }, _args, { db }) =>
        orNotFound(db.membership.findFirst(byId(query, memberId)), 'Member'),
    }),
  }),
});

builder.mutationField('addMember', (t) =>
  t.field({
    type: AddMemberSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Adds a person to this organization. It looks the same whether the address is known elsewhere or not. For a person it takes a recent proof to be there to add a MANAGER or an ADMIN: STEP_UP_REQUIRED.',
    errors: { types: CREATE_ERRORS },
    args: { input: t.arg({ type: AddMemberInput, required: true, description: 'Whom.' }) },
    resolve: (_root, { input }, context) => context.services.members.add(serviceContext(context), input),
  }),
);

const UpdateMemberRoleInput = builder.inputType('UpdateMemberRoleInput', {
  description: "A member's new role.",
  fields: (t) => ({
    id: t.id({ required: true, description: 'The member.' }),
    role: t.field({ type: OrganizationRoleEnum, required: true, description: 'The new role: below your own, as the present one must be.' }),
  }),
});

const UpdateMemberRoleSuccess = builder.objectRef<{ memberId: string }>('UpdateMemberRoleSuccess').implement({
  description: 'The member has another role now.',
  tenant: 'scoped',
  access: 'member:write',
  fields: (t) => ({
    member: t.prismaField({
      type: MemberType,
      description: 'The member as it is now.',
      resolve: (query, { memberId }, _args, { db }) =>
        orNotFound(db.membership.findFirst(byId(query, memberId)), 'Member'),
    }),
  }),
});

builder.mutationField('updateMemberRole', (t) =>
  t.field({
    type: UpdateMemberRoleSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: "Changes what a member may do. FORBIDDEN for roles that are not below one's own, and for oneself. For a person it takes a recent proof to be there to make somebody a MANAGER or an ADMIN: STEP_UP_REQUIRED.",
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: UpdateMemberRoleInput, required: true, description: 'Who, and what.' }) },
    resolve: (_root, { input }, context) => context.services.members.updateRole(serviceContext(context), input),
  }),
);

const RemoveMemberInput = builder.inputType('RemoveMemberInput', {
  description: 'Who is to leave.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The member; oneself, to leave.' }) }),
});

const RemoveMemberSuccess = builder.objectRef<{ memberId: string }>('RemoveMemberSuccess').implement({
  description: 'The person is no longer a member, and the API keys that the person had or made here are revoked.',
  tenant: 'scoped',
  access: 'member',
  fields: (t) => ({
    memberId: t.id({ description: 'Who left.', resolve: ({ memberId }) => toGlobalId('Member', memberId) }),
  }),
});

builder.mutationField('removeMember', (t) =>
  t.field({
    type: RemoveMemberSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Takes a person out of this organization, or lets oneself leave. Needs member:write for others, and of a person a recent proof to be there: STEP_UP_REQUIRED. The owner cannot leave before handing the organization over.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: RemoveMemberInput, required: true, description: 'Who.' }) },
    resolve: (_root, { input }, context) => context.services.members.remove(serviceContext(context), input),
  }),
);
