import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import pino from 'pino';
import { WebSocket } from 'ws';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';
import { ask, bearer, codesOf } from './door.ts';
import { bySse, type Followed } from './subscribers.ts';

// What subscriptions may take of the server: of one caller, of one organization, and altogether.

const settled = { timeout: 20_000, interval: 20 };

let testApp: TestApp;
let world: World;
let other: World;
const open: Followed[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  testApp = await startTestApp();
  const { userId } = await appointOperator(testApp);
  world = await seedWorld(testApp, 'acme', userId);
  other = await seedWorld(testApp, 'globex', userId);
});
afterEach(async () => {
  for (const { stop } of open.splice(0)) stop();
  for (const close of closing.splice(0)) await close();
});
afterAll(() => testApp?.close());

/** A server of its own on the same database. */
async function serve(environment: Record<string, string>, trustedProxies: string[] = []) {
  const limited = await startTestApp({ database: testApp.database, environment });
  const server = await startTestServer(limited, { trustedProxies });
  closing.push(async () => {
    await server.close();
    await limited.close();
  });
  return { url: server.url, subscriptions: limited.app.subscriptions };
}

const subscribe = (url: string, key: string, query: string, variables: Record<string, unknown> = {}): Followed => {
  const followed = bySse(url, bearer(key), { query, variables });
  open.push(followed);
  return followed;
};
const EVENTS = 'subscription ($query: [EventQueryItem!], $after: Position) { eventAppended(query: $query, after: $after) { position } }';
const reasonOf = ({ results }: Followed) => results.at(-1)?.errors?.[0]?.extensions.code;
const headOf = async (key: string): Promise<number> => (await testApp.call('{ events(first: 1) { head } }', {}, { as: key })).data.events.head;

