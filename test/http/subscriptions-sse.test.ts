import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { signIn } from '../harness/world.ts';
import { ask, bearer, codesOf, send } from './door.ts';
import { bySse, type Followed } from './subscribers.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// Subscriptions by server-sent events, with the client that people use, over a socket.

const settled = { timeout: 20_000, interval: 20 };

let world: ServedWorld;
let open: Followed[] = [];

beforeAll(async () => {
  world = await serveWorld({ environment: { SUBSCRIPTION_LIMIT: '5' } });
});
afterEach(async () => {
  for (const { stop } of open) stop();
  open = [];
  while (world.testApp.app.subscriptions.count() > 0) await sleep(20);
});
afterAll(() => world.close());

const EVENTS = 'subscription ($query: [EventQueryItem!], $after: Position) { eventAppended(query: $query, after: $after) { position type tags data } }';

const subscribe = (headers: Record<string, string>, query = EVENTS, variables: Record<string, unknown> = {}): Followed => {
  const followed = bySse(world.url, headers, { query, variables });
  open.push(followed);
  return followed;
};

const append = async (type: string, key = world.acme.keys.member, tags: string[] = []) => {
  const query = 'mutation ($input: AppendEventsInput!) { appendEvents(input: $input) { ... on AppendEventsSuccess { position } ... on Error { message } } }';
  const { json } = await ask(world.url, query, { input: { events: [{ type, tags }] } }, bearer(key));
  expect(json.data.appendEvents.position).toBeGreaterThan(0);
  return json.data.appendEvents.position as number;
};
const headOf = async (key = world.acme.keys.member): Promise<number> =>
  (await ask(world.url, '{ events(first: 1) { head } }', {}, bearer(key))).json.data.events.head;

const typesIn = ({ results }: Followed): string[] => results.map(({ data }) => data.eventAppended.type);
describe('eventAppended', () => {
  test('tells of each event that matches once, in its order, from a position on', async () => {
    const after = await headOf();
    await append('NOTE.WRITTEN', undefined, ['note:1']);
    const all = subscribe(bearer(world.acme.keys.member), EVENTS, { after });
    const some = subscribe(bearer(world.acme.keys.member), EVENTS, { after, query: [{ tags: ['note:2'] }] });
    await append('NOTE.READ', undefined, ['note:1']);
    await append('NOTE.READ', undefined, ['note:2']);
    await expect.poll(() => all.results.length, settled).toBe(3);
    await expect.poll(() => some.results.length, settled).toBe(1);
    expect(all.results.map(({ data }) => data.eventAppended.position)).toEqual([after + 1, after + 2, after + 3]);
    expect(all.results[0]).toEqual({ data: { eventAppended: { position: after + 1, type: 'NOTE.WRITTEN', tags: ['note:1'], data: {} } } });
  });

  test('begins now when nothing is said', async () => {
    await append('NOTE.BEFORE');
    const followed = subscribe(bearer(world.acme.keys.member));
    // It has begun when it is told of something.
    for (let count = 0; followed.results.length === 0; count += 1) {
      await append('NOTE.AFTER');
      await sleep(50);
    }
    expect(new Set(typesIn(followed))).toEqual(new Set(['NOTE.AFTER']));
  });

  test('shows nothing of the audit without audit:read, and all of it with', async () => {
    const after = await headOf();
    const member = subscribe(bearer(world.acme.keys.member), EVENTS, { after });
    const admin = subscribe(bearer(world.acme.keys.admin), EVENTS, { after });
    await ask(world.url, 'mutation ($id: ID!) { updateWorkflow(input: { id: $id, description: "Audited" }) { __typename } }', { id: world.acme.workflowIds[0]! }, bearer(world.acme.keys.admin));
    await append('NOTE.LAST');
    // That the audit is read is written down in its own time, perhaps after the last event here.
    await expect.poll(() => typesIn(admin), settled).toEqual(expect.arrayContaining(['AUDIT.READ', 'WORKFLOW.UPDATED', 'NOTE.LAST']));
    await expect.poll(() => typesIn(member), settled).toEqual(['NOTE.LAST']);
  });

  test('shows nothing of another organization, whatever happens there', async () => {
    const [mine, theirs] = [await headOf(), await headOf(world.globex.keys.member)];
    const followed = subscribe(bearer(world.acme.keys.member), EVENTS, { after: mine });
    const other = subscribe(bearer(world.globex.keys.member), EVENTS, { after: theirs });
    await append('THEIRS.SECRET', world.globex.keys.member);
    await append('OURS.OWN');
    await expect.poll(() => typesIn(other), settled).toEqual(['THEIRS.SECRET']);
    await expect.poll(() => typesIn(followed), settled).toEqual(['OURS.OWN']);
  });
});

