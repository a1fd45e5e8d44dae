import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';

const RevokeLeakedKeyInput = builder.inputType('RevokeLeakedKeyInput', {
  description: 'An API key that somebody has found where it should not be.',
  fields: (t) => ({
    secret: t.string({ required: true, description: 'The key itself, whole: whoever holds it may end it.' }),
  }),
});

const RevokeLeakedKeySuccess = builder.objectRef<{ received: true }>('RevokeLeakedKeySuccess').implement({
  description: 'The report was received. A key with this secret opens nothing any more; whether there was one is not told.',
  tenant: 'global',
  access: 'public',
  fields: (t) => ({ received: t.exposeBoolean('received', { description: 'Always true.' }) }),
});

builder.mutationField('revokeLeakedKey', (t) =>
  t.field({
    type: RevokeLeakedKeySuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'public',
    description: 'Ends an API key for good, for anybody who holds its secret, and every key that was made or rotated with it, also when it has ended itself: nobody need be signed in. Their owners get a mail. RATE_LIMITED after some reports from one network within a minute.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: RevokeLeakedKeyInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, context) => {
      await noted(context, 'revokeLeakedKey', () => context.services.apiKeys.revokeLeaked(context, input), () => null);
      return { received: true as const };
    },
  }),
);
