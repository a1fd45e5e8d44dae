import type { PendingSignIn } from '../../domains/auth/index.ts';
import { builder } from '../builder.ts';

/**
 * The password was right, and the second step is to come. It is no failure: but a field has one type of success, and
 * whatever else it answers as data is thrown to its result.
 */
export class SecondFactorRequired extends Error {
  readonly pending: PendingSignIn;
  constructor(pending: PendingSignIn) {
    super('A second factor is required.');
    this.pending = pending;
  }
}

builder.objectType(SecondFactorRequired, {
  name: 'SecondFactorRequired',
  description: 'The password was right. Hand the challenge token to completeSignIn together with a code to open the session.',
  tenant: 'global',
  access: 'public',
  fields: (t) => ({
    challengeToken: t.string({ description: 'It begins with "tc_" and works for 5 minutes, for 5 codes.', resolve: ({ pending }) => pending.challengeToken }),
    expiresAt: t.field({ type: 'DateTime', description: 'When the challenge token stops working.', resolve: ({ pending }) => pending.expiresAt }),
  }),
});