describe('who may not', () => {
  test.each<[string, () => Record<string, string>, string]>([
    ['nobody', () => ({}), 'UNAUTHENTICATED'],
    ['somebody with a wrong key', () => bearer('tk_nonsense'), 'UNAUTHENTICATED'],
    ['a viewer', () => bearer(world.acme.keys.viewer), 'FORBIDDEN'],
    ['somebody who names another organization', () => ({ ...bearer(world.acme.keys.member), 'x-organization-id': world.globex.organizationId }), 'FORBIDDEN'],
    ['an operator without an organization', () => bearer(world.operator.token), 'TENANT_CONTEXT_REQUIRED'],
  ])('%s is told so, and follows nothing', async (_who, headers, code) => {
    const followed = subscribe(headers());
    await followed.done;
    expect(followed.results).toEqual([{ ...(followed.results[0]!.data !== undefined && { data: null }), errors: [expect.objectContaining({ extensions: expect.objectContaining({ code }) })] }]);
  });

  test.each<[string, string, object, string]>([
    ['too deep', `subscription { workflowChanged { workflow { ${'tasks { edges { node { workflow { '.repeat(4)} id ${'} } } }'.repeat(4)} } } }`, {}, 'QUERY_TOO_COMPLEX'],
    ['too dear', 'subscription { workflowChanged { workflow { tasks(first: 100) { edges { node { workflow { tasks(first: 100) { edges { node { key } } } } } } } } } }', {}, 'QUERY_TOO_COMPLEX'],
    ['two at once', 'subscription { a: eventAppended { id } b: eventAppended { id } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a query that is none', EVENTS, { query: [] }, 'VALIDATION_FAILED'],
    ['a type of the audit', EVENTS, { query: [{ types: ['MEMBER.ADDED'] }] }, 'FORBIDDEN'],
    ['a position before all', EVENTS, { after: -1 }, 'VALIDATION_FAILED'],
  ])('nor anybody %s', async (_what, query, variables, code) => {
    const followed = subscribe(bearer(world.acme.keys.member), query, variables as Record<string, unknown>);
    await followed.done;
    expect(followed.results.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code)).toEqual([code]);
  });

  test('has more open than there may be, until one of them ends', async () => {
    const headers = bearer(world.globex.keys.manager);
    const five = Array.from({ length: 5 }, () => subscribe(headers));
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(5);
    const sixth = subscribe(headers);
    await expect(sixth.done).rejects.toThrow('429');
    five[0]!.stop();
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(4);
    const another = subscribe(headers);
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(5);
    expect(another.results).toEqual([]);
  });
});

describe('an answer of the wrong kind', () => {
  const post = (accept: string, query: string) =>
    send(world.url, { headers: { 'content-type': 'application/json', accept, ...bearer(world.acme.keys.member) }, body: JSON.stringify({ query }) });

  test('a subscription is refused to who takes JSON alone, before anything is followed', async () => {
    const reply = await post('application/json', 'subscription { eventAppended { id } }');
    expect([reply.status, codesOf(reply)]).toEqual([406, ['BAD_REQUEST']]);
  });

  test('a query or mutation is refused to who takes a stream alone, before anything is done', async () => {
    for (const query of ['{ __typename }', 'mutation { appendEvents(input: { events: [{ type: "NOTE.UNSEEN" }] }) { __typename } }']) {
      const { result, statements } = await world.testApp.statementsOf(() => post('text/event-stream', query));
      expect([result.status, codesOf(result), statements]).toEqual([406, ['BAD_REQUEST'], []]);
    }
  });

  test('a stream is neither packed nor kept, and has a heartbeat', async () => {
    const aborting = new AbortController();
    const response = await fetch(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'accept-encoding': 'gzip', ...bearer(world.acme.keys.member) },
      body: JSON.stringify({ query: 'subscription { eventAppended { id } }' }),
      signal: aborting.signal,
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
    expect(response.headers.get('content-encoding')).toBeNull();
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (text.split(':\n\n').length > 2) break;
    }
    aborting.abort();
    expect(text).toMatch(/^(:\n\n)+$/);
  });
});

