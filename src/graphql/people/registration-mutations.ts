import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';
import { sessionSuccess } from '../sessions/session-mutations.ts';
import { sentSuccess } from './sent-success.ts';

const RegisterInput = builder.inputType('RegisterInput', {
  description: 'Who registers.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address. A mail with a link is sent to it.' }),
    password: t.string({ required: true, description: '8 to 128 characters that are not easy to guess; of which kind does not matter.' }),
    name: t.string({ description: 'What the person is called.' }),
  }),
});

builder.mutationField('register', (t) =>
  t.field({
    type: sentSuccess('RegisterSuccess', 'A mail is on its way, if the address can be registered: the answer is the same for every address.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Registers a person, who then confirms the address with verifyEmail within 24 hours. The answer tells nothing of whether anybody has the address: the mail does. RATE_LIMITED after 5 attempts with one address or from one network within a minute.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: RegisterInput, required: true, description: 'Who.' }) },
    resolve: (_root, { input: { email, password, name } }, context) =>
      noted(context, 'register', () => context.services.people.register({ email, password, name }, context.origin), () => null),
  }),
);

const VerifyEmailInput = builder.inputType('VerifyEmailInput', {
  description: 'What proves an address.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'The token of the mail. It begins with "tv_".' }),
    password: t.string({ required: true, description: 'The password that was chosen with this registration.' }),
    cookie: t.boolean({ description: 'Also set the tokens as HttpOnly cookies, for browsers. False when not given.' }),
  }),
});

builder.mutationField('verifyEmail', (t) =>
  t.field({
    type: sessionSuccess('VerifyEmailSuccess', 'The address is proved, the password works, and a session was opened.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Confirms the address of a registration and opens a session. The token works once, for 24 hours and 10 attempts. UNAUTHENTICATED for another password than was chosen.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: VerifyEmailInput, required: true, description: 'The token and the password.' }) },
    resolve: async (_root, { input: { token, password, cookie } }, context) => {
      const verify = () => context.services.people.verifyEmail({ token, password }, context.origin);
      const session = await noted(context, 'verifyEmail', verify, ({ userId }) => userId);
      if (cookie) context.response.setSessionCookies(session);
      return session;
    },
  }),
);

const ResendVerificationInput = builder.inputType('ResendVerificationInput', {
  description: 'Which registration.',
  fields: (t) => ({ email: t.string({ required: true, description: 'The address that was registered.' }) }),
});

builder.mutationField('resendVerification', (t) =>
  t.field({
    type: sentSuccess('ResendVerificationSuccess', 'A mail is on its way, if a registration of this address waits: the answer is the same for every address.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Sends the mail of a registration once more, with a new token: at most once a minute and 10 times a day.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: ResendVerificationInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input: { email } }, context) =>
      noted(context, 'resendVerification', () => context.services.people.resendVerification({ email }, context.origin), () => null),
  }),
);
