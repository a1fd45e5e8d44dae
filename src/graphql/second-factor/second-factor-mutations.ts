import type { Enrolment } from '../../domains/second-factor/index.ts';
import { ConflictError, ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { type GraphQLContext, serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';

/** What every one of these has: a session whose person has proved lately to be there. */
const OWN = { ...NULL_ON_ERROR, tenant: 'global', access: 'authenticated', stepUp: true } as const;
const STEP_UP = 'STEP_UP_REQUIRED when the last proof is too old; FORBIDDEN for an API key.';

const caller = ({ principal }: GraphQLContext) => () => principal?.userId ?? null;

const EnrolTotpSuccess = builder.objectRef<Enrolment>('EnrolTotpSuccess').implement({
  description: 'What an authenticator has to know. It is shown at this moment only, and counts when confirmTotp was called.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    otpauthUri: t.exposeString('otpauthUri', { description: 'Opens an authenticator on the same device.' }),
    secret: t.exposeString('secret', { description: 'To be typed where nothing can be scanned: base 32.' }),
    qrCodeSvg: t.exposeString('qrCodeSvg', { description: 'The same link as a QR code, as an SVG document.' }),
  }),
});

builder.mutationField('enrolTotp', (t) =>
  t.field({
    type: EnrolTotpSuccess,
    ...OWN,
    description: `Begins to set up codes of an authenticator (TOTP: SHA-1, 6 digits, 30 seconds) as the second factor; called again before it is confirmed, it begins anew. ${STEP_UP}`,
    errors: { types: [ConflictError] },
    resolve: (_root, _args, context) =>
      noted(context, 'enrolTotp', () => context.services.secondFactors.enrol(serviceContext(context)), caller(context)),
  }),
);

interface RecoveryCodes {
  readonly recoveryCodes: readonly string[];
}

const recoveryCodes = (name: string, description: string) =>
  builder.objectRef<RecoveryCodes>(name).implement({
    description,
    tenant: 'global',
    access: 'authenticated',
    fields: (t) => ({
      recoveryCodes: t.stringList({
        description: 'Ten codes, each of which works once in place of one of the authenticator. They are shown at this moment only.',
        resolve: (made) => [...made.recoveryCodes],
      }),
    }),
  });

const ConfirmTotpInput = builder.inputType('ConfirmTotpInput', {
  description: 'That the authenticator shows the right codes.',
  fields: (t) => ({ code: t.string({ required: true, description: 'The code that it shows now: six digits.' }) }),
});

builder.mutationField('confirmTotp', (t) =>
  t.field({
    type: recoveryCodes('ConfirmTotpSuccess', 'The second factor is set up. This session counts as having shown it.'),
    ...OWN,
    description: `Sets the second factor up that enrolTotp began. ${STEP_UP}`,
    errors: { types: [ValidationError, ConflictError] },
    args: { input: t.arg({ type: ConfirmTotpInput, required: true, description: 'A code.' }) },
    resolve: (_root, { input }, context) => {
      const confirm = async () => ({ recoveryCodes: await context.services.secondFactors.confirm(serviceContext(context), input) });
      return noted(context, 'confirmTotp', confirm, caller(context));
    },
  }),
);

const DisableTotpSuccess = builder.objectRef<{ disabled: true }>('DisableTotpSuccess').implement({
  description: 'There is no second factor any more, and no recovery code.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({ disabled: t.exposeBoolean('disabled', { description: 'Always true.' }) }),
});

builder.mutationField('disableTotp', (t) =>
  t.field({
    type: DisableTotpSuccess,
    ...OWN,
    description: `Turns the second factor off. CONFLICT while an organization of the caller asks for one. ${STEP_UP}`,
    errors: { types: [ConflictError] },
    resolve: (_root, _args, context) => {
      const disable = async () => {
        await context.services.secondFactors.disable(serviceContext(context));
        return { disabled: true as const };
      };
      return noted(context, 'disableTotp', disable, caller(context));
    },
  }),
);

builder.mutationField('regenerateRecoveryCodes', (t) =>
  t.field({
    type: recoveryCodes('RegenerateRecoveryCodesSuccess', 'There are new recovery codes, and all others are void.'),
    ...OWN,
    description: `Makes new recovery codes. ${STEP_UP}`,
    errors: { types: [ConflictError] },
    resolve: (_root, _args, context) => {
      const regenerate = async () => ({ recoveryCodes: await context.services.secondFactors.regenerate(serviceContext(context)) });
      return noted(context, 'regenerateRecoveryCodes', regenerate, caller(context));
    },
  }),
);
