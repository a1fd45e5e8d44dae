import { toGlobalId } from '../../kernel/ids.ts';
import { PERMISSIONS, type Permission } from '../../kernel/permissions.ts';
import type { MembershipSummary, Principal } from '../../kernel/principal.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { MemberType, OrganizationRoleEnum } from '../members/member.ts';
import { OrganizationType } from '../organizations/organization.ts';
import { UserType } from '../people/profile.ts';
import { SessionType } from '../sessions/session-list.ts';
import { byId } from '../own-row.ts';
import { RateLimitType } from './rate-limit.ts';

/** workflow:read -> WORKFLOW_READ, apiKey:write -> API_KEY_WRITE */
const enumName = (permission: Permission) => permission.replace(/([a-z])([A-Z])/g, '$1_$2').replace(':', '_').toUpperCase();

export const PermissionEnum = builder.enumType('Permission', {
  description: 'Something that can be allowed.',
  values: Object.fromEntries(
    PERMISSIONS.map((permission) => [enumName(permission), { value: permission, description: `The permission "${permission}".` }]),
  ) as Record<string, { value: Permission; description: string }>,
});

const PrincipalKind = builder.enumType('PrincipalKind', {
  description: 'What kind of caller this is.',
  values: {
    USER: { value: 'user', description: 'A person with a session.' },
    API_KEY: { value: 'apiKey', description: 'An API key, acting for a member.' },
  } as const,
});

const ViewerOrganization = builder.objectRef<MembershipSummary>('ViewerOrganization').implement({
  description: 'An organization that the caller may choose to work in.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    id: t.id({ description: 'Its global id, for the X-Organization-Id header.', resolve: (membership) => toGlobalId('Organization', membership.orgId) }),
    name: t.exposeString('organizationName', { description: 'What it is called.' }),
    slug: t.exposeString('organizationSlug', { description: 'Its short name.' }),
    role: t.expose('role', { type: OrganizationRoleEnum, description: "The caller's role in it." }),
    active: t.exposeBoolean('active', { description: 'Whether it can be entered now.' }),
    requiresSecondFactor: t.boolean({
      description: 'Whether it lets in no session that has shown no second factor.',
      resolve: ({ requiresSecondFactor = false }) => requiresSecondFactor,
    }),
  }),
});

export const ViewerType = builder.objectRef<Principal>('Viewer').implement({
  description: 'Whoever is calling, and what that caller may do here.',
  tenant: 'global',
  // The field that leads here answers null when nobody is signed in.
  access: 'public',
  fields: (t) => ({
    kind: t.expose('kind', { type: PrincipalKind, description: 'What kind of caller this is.' }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'The person behind a session; null for an API key.',
      resolve: (viewer, _args, context) => (viewer.kind === 'user' ? context.services.people.profile(serviceContext(context)) : null),
    }),
    sessions: t.field({
      type: [SessionType],
      nullable: true,
      description: "The person's live sessions, the newest first, 100 at most; null for an API key.",
      resolve: (viewer, _args, context) => (viewer.kind === 'user' ? context.services.auth.listSessions(serviceContext(context)) : null),
    }),
    organization: t.prismaField({
      type: OrganizationType,
      nullable: true,
      access: 'member',
      description: 'The organization of this request. TENANT_CONTEXT_REQUIRED when none was chosen.',
      resolve: (query, viewer, _args, { db }) => db.organization.findFirst(byId(query, viewer.tenant!.orgId)),
    }),
    member: t.prismaField({
      type: MemberType,
      nullable: true,
      access: 'member',
      description: 'The caller as a member of that organization; null for an operator of the platform, who is a member nowhere, also where one was added.',
      resolve: (query, viewer, _args, { db }) =>
        viewer.tenant?.membershipId
          ? db.membership.findFirst(byId(query, viewer.tenant.membershipId))
          : null,
    }),
    role: t.field({
      type: OrganizationRoleEnum,
      nullable: true,
      description: "The caller's role in that organization.",
      resolve: (viewer) => viewer.tenant?.role ?? null,
    }),
    permissions: t.field({
      type: [PermissionEnum],
      description: "What the caller may do in that organization: the role's permissions, within the API key's scopes.",
      resolve: (viewer) => PERMISSIONS.filter((permission) => viewer.permissions.has(permission)),
    }),
    can: t.boolean({
      description: 'Whether the caller may do one thing in that organization.',
      args: { permission: t.arg({ type: PermissionEnum, required: true, description: 'Which thing.' }) },
      resolve: (viewer, { permission }) => viewer.permissions.has(permission),
    }),
    rateLimit: t.field({
      type: RateLimitType,
      nullable: true,
      description: 'How much the caller may still ask for; null when the server limits nobody.',
      resolve: (_viewer, _args, { rateLimit }) => rateLimit,
    }),
    organizations: t.field({
      type: [ViewerOrganization],
      description: 'The organizations that the caller may choose from.',
      resolve: (viewer) => viewer.memberships,
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    nullable: true,
    tenant: 'global',
    access: 'public',
    description: 'Whoever is calling; null when nobody is signed in.',
    resolve: (_root, _args, { principal }) => principal,
  }),
);
