import type { SeenOrganization } from '../../domains/platform/index.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { OrganizationStatus, PlanEnum } from '../organizations/organization.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { pageTypes } from './page-types.ts';
import { platformPageArguments, readPlatformPage } from './pages.ts';

const PlatformOrganization = builder.objectRef<SeenOrganization>('PlatformOrganization').implement({
  description: 'An organization as administrators of the platform see it from outside. To work in it they name it in X-Organization-Id, which its log tells of.',
  tenant: 'platform',
  access: 'platform:admin',
  fields: (t) => ({
    id: t.id({ description: 'The global id of the organization.', resolve: ({ id }) => toGlobalId('Organization', id) }),
    name: t.exposeString('name', { description: 'What it is called.' }),
    slug: t.exposeString('slug', { description: 'Its short name for addresses.' }),
    status: t.expose('status', { type: OrganizationStatus, description: 'Where it is in its life.' }),
    statusReason: t.exposeString('statusReason', { nullable: true, description: 'Why it is in this status, when somebody said so.' }),
    plan: t.expose('plan', { type: PlanEnum, description: 'What it pays for.' }),
    memberCount: t.exposeInt('members', { description: 'How many active members it has.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
});

const Connection = pageTypes<SeenOrganization>('PlatformOrganization', PlatformOrganization, 'organizations, the newest first');

builder.queryField('platformOrganizations', (t) =>
  t.field({
    type: Connection,
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'All organizations but that of the platform itself, the newest first. For administrators of the platform; that they looked is in the log of the platform.',
    args: { ...platformPageArguments, status: t.arg({ type: OrganizationStatus, description: 'Only those in this status.' }) },
    resolve: (_root, { status: asked, ...args }, context) => {
      const status = asked ?? null;
      return readPlatformPage(
        args,
        context,
        { field: 'Query.platformOrganizations', filter: { status } },
        (after, limit) =>
          context.services.platform.organizations(serviceContext(context), { status, limit, after: after && { id: after.id, createdAt: new Date(after.value) } }),
        ({ id, createdAt }) => ({ id, value: createdAt.toISOString() }),
      );
    },
  }),
);
