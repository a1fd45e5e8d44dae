import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { definition, seedWorld, signIn, type World } from '../harness/world.ts';
import { type LoggedEvent, memberUuid, openTrailWorld, type TrailWorld, typesOf } from './trail.ts';

let world: TrailWorld;
let acme: World;
let other: World;
let nowMs = Date.now();
/** More than any bound of time. */
const DAY_MS = 24 * 60 * 60_000;

beforeAll(async () => {
  world = await openTrailWorld({ clock: { now: () => new Date(nowMs) } });
  acme = world.acme;
  other = await seedWorld(world.api, 'other', world.operator.userId);
  for (const key of [...Object.values(acme.keys), ...Object.values(other.keys)]) await world.api.call('{ viewer { kind } }', {}, { as: key });
});
afterAll(() => world?.close());
// Each test has its own minute, and keys that were used within the hour.
beforeEach(() => {
  nowMs += 2 * 60_000;
});

const read = (query: string, as: string | undefined, headers: Record<string, string> = {}) => world.eventsOf(() => world.api.call(query, {}, { as, headers }));
const create = { name: 'Not mine to make', definition: definition('no') };

describe('what somebody is refused is in the log when the answer comes', () => {
  test('a mutation, at its door', async () => {
    const { result, events } = await world.eventsOf(() => world.mutate('createWorkflow', create, acme.keys.viewer, { 'user-agent': 'probe/1' }));
    expect(result.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN', permission: 'workflow:write' });
    expect(events).toMatchObject([
      {
        orgId: acme.orgUuid,
        type: 'ACCESS.DENIED',
        data: { code: 'FORBIDDEN', field: 'Mutation.createWorkflow', permission: 'workflow:write' },
        actor: { kind: 'api_key', membershipId: memberUuid(acme, 'viewer') },
        correlationId: result.headers.get('x-request-id'),
        userAgent: 'probe/1',
      },
    ]);
    expect(events[0]?.tags).toEqual([`actor:${acme.members.viewer}`, `actor:${acme.viewerKeyId}`].sort());
  });

  test('a list, by the scopes of a key', async () => {
    const made = await world.api.call('mutation { createApiKey(input: { name: "Narrow", scopes: ["workflow:read"] }) { ... on CreateApiKeySuccess { secret } } }', {}, { as: acme.keys.owner });
    const narrow = made.data.createApiKey.secret as string;
    await world.api.call('{ viewer { kind } }', {}, { as: narrow });
    const { events } = await read('{ members { totalCount } }', narrow);
    expect(events.map(({ data }) => [data.field, data.permission])).toEqual([['Query.members', 'member:read']]);
    // Of three rows with the same field, it is one refusal; what may be read is answered.
    const nested = await read('{ workflows { edges { node { name createdBy { email } } } } }', narrow);
    expect(nested.result.data.workflows.edges).toHaveLength(3);
    expect(nested.events.map(({ data }) => [data.field, data.permission])).toEqual([['Workflow.createdBy', 'member:read']]);
    const byId = await read(`{ node(id: "${acme.members.viewer}") { id } }`, narrow);
    expect(byId.events.map(({ data }) => [data.field, data.permission])).toEqual([['Query.node', 'member:read']]);
  });

  test('a rule of a use case, with its reason', async () => {
    const { events } = await world.eventsOf(() => world.mutate('updateMemberRole', { id: acme.members.admin, role: 'VIEWER' }, acme.keys.manager));
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['ACCESS.DENIED', { code: 'FORBIDDEN', field: 'Mutation.updateMemberRole', permission: null, reason: 'You can only manage members with a role below your own.' }],
    ]);
  });

  test('a subscription, at its door and by what it asks for', async () => {
    const subscribe = (query: string, as: string) =>
      world.eventsOf(async () => {
        const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${as}` };
        const response = await world.api.app.api.fetch('http://tenantry.test/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
        await response.text();
      });
    const atDoor = await subscribe('subscription { eventAppended { type } }', acme.keys.customer);
    expect(atDoor.events.map(({ type, data }) => [type, data.field, data.permission])).toEqual([['ACCESS.DENIED', 'Subscription.eventAppended', 'event:read']]);
    const byQuery = await subscribe('subscription { eventAppended(query: [{ types: ["MEMBER.ADDED"] }]) { type } }', acme.keys.member);
    expect(byQuery.events.map(({ type, data }) => [type, data.field, data.permission])).toEqual([['ACCESS.DENIED', 'Subscription.eventAppended', 'audit:read']]);
  });

  test('what a subscription asks for below, once for each field, however many results it has', async () => {
    const append = () => world.api.call('mutation { appendEvents(input: { events: [{ type: "NOTE.WRITTEN" }] }) { ... on AppendEventsSuccess { position } } }', {}, { as: acme.keys.member });
    const after = (await append()).data.appendEvents.position - 1;
    await append();
    const query = 'subscription ($after: Position) { eventAppended(query: [{ types: ["NOTE.WRITTEN"] }], after: $after) { type ip userAgent } }';
    const { result, events } = await world.eventsOf(async () => {
      const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${acme.keys.member}` };
      const response = await world.api.app.api.fetch('http://tenantry.test/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables: { after } }) });
      let text = '';
      for await (const chunk of response.body!) {
        text += Buffer.from(chunk).toString();
        if (text.split('event: next').length > 2) break;
      }
      return text;
    });
    expect(result.split('"FORBIDDEN"')).toHaveLength(5);
    expect(events.map(({ orgId, type, data }) => [orgId, type, data.field, data.permission])).toEqual([
      [acme.orgUuid, 'ACCESS.DENIED', 'Event.ip', 'audit:read'],
      [acme.orgUuid, 'ACCESS.DENIED', 'Event.userAgent', 'audit:read'],
    ]);
  });

  test('each field of a request, once and together', async () => {
    const input = '{ id: "x" }';
    const query = `mutation { a: deleteSchedule(input: ${input}) { __typename } b: deleteSchedule(input: ${input}) { __typename } c: deleteWorkflow(input: ${input}) { __typename } }`;
    const { events } = await read(query, acme.keys.viewer);
    expect(events.map(({ data }) => data.field)).toEqual(['Mutation.deleteSchedule', 'Mutation.deleteWorkflow']);
    expect(new Set(events.map(({ transaction }) => transaction)).size).toBe(1);
  });
});

