import type { CompletedSignIn, SteppedUp } from '../../domains/auth/index.ts';
import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';
import { sessionSuccess } from '../sessions/session-mutations.ts';

const CODE = 'The code that the authenticator shows: six digits. Each works once.';
const RECOVERY_CODE = 'One of the recovery codes. Each works once.';
const CODES_LEFT = 'How many recovery codes are left; null when none was used.';

const SecondFactorProofInput = builder.inputType('SecondFactorProofInput', {
  description: 'What shows a second factor: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    code: t.string({ description: CODE }),
    recoveryCode: t.string({ description: RECOVERY_CODE }),
  }),
});

const CompleteSignInInput = builder.inputType('CompleteSignInInput', {
  description: 'The second step of a sign-in.',
  fields: (t) => ({
    challengeToken: t.string({ required: true, description: 'What signIn has answered. It begins with "tc_".' }),
    proof: t.field({ type: SecondFactorProofInput, required: true, description: 'A code or a recovery code.' }),
    cookie: t.boolean({ description: 'Also set the tokens as HttpOnly cookies, for browsers. False when not given.' }),
  }),
});

const CompleteSignInSuccess = sessionSuccess<CompletedSignIn>('CompleteSignInSuccess', 'A session was opened that counts as having shown a second factor.');
builder.objectField(CompleteSignInSuccess, 'recoveryCodesLeft', (t) =>
  t.exposeInt('recoveryCodesLeft', { nullable: true, description: CODES_LEFT }),
);

builder.mutationField('completeSignIn', (t) =>
  t.field({
    type: CompleteSignInSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Opens the session of somebody whose password was right, for a second factor. UNAUTHENTICATED, with one text, whatever was wrong: a challenge is good for 5 minutes, 5 attempts and one session, and after 5 wrong codes of a person none is taken for 15 minutes, twice as long each further time, up to a day. RATE_LIMITED after 5 attempts from one network within a minute (as long as the server is not configured otherwise).',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: CompleteSignInInput, required: true, description: 'The challenge and its answer.' }) },
    resolve: async (_root, { input }, context) => {
      const { challengeToken, proof, cookie } = input;
      const complete = () => context.services.auth.completeSignIn({ challengeToken, proof }, context.origin);
      const session = await noted(context, 'completeSignIn', complete, ({ userId }) => userId);
      if (cookie) context.response.setSessionCookies(session);
      return session;
    },
  }),
);

const StepUpProofInput = builder.inputType('StepUpProofInput', {
  description: 'What proves that the person of a session is there: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    password: t.string({ description: 'The password, for whoever has no second factor.' }),
    code: t.string({ description: CODE }),
    recoveryCode: t.string({ description: RECOVERY_CODE }),
  }),
});

const StepUpInput = builder.inputType('StepUpInput', {
  description: 'A proof.',
  fields: (t) => ({ proof: t.field({ type: StepUpProofInput, required: true, description: 'The password, or a code when a second factor is set up.' }) }),
});

const StepUpSuccess = builder.objectRef<SteppedUp>('StepUpSuccess').implement({
  description: 'What asks for a proof can be done now.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    provedUntil: t.expose('provedUntil', { type: 'DateTime', description: 'Until when.' }),
    recoveryCodesLeft: t.exposeInt('recoveryCodesLeft', { nullable: true, description: CODES_LEFT }),
  }),
});

builder.mutationField('stepUp', (t) =>
  t.field({
    type: StepUpSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'authenticated',
    description: 'Proves once more that the person of this session is there, for what answers STEP_UP_REQUIRED. VALIDATION_FAILED for a wrong proof: after 5 wrong ones none is taken for 15 minutes, twice as long each further time, up to a day; FORBIDDEN for an API key.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: StepUpInput, required: true, description: 'A proof.' }) },
    resolve: (_root, { input }, context) => {
      const stepUp = () => context.services.auth.stepUp(serviceContext(context), input);
      return noted(context, 'stepUp', stepUp, () => context.principal?.userId ?? null);
    },
  }),
);
