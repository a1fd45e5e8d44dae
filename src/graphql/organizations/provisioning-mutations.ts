import { type CreatedOrganization, ProvisioningFailedError } from '../../domains/onboarding/index.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CREATE_ERRORS, TRANSITION_ERRORS } from '../errors.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { PlanEnum } from './organization.ts';

const CreateOrganizationInput = builder.inputType('CreateOrganizationInput', {
  description: 'A new organization with its first administrator.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is called: 3 to 255 characters, unique whatever the case.' }),
    slug: t.string({ description: 'Its short name for addresses. Made from the name when not given.' }),
    plan: t.field({ type: PlanEnum, description: 'What it pays for. FREE when not given.' }),
    adminEmail: t.string({ required: true, description: 'The address of its owner.' }),
    adminName: t.string({ description: "The owner's name." }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours answers with the same organization and makes no second one.' }),
  }),
});

/** What is told of an organization that has come to be usable. */
function createdSuccess(name: string, description: string) {
  return builder.objectRef<CreatedOrganization>(name).implement({
    description,
    tenant: 'platform',
    access: 'platform:admin',
    fields: (t) => ({
      organizationId: t.id({ description: 'Its global id. Send it as X-Organization-Id to work in it.', resolve: (made) => toGlobalId('Organization', made.organizationId) }),
      ownerId: t.id({ description: "The owner's membership.", resolve: (made) => toGlobalId('Member', made.memberId) }),
      apiKeyId: t.id({ description: "The owner's first API key.", resolve: (made) => toGlobalId('ApiKey', made.apiKeyId) }),
      apiKeySecret: t.exposeString('secret', { nullable: true, description: 'The key itself. It is shown once: null when an earlier answer has shown it.' }),
    }),
  });
}

builder.mutationField('createOrganization', (t) =>
  t.field({
    type: createdSuccess('CreateOrganizationSuccess', 'The organization was created and is active.'),
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'Creates an organization with its owner and a first API key. When the engine cannot be set up, the organization is there and waits for retryProvisioning. For administrators of the platform.',
    errors: { types: [...CREATE_ERRORS, ProvisioningFailedError] },
    args: { input: t.arg({ type: CreateOrganizationInput, required: true, description: 'What to create.' }) },
    resolve: (_root, { input }, context) => context.services.onboarding.createOrganization(serviceContext(context), input),
  }),
);

const RetryProvisioningInput = builder.inputType('RetryProvisioningInput', {
  description: 'Which organization to set up again.',
  fields: (t) => ({ id: t.id({ required: true, description: 'An organization whose provisioning has failed.' }) }),
});

builder.mutationField('retryProvisioning', (t) =>
  t.field({
    type: createdSuccess('RetryProvisioningSuccess', 'The organization is active.'),
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: "Tries again to set the engine up for an organization, and makes its owner's first API key. For administrators of the platform.",
    errors: { types: [...TRANSITION_ERRORS, ProvisioningFailedError] },
    args: { input: t.arg({ type: RetryProvisioningInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.onboarding.retryProvisioning(serviceContext(context), input),
  }),
);
