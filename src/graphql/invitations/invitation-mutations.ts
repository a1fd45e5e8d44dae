import type { Accepted } from '../../domains/invitations/index.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CHANGE_ERRORS, CREATE_ERRORS } from '../errors.ts';
import { OrganizationRoleEnum } from '../members/member.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { InvitationType } from './invitation.ts';

function invitationSuccess(name: string, description: string) {
  return builder.objectRef<{ invitationId: string }>(name).implement({
    description,
    tenant: 'scoped',
    access: 'member:write',
    fields: (t) => ({
      invitation: t.prismaField({
        type: InvitationType,
        description: 'The invitation as it is now.',
        // Prisma's types list the column with the hash, which nobody can read.
        resolve: (query, { invitationId }, _args, { db }) =>
          orNotFound(db.invitation.findFirst(byId(query, invitationId)), 'Invitation') as Promise<never>,
      }),
    }),
  });
}

const InviteMemberInput = builder.inputType('InviteMemberInput', {
  description: 'Whom to invite.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address that the invitation is sent to, at most 254 characters.' }),
    name: t.string({ description: 'The name the person shall go by here, at most 200 characters.' }),
    role: t.field({ type: OrganizationRoleEnum, required: true, description: 'What the person may do: a role below your own.' }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours invites nobody a second time.' }),
  }),
});

builder.mutationField('inviteMember', (t) =>
  t.field({
    type: invitationSuccess('InviteMemberSuccess', 'The invitation is on its way by mail.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Invites a person by mail, with a token that works for 7 days, once. It looks the same whether the address is known elsewhere or not. RATE_LIMITED after 20 mails of an organization within an hour, and after one a minute or ten a day to the same address. An address that all organizations together have sent 20 within a day gets the first of each organization and no more: send it anew on another day. For a person it takes a recent proof to be there to invite a MANAGER or an ADMIN: STEP_UP_REQUIRED.',
    errors: { types: CREATE_ERRORS },
    args: { input: t.arg({ type: InviteMemberInput, required: true, description: 'Whom.' }) },
    resolve: (_root, { input }, context) => context.services.invitations.invite(serviceContext(context), input),
  }),
);

const ResendInvitationInput = builder.inputType('ResendInvitationInput', {
  description: 'Which invitation to send anew.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The invitation.' }) }),
});

builder.mutationField('resendInvitation', (t) =>
  t.field({
    type: invitationSuccess('ResendInvitationSuccess', 'The invitation is on its way again, with another token.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Sends an invitation anew: with another token for 7 days from now on, and the one that was sent before is void. 20 times at most, and as often as inviteMember says. Whoever sends it anew has invited from then on: it needs the right to give that role, and what inviteMember asks for.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: ResendInvitationInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.invitations.resend(serviceContext(context), input),
  }),
);

const RevokeInvitationInput = builder.inputType('RevokeInvitationInput', {
  description: 'Which invitation to take back.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The invitation.' }) }),
});

builder.mutationField('revokeInvitation', (t) =>
  t.field({
    type: invitationSuccess('RevokeInvitationSuccess', 'The invitation is void.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member:write',
    description: 'Takes an invitation back: its token is void. To take it back again changes nothing.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: RevokeInvitationInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.invitations.revoke(serviceContext(context), input),
  }),
);

const AcceptInvitationInput = builder.inputType('AcceptInvitationInput', {
  description: 'How to join an organization.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'What was sent by mail. It begins with "ti_".' }),
    password: t.string({ description: 'The password to sign in with from now on, 8 to 128 characters: for whoever has no account yet. Without an account it is required; whoever is signed in needs none.' }),
    name: t.string({ description: 'The name to go by in the organization, at most 200 characters. The one of the invitation when not given.' }),
    cookie: t.boolean({ description: 'Also set the tokens as HttpOnly cookies, for browsers, when a session is opened. False when not given.' }),
  }),
});

const AcceptInvitationSuccess = builder.objectRef<Accepted>('AcceptInvitationSuccess').implement({
  description: 'The person is a member now. Whoever has joined with a new password is signed in; for whoever was signed in the tokens are null, and that session goes on.',
  tenant: 'global',
  access: 'public',
  fields: (t) => ({
    organizationId: t.id({ description: 'The organization: send it as X-Organization-Id to work in it.', resolve: ({ organizationId }) => toGlobalId('Organization', organizationId) }),
    memberId: t.id({ description: "The person's membership in it.", resolve: ({ memberId }) => toGlobalId('Member', memberId) }),
    accessToken: t.string({ nullable: true, description: 'Send it as "Authorization: Bearer ...". It begins with "ta_".', resolve: ({ session }) => session?.accessToken }),
    accessExpiresAt: t.field({ type: 'DateTime', nullable: true, description: 'When the access token stops working.', resolve: ({ session }) => session?.accessExpiresAt }),
    refreshToken: t.string({ nullable: true, description: 'Trade it once for a new pair with refreshSession. It begins with "tr_".', resolve: ({ session }) => session?.refreshToken }),
    refreshExpiresAt: t.field({ type: 'DateTime', nullable: true, description: 'When the refresh token stops working.', resolve: ({ session }) => session?.refreshExpiresAt }),
  }),
});

builder.mutationField('acceptInvitation', (t) =>
  t.field({
    type: AcceptInvitationSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    // Whoever joins may have no account yet: the token is what opens the door.
    access: 'public',
    description: 'Joins an organization by the token of an invitation: as the person signed in, whose address must be the invited one, or with a new password where the address has no account, which opens a session. It is decided as a whole: where nobody joins no password is set. VALIDATION_FAILED, with one text, whatever is wrong with the token.',
    errors: { types: CREATE_ERRORS },
    args: { input: t.arg({ type: AcceptInvitationInput, required: true, description: 'How.' }) },
    resolve: async (_root, { input: { cookie, ...input } }, context) => {
      const accepted = await context.services.invitations.accept(context, input);
      if (cookie && accepted.session) context.response.setSessionCookies(accepted.session);
      return accepted;
    },
  }),
);
