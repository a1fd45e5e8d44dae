import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { PASSWORD, setPassword, signIn } from '../harness/world.ts';
import { ask, bearer, send } from './door.ts';
import { byWebSocket, type Followed } from './subscribers.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// Subscriptions by WebSocket, with the client that people use and with the bare protocol, over a socket.

const settled = { timeout: 20_000, interval: 20 };

let world: ServedWorld;
let open: Followed[] = [];
let sockets: WebSocket[] = [];

beforeAll(async () => {
  world = await serveWorld({ environment: { CONNECTION_SUBSCRIPTION_LIMIT: '3', CORS_ORIGINS: 'https://app.acme.test' } }, { origins: { corsOrigins: ['https://app.acme.test'], corsLocal: false } });
});
afterEach(async () => {
  for (const { stop } of open) stop();
  for (const socket of sockets) socket.terminate();
  open = [];
  sockets = [];
  while (world.testApp.app.subscriptions.count() > 0) await sleep(20);
});
afterAll(() => world.close());

const EVENTS = 'subscription ($query: [EventQueryItem!], $after: Position) { eventAppended(query: $query, after: $after) { position type } }';
const asMember = () => ({ authorization: `Bearer ${world.acme.keys.member}` });

const subscribe = (params: Record<string, unknown>, variables: Record<string, unknown> = {}, headers: Record<string, string> = {}): Followed => {
  const followed = byWebSocket(world.url, params, { query: EVENTS, variables }, headers);
  open.push(followed);
  return followed;
};
const append = async (type: string, key = world.acme.keys.member) => {
  const query = 'mutation ($input: AppendEventsInput!) { appendEvents(input: $input) { ... on AppendEventsSuccess { position } } }';
  return (await ask(world.url, query, { input: { events: [{ type }] } }, bearer(key))).json.data.appendEvents.position as number;
};
const headOf = async (key = world.acme.keys.member): Promise<number> => (await ask(world.url, '{ events(first: 1) { head } }', {}, bearer(key))).json.data.events.head;
const typesIn = ({ results }: Followed): string[] => results.map(({ data }) => data.eventAppended.type);

/** A WebSocket without a client library: what it was told, and how it was closed. */
function connect(headers: Record<string, string> = {}, protocol = 'graphql-transport-ws', url = world.url) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocol, { headers });
  sockets.push(socket);
  const messages: any[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const opened = new Promise<void>((resolve) => socket.on('open', () => resolve()));
  /** The status of the answer, when it was no WebSocket. */
  const refused = new Promise<number>((resolve) => {
    socket.on('error', ({ message }) => resolve(Number(/Unexpected server response: (\d+)/.exec(message)?.[1])));
  });
  const say = (message: object) => socket.send(JSON.stringify(message));
  return { socket, messages, closed, refused, say, opened };
}

const sql = (text: string, ...values: unknown[]) => withClient(world.testApp.database.superuserUrl, (client) => client.query(text, values));

/** A key of the member's own that is not there for long. */
async function newKey() {
  const make = 'mutation { createApiKey(input: { name: "Short-lived", scopes: ["*"] }) { ... on CreateApiKeySuccess { secret apiKey { id } } } }';
  const { secret, apiKey } = (await ask(world.url, make, {}, bearer(world.acme.keys.owner))).json.data.createApiKey;
  const revoke = () => ask(world.url, 'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { __typename } }', { id: apiKey.id }, bearer(world.acme.keys.owner));
  return { params: { authorization: `Bearer ${secret}` }, revoke };
}

async function enter(params: object = asMember(), headers: Record<string, string> = {}) {
  const connection = connect(headers);
  await connection.opened;
  connection.say({ type: 'connection_init', payload: params });
  await expect.poll(() => connection.messages[0]?.type, settled).toBe('connection_ack');
  return connection;
}

