import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAuditType } from '../../src/domains/events/index.ts';
import { schema } from '../../src/graphql/schema.ts';
import { OUTSIDE_ORGANIZATIONS } from '../../src/graphql/sessions/outside.ts';
import { toGlobalId, uuidOf } from '../../src/kernel/ids.ts';
import type { OrganizationRole } from '../../src/kernel/permissions.ts';
import { MUTATION_CALLS } from '../harness/mutation-calls.ts';
import { definition, seedWorld, signIn, type World } from '../harness/world.ts';
import { type TrailWorld, memberUuid, openTrailWorld, typesOf } from './trail.ts';

/** What each mutation leaves in the log of the organization that it changes, as it was reviewed. */
const LEAVES: Readonly<Record<string, readonly string[]>> = {
  createOrganization: ['ORGANIZATION.CREATED', 'MEMBER.ADDED', 'ORGANIZATION.PROVISIONED', 'API_KEY.CREATED'],
  // Its key was made when it was provisioned the first time.
  retryProvisioning: ['ORGANIZATION.PROVISIONING_RETRIED', 'ORGANIZATION.PROVISIONED'],
  deactivateOrganization: ['ORGANIZATION.DEACTIVATED'],
  reactivateOrganization: ['ORGANIZATION.REACTIVATED'],
  transferOwnership: ['ORGANIZATION.OWNER_CHANGED', 'MEMBER.ROLE_CHANGED', 'MEMBER.ROLE_CHANGED'],
  // With both keys of who owned it, those of an admin and a member, and the invitation that nobody has accepted.
  deleteOrganization: ['ORGANIZATION.DELETED', ...Array.from({ length: 4 }, () => 'API_KEY.REVOKED'), 'INVITATION.REVOKED'],
  inviteMember: ['INVITATION.CREATED'],
  resendInvitation: ['INVITATION.RESENT'],
  revokeInvitation: ['INVITATION.REVOKED'],
  acceptInvitation: ['INVITATION.ACCEPTED', 'MEMBER.ADDED'],
  suspendMembers: ['MEMBER.SUSPENDED'],
  activateMembers: ['MEMBER.ACTIVATED'],
  updateMemberRoles: ['MEMBER.ROLE_CHANGED'],
  removeMembers: ['MEMBER.REMOVED', 'API_KEY.REVOKED'],
  leaveOrganization: ['MEMBER.LEFT', 'API_KEY.REVOKED'],
  updateOrganization: ['ORGANIZATION.UPDATED'],
  suspendOrganization: ['ORGANIZATION.SUSPENDED'],
  activateOrganization: ['ORGANIZATION.ACTIVATED'],
  addMember: ['MEMBER.ADDED'],
  updateMemberRole: ['MEMBER.ROLE_CHANGED'],
  createApiKey: ['API_KEY.CREATED'],
  updateApiKey: ['API_KEY.UPDATED'],
  rotateApiKey: ['API_KEY.CREATED', 'API_KEY.ROTATED'],
  revokeApiKey: ['API_KEY.REVOKED'],
  createWorkflow: ['WORKFLOW.CREATED'],
  updateWorkflow: ['WORKFLOW.UPDATED'],
  deleteWorkflow: ['WORKFLOW.DELETED'],
  createSchedule: ['SCHEDULE.CREATED'],
  updateSchedule: ['SCHEDULE.UPDATED'],
  deleteSchedule: ['SCHEDULE.DELETED'],
  appendEvents: ['NOTE.WRITTEN'],
  // With the key that the customer was given.
  removeMember: ['MEMBER.REMOVED', 'API_KEY.REVOKED'],
};

/** Mutations of the platform, which a member may not. */
const PLATFORM = new Set(['createOrganization', 'retryProvisioning', 'suspendOrganization', 'activateOrganization']);

/** Mutations of people, which a key may not: by whom each is done. */
const PEOPLE: Readonly<Record<string, OrganizationRole>> = {
  deactivateOrganization: 'owner',
  reactivateOrganization: 'owner',
  leaveOrganization: 'manager',
  transferOwnership: 'owner',
  // Who has it now.
  deleteOrganization: 'admin',
};

/** The same mutations with something wrong about what they are given. */
const WRONG: Readonly<Record<string, (other: World) => Record<string, unknown> | null>> = {
  retryProvisioning: (other) => ({ id: other.organizationId }),
  deactivateOrganization: () => ({ reason: 'x'.repeat(501) }),
  reactivateOrganization: (other) => ({ id: other.organizationId }),
  transferOwnership: (other) => ({ memberId: other.members.admin }),
  deleteOrganization: () => ({ slug: 'another' }),
  inviteMember: () => ({ email: 'viewer@acme.test', role: 'VIEWER' }),
  resendInvitation: (other) => ({ id: other.invitationId }),
  revokeInvitation: (other) => ({ id: other.invitationId }),
  acceptInvitation: () => ({ token: 'none' }),
  suspendMembers: () => ({ ids: [] }),
  activateMembers: () => ({ ids: [] }),
  updateMemberRoles: () => ({ changes: [] }),
  removeMembers: () => ({ ids: [] }),
  leaveOrganization: () => null,
  createOrganization: () => ({ name: 'Organization acme', adminEmail: 'a@another.test' }),
  updateOrganization: () => ({ slug: 'other' }),
  suspendOrganization: () => ({ id: 'org_00000000000000000000000000' }),
  activateOrganization: (other) => ({ id: other.organizationId }),
  addMember: () => ({ email: 'viewer@acme.test', role: 'VIEWER' }),
  updateMemberRole: (other) => ({ id: other.members.viewer, role: 'CUSTOMER' }),
  createApiKey: () => ({ name: 'Owner key', scopes: ['*'] }),
  updateApiKey: (other) => ({ id: other.viewerKeyId, name: 'Renamed' }),
  rotateApiKey: (other) => ({ id: other.viewerKeyId }),
  revokeApiKey: (other) => ({ id: other.viewerKeyId }),
  createWorkflow: () => ({ name: 'Taken', slug: 'workflow-0', definition: definition('taken') }),
  updateWorkflow: (other) => ({ id: other.workflowIds[1], name: 'Renamed' }),
  deleteWorkflow: (other) => ({ id: other.workflowIds[2] }),
  createSchedule: (other) => ({ workflowId: other.workflowIds[0], name: 'New', cron: '0 0 * * *' }),
  updateSchedule: (other) => ({ id: other.scheduleId, enabled: false }),
  deleteSchedule: (other) => ({ id: other.scheduleId }),
  appendEvents: () => ({ events: [{ type: 'WORKFLOW.CREATED' }] }),
  removeMember: (other) => ({ id: other.members.customer }),
};

