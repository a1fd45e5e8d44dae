import { getNamedType, isObjectType } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { covers, type Permission, PERMISSIONS, ROLE_PERMISSIONS } from '../../src/kernel/permissions.ts';
import { MUTATION_CALLS, mutationQuery } from '../harness/mutation-calls.ts';
import { PERSONAL_CALLS } from '../harness/personal-calls.ts';
import { signIn } from '../harness/world.ts';
import { type TrailWorld, openTrailWorld } from './trail.ts';

// The schema is walked: whatever takes a permission is asked for by somebody who has every other one.

interface Locked {
  readonly type: string;
  readonly field: string;
  readonly permission: Permission;
  /** What it takes to reach the type that it is a field of; null for a root. */
  readonly before: string | null;
}

const isPermission = (word: unknown): word is Permission => (PERMISSIONS as readonly unknown[]).includes(word);

const locked: Locked[] = Object.values(schema.getTypeMap()).flatMap((type) => {
  if (!isObjectType(type) || type.name.startsWith('__')) return [];
  return Object.values(type.getFields()).flatMap((field): Locked[] => {
    const result = getNamedType(field.type);
    const permission = field.extensions['access'] ?? (isObjectType(result) ? result.extensions['access'] : undefined);
    const before = (type.extensions['access'] as string | undefined) ?? null;
    return isPermission(permission) ? [{ type: type.name, field: field.name, permission, before }] : [];
  });
});

/** Nobody comes so far without the permission: what leads there takes it too, or one that includes it. */
const isReachedWith = ({ before, permission }: Locked): boolean => before !== null && covers(before, permission);
const asked = locked.filter((each) => !isReachedWith(each));

let world: TrailWorld;
let nowMs = Date.now();
const keys = new Map<Permission, string>();
let eventId: string;

beforeAll(async () => {
  world = await openTrailWorld({ clock: { now: () => new Date(nowMs) } });
  const { owner } = world.acme.keys;
  // What applications append, because without audit:read nothing else is found.
  const append = 'mutation { appendEvents(input: { events: [{ type: "NOTE.WRITTEN" }] }) { ... on AppendEventsSuccess { events { id } } } }';
  eventId = (await world.api.call(append, {}, { as: owner })).data.appendEvents.events[0].id;
  for (const permission of new Set(asked.map((each) => each.permission))) {
    const scopes = ROLE_PERMISSIONS.owner.filter((scope) => !covers(scope, permission));
    const make = 'mutation ($name: String!, $scopes: [String!]!) { createApiKey(input: { name: $name, scopes: $scopes }) { ... on CreateApiKeySuccess { secret } } }';
    const { data } = await world.api.call(make, { name: `All but ${permission}`, scopes }, { as: owner });
    keys.set(permission, data.createApiKey.secret);
    await world.api.call('{ viewer { kind } }', {}, { as: data.createApiKey.secret });
  }
});
afterAll(() => world?.close());
// So many a minute are written of each caller.
beforeEach(() => {
  nowMs += 2 * 60_000;
});

/** One row of each type that has something locked in it. */
const rowOf = (type: string): string | undefined => {
  const { acme } = world;
  return {
    ApiKey: acme.apiKeyId,
    Event: eventId,
    Invitation: acme.invitationId,
    Member: acme.members.viewer,
    Organization: acme.organizationId,
    Schedule: acme.scheduleId,
    Workflow: acme.workflowIds[0],
    WorkflowExecution: acme.executionId,
    WorkflowVersion: acme.versionId,
  }[type];
};

function operationFor({ type, field }: Locked): { query: string; variables?: Record<string, unknown> } {
  const { args, type: result } = (schema.getType(type) as ReturnType<typeof schema.getQueryType>)!.getFields()[field]!;
  const below = 'getFields' in getNamedType(result) || 'getTypes' in getNamedType(result) ? '{ __typename }' : '';
  const ids = args.filter(({ name, type: argument }) => name === 'id' && String(argument) === 'ID!').map(({ name }) => `${name}: "x"`);
  const called = `${field}${ids.length > 0 ? `(${ids.join()})` : ''} ${below}`;
  if (type === 'Query') return { query: `{ ${called} }` };
  if (type === 'Subscription') return { query: `subscription { ${called} }` };
  if (type !== 'Mutation') return { query: `{ node(id: "${rowOf(type)}") { ... on ${type} { ${called} } } }` };
  const input = MUTATION_CALLS[field]!(world.acme);
  return { query: mutationQuery(field, input), variables: { input } };
}

async function send(of: Locked): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: of.type === 'Subscription' ? 'text/event-stream' : 'application/json' };
  const response = await world.api.app.api.fetch('http://tenantry.test/graphql', {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${keys.get(of.permission)}` },
    body: JSON.stringify(operationFor(of)),
  });
  return response.text();
}

describe('whoever lacks the permission is refused, and the log has the field and the permission', () => {
  test.each(asked.map((each) => [`${each.type}.${each.field}`, each.permission, each] as const))('%s without %s', async (name, permission, each) => {
    const { result, events } = await world.eventsOf(() => send(each));
    expect(result).toContain('"FORBIDDEN"');
    const denials = events.filter(({ type }) => type === 'ACCESS.DENIED');
    expect(denials.map(({ orgId, data }) => [orgId, data.code, data.field, data.permission])).toEqual([[world.acme.orgUuid, 'FORBIDDEN', name, permission]]);
  });
});

/** What asks for a recent proof, and whether the organization is told when there was none. */
const proved = Object.values(schema.getMutationType()!.getFields())
  .filter(({ extensions }) => extensions['stepUp'])
  .map(({ name, extensions }) => [name, extensions['tenant'] !== 'global', extensions['access'] === 'platform:admin'] as const);
const OLD_MS = 11 * 60_000;

describe('whoever has proved nothing lately is refused, and the log has the field, unless it is the person’s own', () => {
  test.each(proved)('%s (written down: %s)', async (name, isWritten, isPlatform) => {
    const as = await signIn(world.api.app, isPlatform ? 'operator@platform.test' : world.acme.email('owner'));
    const headers = { 'x-organization-id': world.acme.organizationId };
    await world.api.call('{ organization { slug } }', {}, { as, headers });
    nowMs += OLD_MS;
    const input = MUTATION_CALLS[name]?.(world.acme) ?? (PERSONAL_CALLS as Record<string, object | null>)[name] ?? null;
    const { result, events } = await world.eventsOf(() => world.mutate(name, input, as, headers));
    expect(result.errors?.map(({ extensions }) => extensions.code)).toEqual(['STEP_UP_REQUIRED']);
    expect(events.map(({ orgId, type, data }) => [orgId, type, data.code, data.field])).toEqual(
      isWritten ? [[world.acme.orgUuid, 'ACCESS.DENIED', 'STEP_UP_REQUIRED', `Mutation.${name}`]] : [],
    );
  });

  test('among them is what cannot be taken back', () => {
    const names = proved.filter(([, isWritten]) => isWritten).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['deleteOrganization', 'suspendOrganization', 'transferOwnership']));
  });
});

test('everything else that takes a permission is reached by nobody who lacks it', () => {
  const others = locked.filter(isReachedWith);
  // What a change answers with, and the parts of what was refused as a whole already.
  for (const { type, before, permission } of others) expect([type, covers(before!, permission)]).toEqual([type, true]);
  expect(others.map(({ type }) => type)).not.toContain('Mutation');
  expect(asked.length).toBeGreaterThan(30);
});