describe('the results of a subscription', () => {
  test('cost its caller what a query of the same would, and nobody else', async () => {
    // What comes back within the test is little beside what is spent.
    const { url } = await serve({ RATE_LIMITS: 'on', COST_LIMIT: '30', COST_BUCKET: '30', COST_RESTORE_RATE: '1' });
    const after = await headOf(world.keys.member);
    const events = Array.from({ length: 29 }, () => ({ type: 'NOTE.WRITTEN' }));
    await testApp.call('mutation ($events: [NewEventInput!]!) { appendEvents(input: { events: $events }) { __typename } }', { events }, { as: world.keys.member });
    const followed = subscribe(url, world.keys.member, EVENTS, { after });
    await expect.poll(() => followed.results.length, settled).toBe(29);
    const spend = (key: string) => ask(url, '{ workflows(first: 25) { edges { node { id } } } }', {}, bearer(key));
    expect(codesOf(await spend(world.keys.member))).toEqual(['RATE_LIMITED']);
    expect((await spend(world.keys.manager)).json.errors).toBeUndefined();
  });

  test('have as long as a request has, each, and the last one says so', async () => {
    const { url, subscriptions } = await serve({ REQUEST_TIMEOUT_MS: '1500' });
    const after = (await headOf(world.keys.member)) - 1;
    await testApp.call('mutation ($id: ID!) { updateWorkflow(input: { id: $id, description: "Changed" }) { __typename } }', { id: world.workflowIds[0] }, { as: world.keys.admin });
    const holder = new pg.Client({ connectionString: testApp.database.superuserUrl });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE workflow.workflows IN ACCESS EXCLUSIVE MODE');
    const followed = subscribe(url, world.keys.viewer, 'subscription ($after: Position) { workflowChanged(after: $after) { workflow { name } } }', { after });
    await followed.done;
    await holder.end();
    expect(followed.results.map(({ data }) => data)).toEqual([undefined]);
    expect([reasonOf(followed), subscriptions.count()]).toEqual(['SERVICE_UNAVAILABLE', 0]);
  });

  test('end with a code when what they come from fails, and the log has the cause once', async () => {
    const lines: { level: number; msg: string; error?: { database?: object } }[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const failing = await startTestApp({ database: testApp.database, logger });
    const server = await startTestServer(failing);
    closing.push(async () => {
      await server.close();
      await failing.close();
    });
    const sql = (text: string) => withClient(testApp.database.superuserUrl, (client) => client.query(text));
    const followed = subscribe(server.url, world.keys.member, EVENTS, { query: [{ types: ['NOTE.FAILED'] }], after: await headOf(world.keys.member) });
    await expect.poll(() => failing.app.subscriptions.count(), settled).toBe(1);
    await sql('REVOKE SELECT ON events.events FROM tenantry_runtime; REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA events FROM tenantry_runtime, PUBLIC');
    try {
      await sql(`NOTIFY tenantry_events, '${world.orgUuid}'`);
      await followed.done;
    } finally {
      await sql('GRANT SELECT ON events.events TO tenantry_runtime; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA events TO tenantry_runtime');
    }
    expect(followed.results).toEqual([{ errors: [{ message: expect.stringMatching(/^Something went wrong on our side/), extensions: expect.objectContaining({ code: 'INTERNAL' }) }] }]);
    expect(lines.filter(({ msg }) => msg === 'unexpected failure')).toMatchObject([{ error: { database: { sqlState: '42501' } } }]);
  });
});

describe('so many may be open', () => {
  test('of one organization, whoever has them, and one more is refused with a code', async () => {
    const { url, subscriptions } = await serve({ ORGANIZATION_SUBSCRIPTION_LIMIT: '3' });
    const { member, manager, admin } = world.keys;
    for (const key of [member, manager, admin]) subscribe(url, key, EVENTS);
    await expect.poll(() => subscriptions.count(), settled).toBe(3);
    await expect(subscribe(url, world.keys.owner, EVENTS).done).rejects.toThrow('429');
    subscribe(url, other.keys.member, EVENTS);
    await expect.poll(() => subscriptions.count(), settled).toBe(4);
    open[0]!.stop();
    await expect.poll(() => subscriptions.count(), settled).toBe(3);
    subscribe(url, world.keys.owner, EVENTS);
    await expect.poll(() => subscriptions.count(), settled).toBe(4);
  });

  test('at one process, whoever has them', async () => {
    const { url, subscriptions } = await serve({ PROCESS_SUBSCRIPTION_LIMIT: '2' });
    subscribe(url, world.keys.member, EVENTS);
    subscribe(url, other.keys.member, EVENTS);
    await expect.poll(() => subscriptions.count(), settled).toBe(2);
    const third = subscribe(url, other.keys.manager, EVENTS);
    await third.done;
    expect(reasonOf(third)).toBe('SERVICE_UNAVAILABLE');
  });
});

describe('so many WebSockets', () => {
  /** One that has not said whose it is. */
  async function connect(url: string, headers: Record<string, string> = {}) {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { headers });
    closing.unshift(async () => socket.terminate());
    await once(socket, 'open');
    return socket;
  }
  async function enter(url: string, key: string, headers: Record<string, string> = {}) {
    const socket = await connect(url, headers);
    const said = Promise.race([once(socket, 'message').then(([data]) => JSON.parse(String(data)).type as string), once(socket, 'close').then(([code, reason]) => `${code} ${reason}`)]);
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    return { socket, said: await said };
  }

  test('has one caller, until one of them is closed, and another one its own', async () => {
    const { url } = await serve({ SUBSCRIPTION_LIMIT: '2' });
    const [first] = [await enter(url, world.keys.member), await enter(url, world.keys.member)];
    expect(await enter(url, world.keys.member)).toMatchObject({ said: expect.stringMatching(/^1013 RATE_LIMITED: You have 2 WebSockets open/) });
    expect(await enter(url, world.keys.manager)).toMatchObject({ said: 'connection_ack' });
    first.socket.close();
    await expect.poll(async () => (await enter(url, world.keys.member)).said, settled).toBe('connection_ack');
  });

  test('has one process, whoever is at the other end', async () => {
    const { url } = await serve({ PROCESS_SUBSCRIPTION_LIMIT: '2' });
    expect([(await enter(url, world.keys.member)).said, (await enter(url, other.keys.member)).said]).toEqual(['connection_ack', 'connection_ack']);
    await expect(enter(url, other.keys.manager)).rejects.toThrow('503');
  });

  test('have all callers of one organization together, and another one its own', async () => {
    const { url } = await serve({ ORGANIZATION_SUBSCRIPTION_LIMIT: '2' });
    const { member, manager, admin } = world.keys;
    const [first] = [await enter(url, member), await enter(url, manager)];
    expect(await enter(url, admin)).toMatchObject({ said: expect.stringMatching(/^1013 RATE_LIMITED: This organization has 2 WebSockets open/) });
    expect(await enter(url, other.keys.member)).toMatchObject({ said: 'connection_ack' });
    first.socket.close();
    await expect.poll(async () => (await enter(url, admin)).said, settled).toBe('connection_ack');
  });

  test('may have who does not say who it is, without keeping out anybody who does', async () => {
    const { url } = await serve({ PROCESS_SUBSCRIPTION_LIMIT: '2' });
    for (let count = 0; count < 10; count += 1) await connect(url);
    expect([(await enter(url, world.keys.member)).said, (await enter(url, other.keys.member)).said]).toEqual(['connection_ack', 'connection_ack']);
  });

  test('has one network address that does not say who it is, until one of them has or is closed, and another address its own', async () => {
    const { url } = await serve({}, ['127.0.0.1']);
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const waiting: WebSocket[] = [];
    for (let count = 0; count < 50; count += 1) waiting.push(await connect(url, from(`2001:db8:0:1::${count}`)));
    await expect(connect(url, from('2001:db8:0:1:ffff::'))).rejects.toThrow('429');
    expect(await enter(url, world.keys.member, from('2001:db8:0:2::'))).toMatchObject({ said: 'connection_ack' });
    waiting[0]!.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${world.keys.member}` } }));
    await once(waiting[0]!, 'message');
    const again = await connect(url, from('2001:db8:0:1::'));
    await expect(connect(url, from('2001:db8:0:1::'))).rejects.toThrow('429');
    again.close();
    await once(again, 'close');
    await expect.poll(() => connect(url, from('2001:db8:0:1::')).then(() => 'open', ({ message }: Error) => message), settled).toBe('open');
  });
});
