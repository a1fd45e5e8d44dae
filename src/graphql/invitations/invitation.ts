import { type InvitationStatus, invitationStatus } from '../../domains/invitations/index.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { allOf, resolveList } from '../connections/fields.ts';
import { connectionType, pageArguments } from '../connections/types.ts';
import { comparisons, DateTimeFilter, OrderDirection, where } from '../filters.ts';
import { MemberType, OrganizationRoleEnum } from '../members/member.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';

export const InvitationStatusEnum = builder.enumType('InvitationStatus', {
  description: 'Where an invitation stands.',
  values: {
    PENDING: { value: 'pending', description: 'It can be accepted.' },
    ACCEPTED: { value: 'accepted', description: 'Whoever was invited has joined.' },
    REVOKED: { value: 'revoked', description: 'It was taken back.' },
    EXPIRED: { value: 'expired', description: 'It is too old; it can be sent anew.' },
  } as const,
});

const TIMES = { acceptedAt: true, revokedAt: true, expiresAt: true } as const;

export const InvitationType = builder.prismaObject('Invitation', {
  description: 'Somebody who was asked to join this organization. What was sent to join with can be read by nobody.',
  tenant: 'scoped',
  access: 'member:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Invitation', row.id) }),
    email: t.expose('email', { type: 'EmailAddress', description: 'The address that it was sent to.' }),
    name: t.exposeString('name', { nullable: true, description: 'The name that the person will go by here, unless the person gives another one.' }),
    role: t.expose('role', { type: OrganizationRoleEnum, description: 'What the person will be allowed to do.' }),
    status: t.field({
      type: InvitationStatusEnum,
      description: 'Where it stands now.',
      select: TIMES,
      resolve: (times, _args, { clock }) => invitationStatus(times, clock.now()),
    }),
    invitedBy: t.relation('invitedBy', { type: MemberType, description: 'The member who has invited: without that member it is void.' }),
    sentCount: t.exposeInt('sentCount', { description: 'How often it was sent: 20 times at most.' }),
    sentAt: t.expose('sentAt', { type: 'DateTime', description: 'When it was last sent.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it can be accepted: 7 days after it was last sent.' }),
    acceptedAt: t.expose('acceptedAt', { type: 'DateTime', nullable: true, description: 'When it was accepted.' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, description: 'When it was taken back.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the person was invited.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

registerNode('Invitation', { access: 'member:read', delegate: ({ db }) => db.invitation });

const InvitationConnection = connectionType('Invitation', InvitationType, 'member:read');

const StatusFilter = builder.inputType('InvitationStatusFilter', {
  description: 'Picks by status.',
  fields: (t) => ({
    eq: t.field({ type: InvitationStatusEnum, description: 'Exactly this.' }),
    in: t.field({ type: [InvitationStatusEnum], description: 'One of these.' }),
  }),
});

const InvitationFilter = builder.inputType('InvitationFilter', {
  description: 'Which invitations. Everything given must hold.',
  fields: (t) => ({
    status: t.field({ type: StatusFilter, description: 'By where it stands now.' }),
    createdAt: t.field({ type: DateTimeFilter, description: 'By when the person was invited.' }),
  }),
});

const InvitationOrderField = builder.enumType('InvitationOrderField', {
  description: 'What invitations are sorted by.',
  values: { CREATED_AT: { value: 'createdAt', description: 'When the person was invited.' } } as const,
});

const InvitationOrder = builder.inputType('InvitationOrder', {
  description: 'How invitations are sorted.',
  fields: (t) => ({
    field: t.field({ type: InvitationOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which end first.' }),
  }),
});

/** A status is no column, because time alone changes it. */
function standing(status: InvitationStatus, now: Date): Record<string, unknown> {
  switch (status) {
    case 'accepted':
      return { acceptedAt: { not: null } };
    case 'revoked':
      return { revokedAt: { not: null } };
    case 'pending':
      return { acceptedAt: null, revokedAt: null, expiresAt: { gt: now } };
    case 'expired':
      return { acceptedAt: null, revokedAt: null, expiresAt: { lte: now } };
  }
}

type StatusChoice = { eq?: InvitationStatus | null | undefined; in?: readonly InvitationStatus[] | null | undefined };

function standsAs(filter: StatusChoice | null | undefined, now: Date): Record<string, unknown> {
  const { eq, in: some } = filter ?? {};
  if (!eq && !some) return {};
  const chosen = some && eq ? some.filter((status) => status === eq) : (some ?? [eq!]);
  // An OR of nothing is no condition, and here it is one that nothing meets.
  return chosen.length === 0 ? { id: { in: [] } } : { OR: [...new Set(chosen)].map((status) => standing(status, now)) };
}

builder.queryField('invitations', (t) =>
  t.field({
    type: InvitationConnection,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:read',
    description: 'The invitations of this organization, the newest first unless asked otherwise.',
    args: {
      ...pageArguments,
      filter: t.arg({ type: InvitationFilter, description: 'Which ones.' }),
      orderBy: t.arg({ type: InvitationOrder, description: 'How they are sorted.' }),
    },
    resolve: (_root, args, context, info) => {
      const { status, createdAt } = args.filter ?? {};
      return resolveList(context, info, {
        field: 'Query.invitations',
        delegate: context.db.invitation,
        args,
        sort: { column: args.orderBy?.field ?? 'createdAt', direction: args.orderBy?.direction ?? 'desc' },
        where: allOf(where({ createdAt: comparisons(createdAt) }), standsAs(status, context.clock.now())),
      });
    },
  }),
);
