import { ValidationError } from '../../kernel/errors.ts';
import { type IssuedSession, overSession } from '../../domains/auth/index.ts';
import { builder } from '../builder.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from './outside.ts';
import { SecondFactorRequired } from './second-factor-required.ts';

/** The success of a mutation that signs somebody in, which may have more than the session. */
export function sessionSuccess<Session extends IssuedSession = IssuedSession>(name: string, description: string) {
  return builder.objectRef<Session>(name).implement({
    description,
    tenant: 'global',
    access: 'public',
    fields: (t) => ({
      accessToken: t.string({ description: 'Send it as "Authorization: Bearer ...". It begins with "ta_".', resolve: ({ accessToken }) => accessToken }),
      accessExpiresAt: t.field({ type: 'DateTime', description: 'When the access token stops working.', resolve: ({ accessExpiresAt }) => accessExpiresAt }),
      refreshToken: t.string({ description: 'Trade it once for a new pair with refreshSession. It begins with "tr_".', resolve: ({ refreshToken }) => refreshToken }),
      refreshExpiresAt: t.field({ type: 'DateTime', description: 'When the refresh token stops working.', resolve: ({ refreshExpiresAt }) => refreshExpiresAt }),
    }),
  });
}

const SignInInput = builder.inputType('SignInInput', {
  description: 'Who signs in.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address.' }),
    password: t.string({ required: true, description: 'The password.' }),
    cookie: t.boolean({ description: 'Also set the tokens as HttpOnly cookies, for browsers. False when not given.' }),
  }),
});

builder.mutationField('signIn', (t) =>
  t.field({
    type: sessionSuccess('SignInSuccess', 'A session was opened.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Opens a session with a password. UNAUTHENTICATED, with one text, whatever was wrong; RATE_LIMITED after 5 attempts with one address or from one network within a minute (as long as the server is not configured otherwise). After 5 wrong passwords the address is locked for 15 minutes, twice as long each further time, up to a day.',
    errors: { types: [ValidationError, SecondFactorRequired] },
    args: { input: t.arg({ type: SignInInput, required: true, description: 'Who.' }) },
    resolve: async (_root, { input }, context) => {
      const { email, password } = input;
      const signIn = () => context.services.auth.signIn({ email, password }, context.origin);
      const signedIn = await noted(context, 'signIn', signIn, ({ userId }) => userId);
      if (!('accessToken' in signedIn)) throw new SecondFactorRequired(signedIn);
      if (input.cookie) context.response.setSessionCookies(signedIn);
      return signedIn;
    },
  }),
);

const RefreshSessionInput = builder.inputType('RefreshSessionInput', {
  description: 'Which session to carry on.',
  fields: (t) => ({
    refreshToken: t.string({ description: 'The refresh token. When not given, the one in the cookie, and the cookies are set anew.' }),
  }),
});

builder.mutationField('refreshSession', (t) =>
  t.field({
    type: sessionSuccess('RefreshSessionSuccess', 'The session goes on with new tokens; the old ones are void.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Trades a refresh token for new tokens. Each works once: one that was used before, however long ago, ends the session, because somebody has copied it.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: RefreshSessionInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, context) => {
      const refreshToken = input.refreshToken ?? context.response.refreshCookie;
      if (!refreshToken) throw overSession();
      const refresh = () => context.services.auth.refresh({ refreshToken });
      const session = await noted(context, 'refreshSession', refresh, ({ userId }) => userId);
      if (!input.refreshToken) context.response.setSessionCookies(session);
      return session;
    },
  }),
);

const SignOutSuccess = builder.objectRef<{ signedOut: true }>('SignOutSuccess').implement({
  description: 'The session is over.',
  tenant: 'global',
  access: 'public',
  fields: (t) => ({ signedOut: t.exposeBoolean('signedOut', { description: 'Always true.' }) }),
});

builder.mutationField('signOut', (t) =>
  t.field({
    type: SignOutSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    // Also for somebody whose access token has run out: the refresh token in the cookie must end with it.
    access: 'public',
    description: 'Ends the session of this request, or of its refresh cookie, and takes the cookies away. VALIDATION_FAILED for an API key, which is revoked instead.',
    errors: { types: [ValidationError] },
    resolve: async (_root, _args, context) => {
      const { principal, response, services } = context;
      const signOut = async () => {
        if (principal) await services.auth.signOut(principal);
        if (response.refreshCookie) await services.auth.abandon({ refreshToken: response.refreshCookie });
      };
      await noted(context, 'signOut', signOut, () => principal?.userId ?? null);
      response.clearSessionCookies();
      return { signedOut: true as const };
    },
  }),
);
