import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';
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
    description: 'Sends a link for a new password, which works for 2 hours: at most once a minute and 10 times a day.',
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
  }),
});

const ResetPasswordSuccess = builder.objectRef<object>('ResetPasswordSuccess').implement({
  description: 'The password is set, every session has ended, and the address is not locked any more.',
  tenant: 'global',
  access: 'public',
  fields: (t) => ({ done: t.boolean({ description: 'Always true. Sign in now.', resolve: () => true }) }),
});

builder.mutationField('resetPassword', (t) =>
  t.field({
    type: ResetPasswordSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Sets a new password with the token of a mail, and ends every session of the person. No session is opened: a second factor is asked for as ever.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: ResetPasswordInput, required: true, description: 'The token and the new password.' }) },
    resolve: (_root, { input: { token, password } }, context) =>
      noted(context, 'resetPassword', () => context.services.people.resetPassword({ token, password }, context.origin), ({ userId }) => userId),
  }),
);

const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  description: 'The password and the one that is to take its place.',
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: 'The password now. A wrong one counts like one at sign-in.' }),
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