let world: TrailWorld;
let other: World;
let ownerKey: string;
beforeAll(async () => {
  world = await openTrailWorld();
  other = await seedWorld(world.api, 'other', world.operator.userId);
  ownerKey = world.acme.keys.owner;
  // That a key was used is written at its first use.
  await world.api.call('{ viewer { kind } }', {}, { as: ownerKey });
});
afterAll(() => world?.close());

const mutations = Object.keys(schema.getMutationType()!.getFields());
const inOrganizations = mutations.filter((mutation) => !(mutation in OUTSIDE_ORGANIZATIONS));

/** Who may do it: of people's mutations the owner, as long as nobody else is named. */
async function whoMay(mutation: string, role: OrganizationRole = 'owner'): Promise<string | undefined> {
  if (mutation === 'acceptInvitation') return undefined;
  if (PLATFORM.has(mutation)) return world.operator.token;
  return mutation in PEOPLE ? signIn(world.api.app, world.acme.email(role)) : ownerKey;
}

/** Who it is written down as. */
function actorOf(mutation: string, memberId: string | null): object {
  if (mutation === 'acceptInvitation') return { kind: 'user', membershipId: memberId };
  if (PLATFORM.has(mutation)) return { kind: 'user', userId: world.operator.userId, membershipId: null };
  const person = PEOPLE[mutation];
  if (person !== undefined) return { kind: 'user', membershipId: memberUuid(world.acme, person) };
  return { kind: 'api_key', membershipId: memberUuid(world.acme, 'owner'), credentialId: uuidOf('ApiKey', world.acme.apiKeyId) };
}

const actorTag = (mutation: string, memberId: string | null): string =>
  PLATFORM.has(mutation) ? 'actor:operator' : `actor:${mutation === 'acceptInvitation' ? toGlobalId('Member', memberId!) : world.acme.members[PEOPLE[mutation] ?? 'owner']}`;

test('no mutation is without its event, or the reason why it has none', () => {
  expect(Object.keys(LEAVES).sort()).toEqual(inOrganizations.toSorted());
  for (const mutation of Object.keys(OUTSIDE_ORGANIZATIONS)) expect(mutations).toContain(mutation);
});

describe('a mutation that fails leaves nothing', () => {
  test.each(inOrganizations)('%s', async (mutation) => {
    const as = await whoMay(mutation);
    const { result, events } = await world.eventsOf(() => world.mutate(mutation, WRONG[mutation]!(other), as));
    expect(result.errors).toBeUndefined();
    expect(result.data[mutation].code).toMatch(/^(CONFLICT|NOT_FOUND|VALIDATION_FAILED|INVALID_TRANSITION)$/);
    expect(events).toEqual([]);
  });
});

describe('every mutation leaves its event', () => {
  // In the order of the table: what one changes another one finds changed.
  test.each(Object.keys(MUTATION_CALLS).filter((mutation) => mutation in LEAVES))('%s', async (mutation) => {
    const input = MUTATION_CALLS[mutation]!(world.acme);
    const as = await whoMay(mutation, PEOPLE[mutation]);
    if (mutation === 'retryProvisioning') await world.sql("UPDATE iam.organizations SET status = 'provisioning_failed' WHERE id = $1", world.acme.orgUuid);
    const { result, events } = await world.eventsOf(() => world.mutate(mutation, input, as, { 'user-agent': 'audit/1' }));
    expect(result.errors).toBeUndefined();
    expect(result.data[mutation].__typename).toMatch(/Success$/);
    expect(typesOf(events)).toEqual(LEAVES[mutation]);
    const [joined] = await world.sql("SELECT id FROM iam.memberships WHERE email = 'joining@acme.test'");
    const newcomer = (joined?.['id'] as string | undefined) ?? null;
    for (const event of events) {
      expect(event).toMatchObject({
        actor: actorOf(mutation, newcomer),
        correlationId: result.headers.get('x-request-id'),
        source: 'api',
        userAgent: 'audit/1',
      });
      if (mutation === 'createOrganization') expect(event.orgId).not.toBe(world.acme.orgUuid);
      else expect(event.orgId).toBe(world.acme.orgUuid);
      if (isAuditType(event.type)) expect(event.tags).toContain(actorTag(mutation, newcomer));
    }
    if (mutation === 'createOrganization') return;
    const { id } = (input ?? {}) as { id?: string };
    if (id !== undefined) expect(events.at(mutation === 'removeMember' ? 0 : -1)?.tags.some((tag) => tag.endsWith(`:${id}`))).toBe(true);
  });
});
