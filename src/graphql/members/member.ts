import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { resolveList } from '../connections/fields.ts';
import { connectionType, pageArguments } from '../connections/types.ts';
import { choice, comparisons, DateTimeFilter, OrderDirection, where } from '../filters.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';

export const OrganizationRoleEnum = builder.enumType('OrganizationRole', {
  description: 'What a member may do, from the weakest to the strongest.',
  values: {
    VIEWER: { value: 'viewer', description: 'Reads.' },
    CUSTOMER: { value: 'customer', description: 'Reads and runs workflows.' },
    MEMBER: { value: 'member', description: 'Reads, writes and runs workflows.' },
    MANAGER: { value: 'manager', description: 'Everything with workflows; manages customers and viewers, and API keys.' },
    ADMIN: { value: 'admin', description: 'Everything but deleting the organization or handing it over.' },
    OWNER: { value: 'owner', description: 'Everything. There is exactly one.' },
  } as const,
});

export const MembershipStatusEnum = builder.enumType('MembershipStatus', {
  description: 'Whether a member can come in.',
  values: {
    INVITED: { value: 'invited', description: 'Asked to join.' },
    ACTIVE: { value: 'active', description: 'Can come in.' },
    SUSPENDED: { value: 'suspended', description: 'Shut out for now.' },
    LEFT: { value: 'left', description: 'No longer a member.' },
  } as const,
});

export const MemberType = builder.prismaObject('Membership', {
  name: 'Member',
  description: 'A person in this organization, with the address, name and role that the person has here.',
  tenant: 'scoped',
  access: 'member:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Member', row.id) }),
    email: t.expose('email', { type: 'EmailAddress', description: 'The address the person is known by here.' }),
    name: t.exposeString('name', { nullable: true, description: 'The name the person goes by here.' }),
    role: t.expose('role', { type: OrganizationRoleEnum, description: 'What the person may do here.' }),
    status: t.expose('status', { type: MembershipStatusEnum, description: 'Whether the person can come in.' }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', nullable: true, description: 'When the person joined.' }),
    leftAt: t.expose('leftAt', { type: 'DateTime', nullable: true, description: 'When the person left.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the membership was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

registerNode('Member', { access: 'member:read', delegate: ({ db }) => db.membership });

const MemberConnection = connectionType('Member', MemberType, 'member:read');

const RoleFilter = builder.inputType('OrganizationRoleFilter', {
  description: 'Picks by role.',
  fields: (t) => ({
    eq: t.field({ type: OrganizationRoleEnum, description: 'Exactly this.' }),
    in: t.field({ type: [OrganizationRoleEnum], description: 'One of these.' }),
  }),
});

const StatusFilter = builder.inputType('MembershipStatusFilter', {
  description: 'Picks by status.',
  fields: (t) => ({
    eq: t.field({ type: MembershipStatusEnum, description: 'Exactly this.' }),
    in: t.field({ type: [MembershipStatusEnum], description: 'One of these.' }),
  }),
});

const MemberFilter = builder.inputType('MemberFilter', {
  description: 'Which members. Everything given must hold. Without `status`, members who left are not listed.',
  fields: (t) => ({
    email: t.string({ description: 'Exactly this address, whatever the case.' }),
    role: t.field({ type: RoleFilter, description: 'By role.' }),
    status: t.field({ type: StatusFilter, description: 'By status.' }),
    createdAt: t.field({ type: DateTimeFilter, description: 'By when the membership was made.' }),
  }),
});

const MemberOrderField = builder.enumType('MemberOrderField', {
  description: 'What members are sorted by.',
  values: { CREATED_AT: { value: 'createdAt', description: 'When the membership was made.' } } as const,
});

const MemberOrder = builder.inputType('MemberOrder', {
  description: 'How members are sorted.',
  fields: (t) => ({
    field: t.field({ type: MemberOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which end first.' }),
  }),
});

builder.queryField('members', (t) =>
  t.field({
    type: MemberConnection,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:read',
    description: 'The members of this organization, those who joined last first unless asked otherwise.',
    args: {
      ...pageArguments,
      filter: t.arg({ type: MemberFilter, description: 'Which ones.' }),
      orderBy: t.arg({ type: MemberOrder, description: 'How they are sorted.' }),
    },
    resolve: (_root, args, context, info) => {
      const { email, role, status, createdAt } = args.filter ?? {};
      return resolveList(context, info, {
        field: 'Query.members',
        delegate: context.db.membership,
        args,
        sort: { column: args.orderBy?.field ?? 'createdAt', direction: args.orderBy?.direction ?? 'desc' },
        where: {
          ...where({
            email: email?.toLowerCase(),
            roleWord: choice(role),
            statusWord: choice(status),
            createdAt: comparisons(createdAt),
          }),
          // Not by the status: a condition on what is not there has no index.
          ...(!choice(status) && { leftAt: null }),
        },
      });
    },
  }),
);
