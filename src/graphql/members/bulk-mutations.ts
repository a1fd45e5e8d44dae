import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import type { MemberChange } from '../../domains/identity/index.ts';
import { type AppError, ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { type GraphQLContext, orgIdOf, serviceContext } from '../context.ts';
import { ErrorInterface } from '../errors.ts';
import { byIds } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { MemberType, OrganizationRoleEnum } from './member.ts';

/** A failure as data. No Error: what a resolver returns as one is taken for thrown. */
const MemberChangeError = builder.objectRef<Pick<AppError, 'code' | 'message'>>('MemberChangeError').implement({
  description: 'Why nothing was changed of one of several members: what a change of it alone would have been refused with.',
  tenant: 'global',
  access: 'public',
  interfaces: [ErrorInterface],
});

const MemberChangeResult = builder.objectRef<MemberChange>('MemberChangeResult').implement({
  description: 'What became of one of several members.',
  tenant: 'scoped',
  access: 'member:write',
  fields: (t) => ({
    memberId: t.id({ description: 'Which one, as it was sent.', resolve: ({ memberId }) => memberId }),
    member: t.prismaField({
      type: MemberType,
      nullable: true,
      description: 'The member as it is now, changed or not; null when there is none.',
      resolve: (query, { foundId }, _args, context, info) => (foundId === null ? null : memberOf(context, info, query, foundId)),
    }),
    error: t.field({
      type: MemberChangeError,
      nullable: true,
      description: 'Why nothing was changed of this one; null when it is as asked for.',
      resolve: ({ error }) => error && { code: error.code, message: error.message },
    }),
  }),
});

/** One statement for the members of all results, whose fields they are asked for with once. */
function memberOf(context: GraphQLContext, info: GraphQLResolveInfo, query: object, id: string): Promise<MemberRow | null> {
  const read = async (_orgId: string, ids: readonly string[]): Promise<(MemberRow | null)[]> => {
    const rows = await context.db.membership.findMany(byIds(query, ids));
    return ids.map((each) => rows.find((row) => row.id === each) ?? null);
  };
  // Each place of the document selects for itself.
  const place = responsePathAsArray(info.path).filter((part) => typeof part === 'string').join('.');
  return context.loaders.load(`member of ${place}`, read, orgIdOf(context), id);
}

type MemberRow = Awaited<ReturnType<GraphQLContext['db']['membership']['findMany']>>[number];

type Changes = { readonly changes: readonly MemberChange[] };

function bulkSuccess(name: string, description: string) {
  return builder.objectRef<Changes>(name).implement({
    description,
    tenant: 'scoped',
    access: 'member:write',
    fields: (t) => ({
      results: t.field({
        type: [MemberChangeResult],
        description: 'What became of each, in the order in which they were sent.',
        resolve: ({ changes }) => changes,
      }),
      members: t.prismaField({
        type: [MemberType],
        description: 'Those that are as asked for, as they are now.',
        resolve: (query, { changes }, _args, { db }) => {
          const ids = changes.map(({ foundId, error }) => (error === null ? foundId : null)).filter((id) => id !== null);
          return db.membership.findMany({ ...byIds(query, ids), orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
        },
      }),
    }),
  });
}

const idsField = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({ ids: t.idList({ required: true, description: 'The members: 1 to 100, each once.' }) }),
  });

builder.mutationField('suspendMembers', (t) =>
  t.field({
    type: bulkSuccess('SuspendMembersSuccess', 'Those who could be are shut out, with their API keys.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Shuts several members out for now: they and their API keys are answered USER_NOT_ACTIVE from the next request on. Each by the rules for one; what cannot be done of one keeps no other from being done. For a person it takes a recent proof to be there: STEP_UP_REQUIRED.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: idsField('SuspendMembersInput', 'Whom to shut out.'), required: true, description: 'Whom.' }) },
    resolve: async (_root, { input }, context) => ({ changes: await context.services.members.suspendMany(serviceContext(context), input) }),
  }),
);

builder.mutationField('activateMembers', (t) =>
  t.field({
    type: bulkSuccess('ActivateMembersSuccess', 'Those who could be are let in again.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Lets several members in again who were shut out, with their API keys.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: idsField('ActivateMembersInput', 'Whom to let in again.'), required: true, description: 'Whom.' }) },
    resolve: async (_root, { input }, context) => ({ changes: await context.services.members.activateMany(serviceContext(context), input) }),
  }),
);

builder.mutationField('removeMembers', (t) =>
  t.field({
    type: bulkSuccess('RemoveMembersSuccess', 'Those who could be are no longer members, and the API keys that they had or made here are revoked.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Takes several people out of this organization, each as removeMember does. For a person it takes a recent proof to be there: STEP_UP_REQUIRED.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: idsField('RemoveMembersInput', 'Who is to leave.'), required: true, description: 'Who.' }) },
    resolve: async (_root, { input }, context) => ({ changes: await context.services.members.removeMany(serviceContext(context), input) }),
  }),
);

const MemberRoleChange = builder.inputType('MemberRoleChange', {
  description: "One member's new role.",
  fields: (t) => ({
    id: t.id({ required: true, description: 'The member.' }),
    role: t.field({ type: OrganizationRoleEnum, required: true, description: 'The new role: below your own, as the present one must be.' }),
  }),
});

const UpdateMemberRolesInput = builder.inputType('UpdateMemberRolesInput', {
  description: 'New roles of several members.',
  fields: (t) => ({ changes: t.field({ type: [MemberRoleChange], required: true, description: 'Who, and what: 1 to 100, each member once.' }) }),
});

builder.mutationField('updateMemberRoles', (t) =>
  t.field({
    type: bulkSuccess('UpdateMemberRolesSuccess', 'Those who could be have their new roles.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Changes what several members may do, each as updateMemberRole does. For a person it takes a recent proof to be there to make somebody a MANAGER or an ADMIN: STEP_UP_REQUIRED.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: UpdateMemberRolesInput, required: true, description: 'Who, and what.' }) },
    resolve: async (_root, { input }, context) => ({ changes: await context.services.members.updateRoles(serviceContext(context), input) }),
  }),
);