describe('a subscription', () => {
  test('tells of each event that matches once, in its order, from a position on', async () => {
    const after = await headOf();
    await append('NOTE.WRITTEN');
    const followed = subscribe(asMember(), { after });
    await append('NOTE.READ');
    await expect.poll(() => followed.results, settled).toEqual([
      { data: { eventAppended: { position: after + 1, type: 'NOTE.WRITTEN' } } },
      { data: { eventAppended: { position: after + 2, type: 'NOTE.READ' } } },
    ]);
  });

  test('shows nothing of another organization, also not to a person of both', async () => {
    const join = 'mutation ($email: String!) { addMember(input: { email: $email, role: MEMBER }) { __typename } }';
    await ask(world.url, join, { email: world.acme.email('member') }, bearer(world.globex.keys.owner));
    const authorization = `Bearer ${await signIn(world.testApp.app, world.acme.email('member'))}`;
    const [mine, theirs] = [await headOf(), await headOf(world.globex.keys.member)];
    const followed = subscribe({ authorization, 'x-organization-id': world.acme.organizationId }, { after: mine });
    const other = subscribe({ Authorization: authorization, 'x-organization-id': world.globex.organizationId }, { after: theirs });
    await append('THEIRS.SECRET', world.globex.keys.member);
    await append('OURS.OWN');
    await expect.poll(() => typesIn(other), settled).toEqual(['THEIRS.SECRET']);
    await expect.poll(() => typesIn(followed), settled).toEqual(['OURS.OWN']);
  });

  test('is for the organization that was chosen, by the header or in connection_init', async () => {
    for (const [params, headers] of [
      [{ authorization: `Bearer ${world.operator.token}`, 'X-Organization-Id': world.acme.organizationId }, {}],
      [{ authorization: `Bearer ${world.operator.token}` }, { 'x-organization-id': world.acme.organizationId }],
      [{}, { ...bearer(world.acme.keys.member) }],
    ] as const) {
      const after = await headOf();
      const followed = subscribe(params, { after, query: [{ types: ['NOTE.WRITTEN'] }] }, headers);
      await append('NOTE.WRITTEN');
      await expect.poll(() => typesIn(followed), settled).toEqual(['NOTE.WRITTEN']);
    }
  });

  test('ends with its key, and says why', async () => {
    const key = await newKey();
    const followed = subscribe(key.params, { query: [{ types: ['NOTE.WRITTEN'] }], after: await headOf() });
    await append('NOTE.WRITTEN');
    await expect.poll(() => followed.results.length, settled).toBe(1);
    await key.revoke();
    await followed.done;
    expect(followed.results[1]).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  test('ends with the membership of who has the key, and says why', async () => {
    const followed = subscribe(asMember(), { query: [{ types: ['NOTE.WRITTEN'] }], after: await headOf() });
    await append('NOTE.WRITTEN');
    await expect.poll(() => followed.results.length, settled).toBe(1);
    await sql(`UPDATE iam.memberships SET status = 'suspended' WHERE org_id = $1 AND email = $2`, world.acme.orgUuid, world.acme.email('member'));
    await followed.done;
    expect(followed.results[1]).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'USER_NOT_ACTIVE' } }] });
    await sql(`UPDATE iam.memberships SET status = 'active' WHERE org_id = $1 AND email = $2`, world.acme.orgUuid, world.acme.email('member'));
  });

  test('of one connection are so many, and one more is refused with a code', async () => {
    const { say, messages } = await enter();
    for (const id of ['1', '2', '3', '4']) say({ type: 'subscribe', id, payload: { query: EVENTS } });
    await expect.poll(() => messages.slice(1), settled).toEqual([
      { type: 'error', id: expect.any(String), payload: [{ message: expect.stringContaining('3 subscriptions open'), extensions: { code: 'RATE_LIMITED' } }] },
    ]);
    say({ type: 'complete', id: ['1', '2', '3', '4'].find((id) => id !== messages[1].id) });
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(2);
    say({ type: 'subscribe', id: '5', payload: { query: EVENTS } });
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(3);
  });
});

