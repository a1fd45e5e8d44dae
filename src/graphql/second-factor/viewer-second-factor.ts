import type { SecondFactorState } from '../../domains/second-factor/index.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { ViewerType } from '../viewer/viewer.ts';

const SecondFactorType = builder.objectRef<SecondFactorState>('SecondFactor').implement({
  description: 'How the second factor of a person stands.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    enabled: t.boolean({ description: 'Whether signing in takes a code.', resolve: ({ confirmedAt }) => confirmedAt !== null }),
    confirmedAt: t.expose('confirmedAt', { type: 'DateTime', nullable: true, description: 'Since when; null without one.' }),
    recoveryCodesLeft: t.exposeInt('recoveryCodesLeft', { description: 'How many recovery codes were not used yet.' }),
  }),
});

builder.objectField(ViewerType, 'secondFactor', (t) =>
  t.field({
    type: SecondFactorType,
    nullable: true,
    description: 'The second factor of the person behind a session; null for an API key.',
    resolve: (viewer, _args, context) => (viewer.kind === 'user' ? context.services.secondFactors.state(serviceContext(context)) : null),
  }),
);

builder.objectField(ViewerType, 'stepUpUntil', (t) =>
  t.field({
    type: 'DateTime',
    nullable: true,
    description: 'Until when what asks for a proof can be done without stepUp; it may be over. Null for an API key.',
    resolve: ({ provedUntil }) => provedUntil ?? null,
  }),
);