describe('a subscription ends', () => {
  const reasonOf = ({ results }: Followed) => results.at(-1)?.errors?.[0]?.extensions.code;
  const sql = (text: string, ...values: unknown[]) => withClient(world.testApp.database.superuserUrl, (client) => client.query(text, values));
  const newKey = async (scopes = ['*']) => {
    const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret apiKey { id } } } }';
    const owner = await signIn(world.testApp.app, world.acme.email('owner'));
    const { json } = await ask(world.url, query, { input: { name: 'Short-lived', scopes } }, bearer(owner));
    return { secret: json.data.createApiKey.secret as string, id: json.data.createApiKey.apiKey.id as string };
  };
  const begun = async (headers: Record<string, string>) => {
    const followed = subscribe(headers, EVENTS, { query: [{ types: ['NOTE.WRITTEN'] }], after: await headOf() });
    await append('NOTE.WRITTEN');
    await expect.poll(() => typesIn(followed), settled).toEqual(['NOTE.WRITTEN']);
    return followed;
  };

  test('with its key', async () => {
    const key = await newKey();
    const followed = await begun(bearer(key.secret));
    await ask(world.url, 'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { __typename } }', { id: key.id }, bearer(world.acme.keys.owner));
    await followed.done;
    expect(reasonOf(followed)).toBe('UNAUTHENTICATED');
  });

  test('with its key, when nobody but the database knew', async () => {
    const key = await newKey();
    const followed = await begun(bearer(key.secret));
    await sql(`UPDATE iam.api_keys SET status = 'revoked', revoked_at = now() WHERE name = 'Short-lived' AND status = 'active'`);
    await followed.done;
    expect(reasonOf(followed)).toBe('UNAUTHENTICATED');
  });

  test('with its session', async () => {
    const token = await signIn(world.testApp.app, world.acme.email('manager'));
    const followed = await begun(bearer(token));
    await ask(world.url, 'mutation { signOut { __typename } }', {}, bearer(token));
    await followed.done;
    expect(reasonOf(followed)).toBe('UNAUTHENTICATED');
  });

  test('with another role, whether it is more or less', async () => {
    const token = await signIn(world.testApp.app, world.acme.email('member'));
    const followed = await begun(bearer(token));
    await sql(`UPDATE iam.memberships SET role = 'admin' WHERE email = $1`, world.acme.email('member'));
    await followed.done;
    expect(reasonOf(followed)).toBe('FORBIDDEN');
    await sql(`UPDATE iam.memberships SET role = 'member' WHERE email = $1`, world.acme.email('member'));
  });

  test('with the suspension of the member, and of the organization', async () => {
    const followed = await begun(bearer(world.acme.keys.manager));
    await sql(`UPDATE iam.memberships SET status = 'suspended' WHERE email = $1`, world.acme.email('manager'));
    await followed.done;
    expect(reasonOf(followed)).toBe('USER_NOT_ACTIVE');
    const all = await begun(bearer(world.acme.keys.member));
    const suspend = 'mutation ($id: ID!, $open: Boolean!) { suspendOrganization(input: { id: $id }) @skip(if: $open) { __typename } activateOrganization(input: { id: $id }) @include(if: $open) { __typename } }';
    await ask(world.url, suspend, { id: world.acme.organizationId, open: false }, bearer(world.operator.token));
    await all.done;
    expect(reasonOf(all)).toBe('ORG_NOT_ACTIVE');
    await ask(world.url, suspend, { id: world.acme.organizationId, open: true }, bearer(world.operator.token));
  });

  test('takes up no place any more when its client has gone', async () => {
    const before = world.testApp.app.subscriptions.count();
    const followed = await begun(bearer(world.acme.keys.member));
    expect(world.testApp.app.subscriptions.count()).toBe(before + 1);
    followed.stop();
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(before);
  });
});