describe('an operation', () => {
  test.each<[string, object, string]>([
    ['that is a query', { query: '{ __typename }' }, 'BAD_REQUEST'],
    ['that is a mutation', { query: 'mutation { appendEvents(input: { events: [{ type: "NOTE.UNSEEN" }] }) { __typename } }' }, 'BAD_REQUEST'],
    ['that is no GraphQL', { query: 'subscription {' }, 'GRAPHQL_PARSE_FAILED'],
    ['that fits no schema', { query: 'subscription { nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['too deep', { query: `subscription { workflowChanged { workflow { ${'tasks { edges { node { workflow { '.repeat(4)} id ${'} } } }'.repeat(4)} } } }` }, 'QUERY_TOO_COMPLEX'],
    ['with too many tokens', { query: `subscription { workflowChanged { ${'kind '.repeat(2_000)} } }` }, 'QUERY_TOO_COMPLEX'],
    ['of nobody’s documents', { query: '', documentId: `sha256:${'0'.repeat(64)}` }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
    ['on what the caller may not read', { query: 'subscription { eventAppended(query: [{ types: ["MEMBER.ADDED"] }]) { id } }' }, 'FORBIDDEN'],
  ])('%s is refused, and the connection goes on', async (_what, payload, code) => {
    const { say, messages } = await enter();
    say({ type: 'subscribe', id: 'a', payload });
    await expect.poll(() => messages[1], settled).toMatchObject({ type: 'error', id: 'a', payload: [{ extensions: { code } }] });
    expect(Object.keys(messages[1].payload[0].extensions)).not.toContain('http');
    say({ type: 'ping' });
    await expect.poll(() => messages[2]?.type, settled).toBe('pong');
  });

  test('is a trusted document by its id, also where nothing else runs', async () => {
    const manifest = path.join(import.meta.dirname, '../../src/sdk/generated/persisted-documents.json');
    const [[id]] = Object.entries(JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>) as [[string, string]];
    const testApp = await startTestApp({ database: world.testApp.database, environment: { DOCUMENTS: 'trusted', TRUSTED_DOCUMENTS: manifest } });
    const server = await startTestServer(testApp);
    const connection = connect({}, 'graphql-transport-ws', server.url);
    await connection.opened;
    connection.say({ type: 'connection_init', payload: asMember() });
    await expect.poll(() => connection.messages.length, settled).toBe(1);
    connection.say({ type: 'subscribe', id: 'text', payload: { query: EVENTS } });
    await expect.poll(() => connection.messages[1], settled).toMatchObject({ id: 'text', payload: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }] });
    // One that is known is read, and then refused for what it is: the manifest has no subscription.
    connection.say({ type: 'subscribe', id: 'known', payload: { query: '', documentId: id } });
    await expect.poll(() => connection.messages[2], settled).toMatchObject({ id: 'known', payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
    await server.close();
    await testApp.close();
  });
});

describe('a connection', () => {
  test.each<[string, () => object, () => Record<string, string>, string]>([
    ['of nobody', () => ({}), () => ({}), 'UNAUTHENTICATED'],
    ['with a wrong key', () => ({ authorization: 'Bearer tk_nonsense' }), () => ({}), 'UNAUTHENTICATED'],
    ['with a key that is no text', () => ({ authorization: { toString: 'x' } }), () => ({}), 'UNAUTHENTICATED'],
    ['with a line break in its key', () => ({ authorization: 'Bearer a\r\nx-organization-id: b' }), () => ({}), 'UNAUTHENTICATED'],
    ['that names another organization', () => ({ ...asMember(), 'x-organization-id': world.globex.organizationId }), () => ({}), 'FORBIDDEN'],
    ['with a cookie that another site made the browser send', () => ({}), () => ({ cookie: 'tenantry_access=x', 'sec-fetch-site': 'cross-site' }), 'UNAUTHENTICATED'],
  ])('%s is closed, with the code', async (_who, params, headers, code) => {
    const { opened, say, closed } = connect(headers());
    await opened;
    say({ type: 'connection_init', payload: params() });
    expect(await closed).toEqual({ code: 4403, reason: expect.stringContaining(code) });
  });

  test('that says nothing, something else, or too much is closed', async () => {
    const early = connect();
    await early.opened;
    early.say({ type: 'subscribe', id: '1', payload: { query: EVENTS } });
    expect((await early.closed).code).toBe(4401);
    const strange = connect();
    await strange.opened;
    strange.socket.send('{');
    expect((await strange.closed).code).toBe(4400);
    const large = await enter();
    large.say({ type: 'subscribe', id: '1', payload: { query: `${EVENTS} #${'x'.repeat(110_000)}` } });
    expect((await large.closed).code).toBe(1009);
    const other = connect({}, 'graphql-ws');
    await other.closed;
  });

  test('of a page of another site is refused before it is one, and that of a listed one is not', async () => {
    const host = new URL(world.url).host;
    for (const [origin, status] of [['https://evil.test', 403], ['null', 403], [`https://${host}.evil.test`, 403]] as const) {
      expect([origin, await connect({ origin }).refused]).toEqual([origin, status]);
    }
    for (const origin of [`http://${host}`, 'https://app.acme.test']) await enter(asMember(), { origin });
  });

  test('comes in by the cookie of the server’s own page', async () => {
    await setPassword(world.testApp.app, world.acme.email('admin'));
    const enterByPassword = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }';
    const reply = await ask(world.url, enterByPassword, { input: { email: world.acme.email('admin'), password: PASSWORD, cookie: true } });
    const cookie = (reply.headers['set-cookie'] ?? []).map((text) => text.split(';')[0]).join('; ');
    expect(cookie).toContain('tenantry_access');
    const origin = new URL(world.url).origin;
    await enter({}, { cookie, origin });
    const strange = connect({ cookie, origin: 'https://evil.test' });
    expect(await strange.refused).toBe(403);
  });

  test('to another address is refused, and who asks for another protocol is answered in this one', async () => {
    const elsewhere = connect({}, 'graphql-transport-ws', world.url.replace('/graphql', '/elsewhere'));
    expect(await elsewhere.refused).toBe(404);
    const reply = await send(world.url, { headers: { connection: 'Upgrade', upgrade: 'h2c', 'content-type': 'application/json' }, body: '{"query":"{ __typename }"}' });
    expect(reply.json).toEqual({ data: { __typename: 'Query' } });
  });

  test('that asks for nothing is closed when its key ends, with the code', async () => {
    const key = await newKey();
    const { closed } = await enter(key.params);
    await key.revoke();
    expect(await closed).toEqual({ code: 4403, reason: expect.stringContaining('UNAUTHENTICATED') });
  });

  test('is closed when its key ends, after each of its subscriptions has said so', async () => {
    const key = await newKey();
    const { say, messages, closed } = await enter(key.params);
    const variables = { query: [{ types: ['NOTE.WRITTEN'] }] };
    for (const id of ['1', '2']) say({ type: 'subscribe', id, payload: { query: EVENTS, variables } });
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(2);
    await key.revoke();
    expect((await closed).code).toBe(4403);
    for (const id of ['1', '2']) {
      const own = messages.filter((message) => message.id === id);
      expect(own).toMatchObject([{ type: 'next', payload: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } }, { type: 'complete' }]);
    }
  });

  test('stays when its caller has another role, and what it asks for then is asked with that', async () => {
    const { say, messages, closed } = await enter({ authorization: `Bearer ${world.acme.keys.manager}` });
    say({ type: 'subscribe', id: 'before', payload: { query: EVENTS } });
    await expect.poll(() => world.testApp.app.subscriptions.count(), settled).toBe(1);
    const setRole = (role: string) => ask(world.url, 'mutation ($id: ID!, $role: OrganizationRole!) { updateMemberRole(input: { id: $id, role: $role }) { __typename } }', { id: world.acme.members.manager, role }, bearer(world.acme.keys.owner));
    await setRole('VIEWER');
    await expect.poll(() => messages.filter(({ id }) => id === 'before').map(({ type }) => type), settled).toEqual(['next', 'complete']);
    say({ type: 'subscribe', id: 'after', payload: { query: EVENTS } });
    await expect.poll(() => messages.find(({ id }) => id === 'after'), settled).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(await Promise.race([closed, Promise.resolve('open')])).toBe('open');
    await setRole('MANAGER');
  });

  test('whose client has gone silent is cut off', async () => {
    const testApp: TestApp = await startTestApp({ database: world.testApp.database });
    const server = await startTestServer(testApp);
    const silent = connect({}, 'graphql-transport-ws', server.url);
    await silent.opened;
    silent.say({ type: 'connection_init', payload: asMember() });
    await expect.poll(() => silent.messages.length, settled).toBe(1);
    silent.say({ type: 'subscribe', id: '1', payload: { query: EVENTS } });
    await expect.poll(() => testApp.app.subscriptions.count(), settled).toBe(1);
    // It reads nothing any more, so that it cannot answer a ping either.
    silent.socket.pause();
    await expect.poll(() => testApp.app.subscriptions.count(), { timeout: 50_000, interval: 100 }).toBe(0);
    await server.close();
    await testApp.close();
  }, 60_000);
});