describe('a session without a second factor, where the organization asks for one', () => {
  const strict = (is: boolean) => world.sql('UPDATE iam.organizations SET require_second_factor = $2 WHERE id = $1', acme.orgUuid, is).then(() => world.api.app.services.auth.forgetAll());
  const ask = (as: string, headers: Record<string, string> = { 'x-organization-id': acme.organizationId }) => read('{ organization { slug } }', as, headers);
  beforeEach(() => strict(true));
  afterEach(() => strict(false));

  test('is refused as a whole, and its log has whom', async () => {
    const person = await signIn(world.api.app, acme.email('viewer'));
    const { result, events } = await ask(person);
    expect(result.errors?.[0]?.extensions.code).toBe('SECOND_FACTOR_REQUIRED');
    const data = { code: 'SECOND_FACTOR_REQUIRED', field: null, permission: null, reason: 'This organization asks for a second factor: set one up, or sign in with it.' };
    expect(events).toMatchObject([{ orgId: acme.orgUuid, type: 'ACCESS.DENIED', data, actor: { kind: 'user', membershipId: memberUuid(acme, 'viewer') }, tags: [`actor:${acme.members.viewer}`] }]);
  });

  test('is told of an operator of the platform too', async () => {
    const operator = await signIn(world.api.app, 'operator@platform.test');
    expect((await ask(operator)).events).toMatchObject([{ orgId: acme.orgUuid, type: 'ACCESS.DENIED', data: { code: 'SECOND_FACTOR_REQUIRED' }, tags: ['actor:operator'] }]);
  });

  test('leaves as many a minute as any refusal', async () => {
    const person = await signIn(world.api.app, acme.email('member'));
    const { events } = await world.eventsOf(async () => {
      for (let index = 0; index < 20; index++) await ask(person);
      await world.api.app.accessLog.close();
    });
    expect(events.map(({ data }) => data.leftOut ?? 0)).toEqual([...Array.from({ length: 12 }, () => 0), 8]);
  });

  test('leaves nothing without the header, in other organizations, or of who is no member', async () => {
    const [person, stranger] = [await signIn(world.api.app, acme.email('viewer')), await signIn(world.api.app, other.email('viewer'))];
    for (const { events } of [await ask(person, {}), await ask(stranger)]) expect(events).toEqual([]);
  });
});

test('no two roots have a field of the same name: a refusal is told by the name', () => {
  const names = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) => Object.keys(root!.getFields()));
  expect(new Set(names).size).toBe(names.length);
});

