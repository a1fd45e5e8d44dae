import { builder } from '../builder.ts';
import { orgIdOf, serviceContext } from '../context.ts';
import { CREATE_ERRORS, TRANSITION_ERRORS } from '../errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';

export const OrganizationStatus = builder.enumType('OrganizationStatus', {
  description: 'Where an organization is in its life. Only members of an active one get in.',
  values: {
    PROVISIONING: { value: 'provisioning', description: 'It is being set up.' },
    PROVISIONING_FAILED: { value: 'provisioning_failed', description: 'Setting it up did not work; it can be tried again.' },
    ACTIVE: { value: 'active', description: 'It is in use.' },
    INACTIVE: { value: 'inactive', description: 'It rests by its own wish.' },
    SUSPENDED: { value: 'suspended', description: 'The platform has closed it for now.' },
    DELETED: { value: 'deleted', description: 'It is gone; its data wait to be purged.' },
  } as const,
});

export const PlanEnum = builder.enumType('Plan', {
  description: 'What an organization pays for.',
  values: {
    FREE: { value: 'free', description: 'Free of charge, with hard limits.' },
    PRO: { value: 'pro', description: 'For teams.' },
    ENTERPRISE: { value: 'enterprise', description: 'For large companies, without limits of number.' },
  } as const,
});

export const OrganizationType = builder.prismaObject('Organization', {
  description: 'An organization: the tenant. Everything else in this schema belongs to exactly one.',
  tenant: 'scoped',
  access: 'organization:read',
  interfaces: [NodeInterface],
  select: { id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Organization', row.id) }),
    name: t.exposeString('name', { description: 'What it is called: 3 to 255 characters, unique among live organizations whatever the case.' }),
    slug: t.exposeString('slug', { description: 'Its short name for addresses: lower-case letters, digits and hyphens, at most 100 characters.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is about, at most 2,000 characters.' }),
    status: t.expose('status', { type: OrganizationStatus, description: 'Where it is in its life.' }),
    statusReason: t.exposeString('statusReason', { nullable: true, description: 'Why it is in this status, when somebody said so.' }),
    plan: t.expose('plan', { type: PlanEnum, description: 'What it pays for.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

registerNode('Organization', { access: 'organization:read', tenantKey: 'id', delegate: ({ db }) => db.organization });

builder.queryField('organization', (t) =>
  t.prismaField({
    type: OrganizationType,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'organization:read',
    description: 'The organization of this request.',
    resolve: (query, _root, _args, context) =>
      orNotFound(context.db.organization.findFirst(byId(query, orgIdOf(context))), 'Organization'),
  }),
);

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

const CreateOrganizationSuccess = builder
  .objectRef<{ organizationId: string; memberId: string; apiKeyId: string; secret: string | null }>('CreateOrganizationSuccess')
  .implement({
    description: 'The organization was created and is active.',
    tenant: 'platform',
    access: 'platform:admin',
    fields: (t) => ({
      organizationId: t.id({ description: 'Its global id. Send it as X-Organization-Id to work in it.', resolve: (made) => toGlobalId('Organization', made.organizationId) }),
      ownerId: t.id({ description: "The owner's membership.", resolve: (made) => toGlobalId('Member', made.memberId) }),
      apiKeyId: t.id({ description: "The owner's first API key.", resolve: (made) => toGlobalId('ApiKey', made.apiKeyId) }),
      apiKeySecret: t.exposeString('secret', { nullable: true, description: 'The key itself. It is shown this once: null when the answer is a repetition.' }),
    }),
  });

builder.mutationField('createOrganization', (t) =>
  t.field({
    type: CreateOrganizationSuccess,
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'Creates an organization with its owner and a first API key. For administrators of the platform.',
    errors: { types: CREATE_ERRORS },
    args: { input: t.arg({ type: CreateOrganizationInput, required: true, description: 'What to create.' }) },
    resolve: (_root, { input }, context) => context.services.onboarding.createOrganization(serviceContext(context), input),
  }),
);

const OrganizationChanged = builder.objectRef<{ organizationId: string }>('UpdateOrganizationSuccess').implement({
  description: 'The organization was changed.',
  tenant: 'scoped',
  access: 'organization:write',
  fields: (t) => ({
    organization: t.prismaField({
      type: OrganizationType,
      description: 'The organization as it is now.',
      resolve: (query, changed, _args, context) =>
        orNotFound(context.db.organization.findFirst(byId(query, changed.organizationId)), 'Organization'),
    }),
  }),
});

const UpdateOrganizationInput = builder.inputType('UpdateOrganizationInput', {
  description: 'What to change of the organization of this request. What is not given stays.',
  fields: (t) => ({
    name: t.string({ description: 'What it is called: 3 to 255 characters, unique whatever the case.' }),
    slug: t.string({ description: 'Its short name for addresses.' }),
    description: t.string({ description: 'What it is about, at most 2,000 characters; null takes it away.' }),
  }),
});

builder.mutationField('updateOrganization', (t) =>
  t.field({
    type: OrganizationChanged,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'organization:write',
    description: 'Changes the organization of this request.',
    errors: { types: CREATE_ERRORS },
    args: { input: t.arg({ type: UpdateOrganizationInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, context) => context.services.organizations.update(serviceContext(context), input),
  }),
);

const StatusChanged = builder.objectRef<{ organizationId: string; status: 'active' | 'suspended' }>('OrganizationStatusSuccess').implement({
  description: 'The organization has moved to another status.',
  tenant: 'platform',
  access: 'platform:admin',
  fields: (t) => ({
    organizationId: t.id({ description: 'Which organization.', resolve: (moved) => toGlobalId('Organization', moved.organizationId) }),
    status: t.field({ type: OrganizationStatus, description: 'The status it is in now.', resolve: (moved) => moved.status }),
  }),
});

const SuspendOrganizationInput = builder.inputType('SuspendOrganizationInput', {
  description: 'Which organization to close for now.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The organization.' }),
    reason: t.string({ description: 'Why, at most 500 characters; its members cannot read it while they are shut out.' }),
  }),
});

builder.mutationField('suspendOrganization', (t) =>
  t.field({
    type: StatusChanged,
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'Closes an organization for now: its members and keys are answered ORG_NOT_ACTIVE from the next request on. For administrators of the platform.',
    errors: { types: TRANSITION_ERRORS },
    args: { input: t.arg({ type: SuspendOrganizationInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, context) => {
      const { organizationId } = await context.services.organizations.suspend(serviceContext(context), input);
      return { organizationId, status: 'suspended' as const };
    },
  }),
);

const ActivateOrganizationInput = builder.inputType('ActivateOrganizationInput', {
  description: 'Which organization to open again.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The organization.' }) }),
});

builder.mutationField('activateOrganization', (t) =>
  t.field({
    type: StatusChanged,
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'Opens a suspended or inactive organization again. For administrators of the platform.',
    errors: { types: TRANSITION_ERRORS },
    args: { input: t.arg({ type: ActivateOrganizationInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, context) => {
      const { organizationId } = await context.services.organizations.activate(serviceContext(context), input);
      return { organizationId, status: 'active' as const };
    },
  }),
);
