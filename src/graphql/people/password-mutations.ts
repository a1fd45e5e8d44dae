import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';
import { SecondFactorRequired } from '../sessions/second-factor-required.ts';
import { sessionSuccess } from '../sessions/session-mutations.ts';
import { sentSuccess } from './sent-success.ts';

const RequestPasswordResetInput = builder.inputType('RequestPasswordResetInput', {
  description: 'Who has forgotten the password.',
  fields: (t) => ({ email: t.string({ required: true, description: 'The address.' }) }),
});

builder.mutationField('requestPasswordReset', (t) =>
  t.field({
    type: sentSuccess('RequestPasswordResetSuccess', 'A mail is on its way, if anybody has the address: the answer is the same for every address.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Sends a link for a new password, which works for 2 hours: at most once a minute and 5 times an hour. RATE_LIMITED after 5 attempts from one network within a minute, with whatever address.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: RequestPasswordResetInput, required: true, description: 'Who.' }) },
    resolve: (_root, { input: { email } }, context) =>
      noted(context, 'requestPasswordReset', () => context.services.people.requestPasswordReset({ email }, context.origin), () => null),
  }),
);

const ResetPasswordInput = builder.inputType('ResetPasswordInput', {
  description: 'What sets a new password.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'The token of the mail. It begins with "tp_".' }),
    password: t.string({ required: true, description: '8 to 128 characters that are not easy to guess; of which kind does not matter.' }),
    cookie: t.boolean({ description: 'Also set the tokens as HttpOnly cookies, for browsers. False when not given.' }),
  }),
});

builder.mutationField('resetPassword', (t) =>
  t.field({
    type: sessionSuccess('ResetPasswordSuccess', 'The password is set, every other session has ended, the address is not locked any more, and a session was opened.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Sets a new password with the token of a mail, ends every session of the person and opens one, whether signing in is locked or not. For a person with a second factor the password is set too, and the answer is SecondFactorRequired.',
    errors: { types: [ValidationError, SecondFactorRequired] },
    args: { input: t.arg({ type: ResetPasswordInput, required: true, description: 'The token and the new password.' }) },
    resolve: async (_root, { input: { token, password, cookie } }, context) => {
      const reset = () => context.services.people.resetPassword({ token, password }, context.origin);
      const opened = await noted(context, 'resetPassword', reset, ({ userId }) => userId);
      if (!('accessToken' in opened)) throw new SecondFactorRequired(opened);
      if (cookie) context.response.setSessionCookies(opened);
      return opened;
    },
  }),
);

const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  description: 'The password and the one that is to take its place.',
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: 'The password now. After 5 wrong ones none is taken for 15 minutes, twice as long each further time.' }),
    newPassword: t.string({ required: true, description: '8 to 128 characters that are not easy to guess; of which kind does not matter.' }),
  }),
});

const ChangePasswordSuccess = builder.objectRef<{ sessionsEnded: number }>('ChangePasswordSuccess').implement({
  description: 'The password is another one, and the other sessions have ended.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({ sessionsEnded: t.exposeInt('sessionsEnded', { description: 'How many other sessions have ended.' }) }),
});

builder.mutationField('changePassword', (t) =>
  t.field({
    type: ChangePasswordSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'authenticated',
    description: 'Sets another password for the caller, and ends every session but this one. FORBIDDEN for an API key.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: ChangePasswordInput, required: true, description: 'Both passwords.' }) },
    resolve: (_root, { input: { currentPassword, newPassword } }, context) => {
      const cx = serviceContext(context);
      const change = () => context.services.people.changePassword(cx, { currentPassword, newPassword });
      return noted(context, 'changePassword', change, () => cx.principal.userId);
    },
  }),
);