describe('what is not written down', () => {
  test("what somebody does not find: another organization's thing is refused to nobody", async () => {
    const { result, events } = await world.eventsOf(() => world.mutate('deleteWorkflow', { id: other.workflowIds[0] }, acme.keys.owner));
    expect(result.data.deleteWorkflow.code).toBe('NOT_FOUND');
    expect(events).toEqual([]);
  });

  test('a refusal of somebody who is in no organization, or names one of others', async () => {
    const person = await signIn(world.api.app, acme.email('viewer'));
    for (const [as, headers] of [[undefined, {}], [person, { 'x-organization-id': other.organizationId }], [world.operator.token, {}]] as const) {
      const { result, events } = await read('mutation { deleteWorkflow(input: { id: "x" }) { __typename } }', as, headers);
      expect(result.errors).toHaveLength(1);
      expect(events).toEqual([]);
    }
  });
});

describe('a flood of refusals', () => {
  const flood = async (count: number, as = acme.keys.customer): Promise<void> => {
    for (let index = 0; index < count; index++) await world.mutate('createWorkflow', create, as);
  };
  const fieldsOf = (events: readonly LoggedEvent[]) => events.map(({ data }) => data.field);
  /** Long enough after the minute began that what was left out is told when a test can wait for it. */
  const nearlyOver = (): void => void (nowMs += 59_900);
  /** What comes when the minute is over, without anybody asking for anything. */
  const toldAfter = async (events: number, position: number) => {
    const told = () => world.sql('SELECT data, tags, ip, correlation_id FROM events.events WHERE org_id = $1 AND position > $2 ORDER BY position', acme.orgUuid, position);
    await expect.poll(async () => (await told()).length, { timeout: 10_000 }).toBe(events);
    return told();
  };

  test('leaves so many a minute of each caller, and does not keep out something else that is refused', async () => {
    const { events } = await world.eventsOf(() => flood(50));
    expect(fieldsOf(events)).toEqual(Array.from({ length: 12 }, () => 'Mutation.createWorkflow'));
    const other = await world.eventsOf(async () => {
      await world.mutate('deleteWorkflow', { id: acme.workflowIds[0] }, acme.keys.customer);
      await flood(1);
    });
    expect(fieldsOf(other.events)).toEqual(['Mutation.deleteWorkflow']);
    // Somebody else is not concerned.
    expect((await world.eventsOf(() => flood(1, acme.keys.viewer))).events).toHaveLength(1);
    nowMs += 61_000;
    expect((await world.eventsOf(() => flood(1))).events).toHaveLength(1);
  });

  test('has what was left out in one event at the end of the minute, by field and permission, when nothing else is refused', async () => {
    const { events } = await world.eventsOf(async () => {
      await flood(12, acme.keys.viewer);
      nearlyOver();
      await flood(3, acme.keys.viewer);
      await world.mutate('deleteWorkflow', { id: acme.workflowIds[0] }, acme.keys.viewer);
      await flood(2, acme.keys.viewer);
    });
    expect(fieldsOf(events)).toHaveLength(13);
    nowMs += 100;
    const [told] = await toldAfter(1, events.at(-1)!.position);
    expect(told!['data']).toEqual({
      code: 'FORBIDDEN',
      field: null,
      permission: null,
      reason: 'Refused more often within a minute than is written down one by one.',
      leftOut: 5,
      fields: [{ field: 'Mutation.createWorkflow', permission: 'workflow:write', times: 5 }],
    });
    expect(told!['tags']).toContain(`actor:${acme.members.viewer}`);
    expect(told!['correlation_id']).toBeNull();
  });

  test('has what was left out in the log when the server stops', async () => {
    const { events } = await world.eventsOf(async () => {
      await flood(20);
      await world.api.app.accessLog.close();
    });
    expect(events.map(({ data }) => data.leftOut)).toEqual([...Array.from({ length: 12 }, () => undefined), expect.any(Number)]);
    expect(events.at(-1)!.data.leftOut).toBeGreaterThanOrEqual(8);
  });
});

