import type { SeenTotal, SeenUsage } from '../../domains/platform/index.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { OrganizationStatus } from '../organizations/organization.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { pageTypes } from './page-types.ts';
import { platformPageArguments, readPlatformPage } from './pages.ts';

const PlatformUsage = builder.objectRef<SeenUsage>('PlatformUsage').implement({
  description: 'What an organization has used.',
  tenant: 'platform',
  access: 'platform:admin',
  fields: (t) => ({
    organizationId: t.id({ description: 'The global id of the organization.', resolve: ({ id }) => toGlobalId('Organization', id) }),
    name: t.exposeString('name', { description: 'What the organization is called.' }),
    requestCount: t.expose('requests', { type: 'Position', description: 'How many root fields its API keys have asked for in the month, at most some seconds behind.' }),
    memberCount: t.exposeInt('members', { description: 'How many active members it has now.' }),
    eventCount: t.expose('events', { type: 'Position', description: 'How many events were ever recorded in its log.' }),
  }),
});

const Connection = pageTypes<SeenUsage>('PlatformUsage', PlatformUsage, 'usage, by organization');

builder.queryField('platformUsage', (t) =>
  t.field({
    type: Connection,
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'What each organization that is not deleted has used, but that of the platform itself. For administrators of the platform; that they looked is in the log of the platform.',
    args: { ...platformPageArguments, month: t.arg.string({ description: 'A month of UTC, as "2026-01"; this one when it is not given.' }) },
    resolve: (_root, { month: asked, ...args }, context) => {
      const month = asked ?? null;
      return readPlatformPage(
        args,
        context,
        { field: 'Query.platformUsage', filter: { month } },
        (after, limit) => context.services.platform.usage(serviceContext(context), { month, limit, after: after?.id ?? null }),
        ({ id }) => ({ id, value: '' }),
      );
    },
  }),
);

const PlatformTotal = builder.objectRef<SeenTotal>('PlatformTotal').implement({
  description: 'How many organizations are in a status.',
  tenant: 'platform',
  access: 'platform:admin',
  fields: (t) => ({
    status: t.expose('status', { type: OrganizationStatus, description: 'The status.' }),
    organizationCount: t.exposeInt('organizations', { description: 'How many are in it.' }),
  }),
});

builder.queryField('platformTotals', (t) =>
  t.field({
    type: [PlatformTotal],
    ...NULL_ON_ERROR,
    tenant: 'platform',
    access: 'platform:admin',
    description: 'How many organizations there are in each status that any is in, without that of the platform itself. For administrators of the platform; that they looked is in the log of the platform.',
    resolve: (_root, _args, context) => context.services.platform.totals(serviceContext(context)),
  }),
);
