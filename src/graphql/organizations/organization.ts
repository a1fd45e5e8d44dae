import { builder } from '../builder.ts';
import { orgIdOf, serviceContext } from '../context.ts';
import { CREATE_ERRORS, TRANSITION_ERRORS } from '../errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { StoredJson } from '../stored-json.ts';

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
    website: t.exposeString('website', { nullable: true, description: 'The address of its web page.' }),
    contactEmail: t.expose('contactEmail', { type: 'EmailAddress', nullable: true, description: 'The address that it can be reached by.' }),
    timezone: t.exposeString('timezone', { description: 'The time zone it works in, by its name in the IANA database.' }),
    locale: t.exposeString('locale', { description: 'The language it works in, as a tag of BCP 47.' }),
    settings: t.field({
      type: 'JSONObject',
      description: 'What applications keep for it: an object of JSON of at most 16 kB.',
      select: { settings: true },
      resolve: ({ settings }) => new StoredJson(settings),
    }),
    requireSecondFactor: t.exposeBoolean('requireSecondFactor', { description: 'Whether it lets in no session that has shown no second factor. API keys have a rule of their own.' }),
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
    website: t.string({ description: 'The address of its web page, http or https; null takes it away.' }),
    contactEmail: t.string({ description: 'The address that it can be reached by; null takes it away.' }),
    timezone: t.string({ description: 'The time zone it works in, for example "Europe/Berlin".' }),
    locale: t.string({ description: 'The language it works in, for example "de-CH".' }),
    settings: t.field({ type: 'JSONObject', description: 'What applications keep for it, at most 16 kB of JSON. It replaces what is there.' }),
    requireSecondFactor: t.boolean({ description: 'Whether every session needs a second factor to get in. To change it takes a session with a recent proof, and to switch it on one with a second factor: STEP_UP_REQUIRED, CONFLICT.' }),
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
    stepUp: true,
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
