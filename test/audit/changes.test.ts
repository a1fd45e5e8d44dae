import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAuditType } from '../../src/domains/events/index.ts';
import { schema } from '../../src/graphql/schema.ts';
import { OUTSIDE_ORGANIZATIONS } from '../../src/graphql/sessions/outside.ts';
import { uuidOf } from '../../src/kernel/ids.ts';
import { MUTATION_CALLS } from '../harness/mutation-calls.ts';
import { definition, seedWorld, type World } from '../harness/world.ts';
import { type TrailWorld, memberUuid, openTrailWorld, typesOf } from './trail.ts';

/** What each mutation leaves in the log of the organization that it changes, as it was reviewed. */
const LEAVES: Readonly<Record<string, readonly string[]>> = {
  createOrganization: ['ORGANIZATION.CREATED', 'MEMBER.ADDED', 'API_KEY.CREATED'],
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
const PLATFORM = new Set(['createOrganization', 'suspendOrganization', 'activateOrganization']);

/** The same mutations with something wrong about what they are given. */
const WRONG: Readonly<Record<string, (other: World) => Record<string, unknown>>> = {
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
const whoMay = (mutation: string): string => (PLATFORM.has(mutation) ? world.operator.token : ownerKey);

test('no mutation is without its event, or the reason why it has none', () => {
  expect(Object.keys(LEAVES).sort()).toEqual(inOrganizations.toSorted());
  for (const mutation of Object.keys(OUTSIDE_ORGANIZATIONS)) expect(mutations).toContain(mutation);
});

describe('a mutation that fails leaves nothing', () => {
  test.each(inOrganizations)('%s', async (mutation) => {
    const { result, events } = await world.eventsOf(() => world.mutate(mutation, WRONG[mutation]!(other), whoMay(mutation)));
    expect(result.errors).toBeUndefined();
    expect(result.data[mutation].code).toMatch(/^(CONFLICT|NOT_FOUND|VALIDATION_FAILED|INVALID_TRANSITION)$/);
    expect(events).toEqual([]);
  });
});

describe('every mutation leaves its event', () => {
  // In the order of the table: what one changes another one finds changed.
  test.each(Object.keys(MUTATION_CALLS).filter((mutation) => mutation in LEAVES))('%s', async (mutation) => {
    const input = MUTATION_CALLS[mutation]!(world.acme);
    const { result, events } = await world.eventsOf(() => world.mutate(mutation, input, whoMay(mutation), { 'user-agent': 'audit/1' }));
    expect(result.errors).toBeUndefined();
    expect(result.data[mutation].__typename).toMatch(/Success$/);
    expect(typesOf(events)).toEqual(LEAVES[mutation]);
    const isPlatform = PLATFORM.has(mutation);
    for (const event of events) {
      expect(event).toMatchObject({
        actor: isPlatform
          ? { kind: 'user', userId: world.operator.userId, membershipId: null }
          : { kind: 'api_key', membershipId: memberUuid(world.acme, 'owner'), credentialId: uuidOf('ApiKey', world.acme.apiKeyId) },
        correlationId: result.headers.get('x-request-id'),
        source: 'api',
        userAgent: 'audit/1',
      });
      if (mutation === 'createOrganization') expect(event.orgId).not.toBe(world.acme.orgUuid);
      else expect(event.orgId).toBe(world.acme.orgUuid);
      if (isAuditType(event.type)) expect(event.tags).toContain(isPlatform ? 'actor:operator' : `actor:${world.acme.members.owner}`);
    }
    if (mutation === 'createOrganization') return;
    const { id } = input as { id?: string };
    if (id !== undefined) expect(events.at(mutation === 'removeMember' ? 0 : -1)?.tags.some((tag) => tag.endsWith(`:${id}`))).toBe(true);
  });
});