describe('entity changes', () => {
  const WORKFLOWS = 'subscription ($id: ID, $after: Position) { workflowChanged(id: $id, after: $after) { kind position workflowId workflow { name } } }';
  const change = (query: string, variables: Record<string, unknown>) => ask(world.url, query, variables, bearer(world.acme.keys.admin));

  test('workflowChanged tells a viewer what happens to workflows, and nothing of who did it', async () => {
    const after = await headOf();
    const all = subscribe(bearer(world.acme.keys.viewer), WORKFLOWS, { after });
    const one = subscribe(bearer(world.acme.keys.viewer), WORKFLOWS, { after, id: world.acme.workflowIds[1]! });
    await change('mutation ($id: ID!) { updateWorkflow(input: { id: $id, name: "First" }) { __typename } }', { id: world.acme.workflowIds[0]! });
    await change('mutation ($id: ID!) { updateWorkflow(input: { id: $id, name: "Second" }) { __typename } }', { id: world.acme.workflowIds[1]! });
    await change('mutation ($id: ID!) { deleteWorkflow(input: { id: $id }) { __typename } }', { id: world.acme.workflowIds[2]! });
    await expect.poll(() => all.results.length, settled).toBe(3);
    expect(all.results.map(({ data }) => [data.workflowChanged.kind, data.workflowChanged.workflowId, data.workflowChanged.workflow?.name])).toEqual([
      ['UPDATED', world.acme.workflowIds[0], 'First'],
      ['UPDATED', world.acme.workflowIds[1], 'Second'],
      ['DELETED', world.acme.workflowIds[2], undefined],
    ]);
    await expect.poll(() => one.results.length, settled).toBe(1);
  });

  test('show the audit only when that could be written down, and again when it can', async () => {
    const sql = (text: string) => withClient(world.testApp.database.superuserUrl, (client) => client.query(text));
    const query = 'subscription ($id: ID) { workflowChanged(id: $id) { kind workflow { history(first: 1) { edges { node { type } } } } } }';
    const id = world.acme.workflowIds[0]!;
    const followed = subscribe(bearer(world.acme.keys.admin), query, { id });
    const update = (description: string) => change('mutation ($id: ID!, $description: String) { updateWorkflow(input: { id: $id, description: $description }) { __typename } }', { id, description });
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(1);
    await sql("CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'");
    await sql("CREATE TRIGGER refuse BEFORE INSERT ON events.events FOR EACH ROW WHEN (NEW.type = 'AUDIT.READ') EXECUTE FUNCTION public.refuse()");
    // It has begun when it is told of something.
    for (let count = 0; followed.results.length === 0; count += 1) {
      await update(`Hidden ${count}`);
      await sleep(50);
    }
    await sql('DROP FUNCTION public.refuse CASCADE');
    expect(followed.results[0]).toMatchObject({ data: { workflowChanged: { workflow: { history: null } } }, errors: [{ extensions: { code: 'INTERNAL' } }] });
    await update('Shown');
    await expect.poll(() => followed.results.at(-1)?.data.workflowChanged.workflow.history?.edges, settled).toEqual([{ node: { type: 'WORKFLOW.CREATED' } }]);
  });

  test('memberChanged tells what happens to members', async () => {
    const after = await headOf();
    const followed = subscribe(bearer(world.acme.keys.viewer), 'subscription ($after: Position) { memberChanged(after: $after) { kind memberId member { role } } }', { after });
    await change('mutation ($id: ID!) { updateMemberRole(input: { id: $id, role: VIEWER }) { __typename } }', { id: world.acme.members.customer });
    await expect.poll(() => followed.results, settled).toEqual([{ data: { memberChanged: { kind: 'UPDATED', memberId: world.acme.members.customer, member: { role: 'VIEWER' } } } }]);
  });

  test('one that is unknown, and one of another organization, are answered alike', async () => {
    const answers = [];
    for (const id of [world.globex.workflowIds[0]!, 'wf_nonsense', world.acme.members.viewer]) {
      const followed = subscribe(bearer(world.acme.keys.viewer), WORKFLOWS, { id });
      await followed.done;
      answers.push(JSON.stringify(followed.results));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('NOT_FOUND');
  });

  test('needs the right to read what it tells of', async () => {
    const followed = subscribe(bearer(world.acme.keys.customer), 'subscription { memberChanged { kind } }');
    await followed.done;
    expect(followed.results.at(-1)?.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