test('what one session is refused in one organization takes nothing from what is written in another', async () => {
  await world.mutate('addMember', { email: acme.email('viewer'), role: 'VIEWER' }, other.keys.owner);
  const as = await signIn(world.api.app, acme.email('viewer'));
  const refuse = (organizationId: string, count: number) =>
    world.eventsOf(async () => {
      for (let index = 0; index < count; index++) await world.mutate('createWorkflow', create, as, { 'x-organization-id': organizationId });
    });
  expect((await refuse(acme.organizationId, 13)).events).toHaveLength(12);
  expect((await refuse(other.organizationId, 1)).events.map(({ orgId }) => orgId)).toEqual([other.orgUuid]);
});

test("a refusal is in the log of the caller's organization and of no other", async () => {
  const { events } = await world.eventsOf(async () => {
    await world.mutate('createWorkflow', create, acme.keys.viewer);
    await world.mutate('createWorkflow', create, other.keys.viewer);
  });
  expect(new Map(events.map(({ orgId, actor }) => [orgId, actor.membershipId]))).toEqual(
    new Map([
      [acme.orgUuid, memberUuid(acme, 'viewer')],
      [other.orgUuid, memberUuid(other, 'viewer')],
    ]),
  );
});

describe('an operator of the platform in an organization', () => {
  const begin = () => signIn(world.api.app, 'operator@platform.test');

  test('is written down before anything is shown, once within an hour', async () => {
    nowMs += DAY_MS;
    const operator = await begin();
    const query = () => world.eventsOf(() => world.api.call('{ organization { slug } }', {}, { as: operator, headers: { 'x-organization-id': acme.organizationId } }));
    const { events } = await query();
    expect(events).toMatchObject([{ orgId: acme.orgUuid, type: 'OPERATOR.ENTERED', actor: { kind: 'user', userId: world.operator.userId, membershipId: null }, tags: ['actor:operator'] }]);
    expect((await query()).events).toEqual([]);
    nowMs += 10 * 60_000;
    expect((await query()).events).toEqual([]);
  });

  test('is written down in each, by each of its sessions', async () => {
    const sessions = [await begin(), await begin()];
    const { events } = await world.eventsOf(async () => {
      for (const as of sessions) {
        for (const { organizationId } of [acme, other]) await world.api.call('{ organization { slug } }', {}, { as, headers: { 'x-organization-id': organizationId } });
      }
    });
    expect(events.map(({ type, orgId }) => [type, orgId])).toHaveLength(4);
    for (const { orgUuid } of [acme, other]) expect(events.filter(({ orgId }) => orgId === orgUuid)).toHaveLength(2);
  });

  test('is shown nothing when that cannot be written', async () => {
    const operator = await begin();
    await world.sql("CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'");
    await world.sql('CREATE TRIGGER refuse BEFORE INSERT ON events.events FOR EACH ROW EXECUTE FUNCTION public.refuse()');
    const ask = () => world.api.call('{ organization { slug } }', {}, { as: operator, headers: { 'x-organization-id': acme.organizationId } });
    const refused = await ask();
    await world.sql('DROP FUNCTION public.refuse CASCADE');
    expect([refused.data?.organization ?? null, refused.errors?.[0]?.extensions.code]).toEqual([null, 'INTERNAL']);
    const { result, events } = await world.eventsOf(ask);
    expect([result.data.organization.slug, typesOf(events)]).toEqual(['acme', ['OPERATOR.ENTERED']]);
  });

  test('leaves what it changes there, and nothing of where else it works', async () => {
    const operator = await begin();
    const headers = { 'x-organization-id': acme.organizationId };
    await read('{ organization { slug } }', operator, headers);
    const { events } = await world.eventsOf(async () => {
      await world.mutate('updateOrganization', { description: 'By the operator' }, operator, headers);
      await world.mutate('suspendOrganization', { id: other.organizationId, reason: 'late' }, operator, headers);
      await world.mutate('activateOrganization', { id: other.organizationId }, operator, headers);
    });
    expect(events.filter(({ orgId }) => orgId === acme.orgUuid).map(({ type }) => type)).toEqual(['ORGANIZATION.UPDATED']);
    const elsewhere = events.filter(({ orgId }) => orgId === other.orgUuid);
    expect(elsewhere.map(({ type, data }) => [type, data])).toEqual([
      ['ORGANIZATION.SUSPENDED', { before: { status: 'active', statusReason: null }, after: { status: 'suspended', statusReason: 'late' } }],
      ['ORGANIZATION.ACTIVATED', { before: { status: 'suspended', statusReason: 'late' }, after: { status: 'active', statusReason: null } }],
    ]);
    expect(JSON.stringify(elsewhere)).not.toContain(acme.orgUuid);
  });
});
