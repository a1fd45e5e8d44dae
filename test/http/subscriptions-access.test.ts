import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';
import { type Proxy, startProxy } from '../isolation/proxy.ts';
import { ask, bearer } from './door.ts';
import { bySse, type Followed } from './subscribers.ts';

// Subscribers whose access ends while nobody can say so: the server cannot hear of changes, or nothing has changed but the
// time.

const settled = { timeout: 30_000, interval: 20 };

let testApp: TestApp;
let deaf: TestApp;
let server: TestServer;
let deafServer: TestServer;
let proxy: Proxy;
let world: World;
let offsetMs = 0;
const open: Followed[] = [];

beforeAll(async () => {
  testApp = await startTestApp({ clock: { now: () => new Date(Date.now() + offsetMs) } });
  world = await seedWorld(testApp, 'acme', (await appointOperator(testApp)).userId, 1);
  proxy = await startProxy(testApp.database.runtimeUrl);
  deaf = await startTestApp({ database: testApp.database, listenUrl: proxy.url });
  await proxy.cut();
  [server, deafServer] = [await startTestServer(testApp), await startTestServer(deaf)];
});
afterEach(() => {
  for (const { stop } of open.splice(0)) stop();
});
afterAll(async () => {
  await server.close();
  await deafServer.close();
  await deaf.close();
  await testApp.close();
  await proxy.close();
});

const append = async (key: string) => {
  const query = 'mutation { appendEvents(input: { events: [{ type: "NOTE.WRITTEN" }] }) { ... on AppendEventsSuccess { position } } }';
  return (await ask(server.url, query, {}, bearer(key))).json.data.appendEvents.position as number;
};

/** A subscription that was told of something already. */
async function begun(url: string, token: string): Promise<Followed> {
  const after = (await append(world.keys.member)) - 1;
  const followed = bySse(url, bearer(token), { query: 'subscription ($after: Position) { eventAppended(after: $after, query: [{ types: ["NOTE.WRITTEN"] }]) { position } }', variables: { after } });
  open.push(followed);
  await expect.poll(() => followed.results.length, settled).toBe(1);
  return followed;
}
const reasonOf = ({ results }: Followed) => results.at(-1)?.errors?.[0]?.extensions.code;

test('whoever is suspended while the server cannot hear of it is shown nothing more', async () => {
  await expect.poll(() => deaf.app.accessFeed.isListening(), settled).toBe(false);
  const followed = await begun(deafServer.url, world.keys.manager);
  await withClient(testApp.database.superuserUrl, (client) => client.query(`UPDATE iam.memberships SET status = 'suspended' WHERE email = $1`, [world.email('manager')]));
  // Appended at once: it must not reach the subscriber before the server has asked again.
  await append(world.keys.member);
  await followed.done;
  expect([followed.results.length, reasonOf(followed)]).toEqual([2, 'USER_NOT_ACTIVE']);
});

test('a session that has run out takes its subscriptions along, though nothing has changed but the time', async () => {
  const followed = await begun(server.url, await signIn(testApp.app, world.email('member')));
  offsetMs = 60 * 60 * 1_000;
  await followed.done;
  expect(reasonOf(followed)).toBe('UNAUTHENTICATED');
  offsetMs = 0;
});

test('whoever is asked about and still who it was is shown everything, whatever else changes', async () => {
  const followed = [await begun(deafServer.url, world.keys.member), await begun(server.url, world.keys.member)];
  const asked: string[] = [];
  const stop = testApp.app.pool.observe(({ text }) => text.includes('find_api_key') && asked.push(text));
  await withClient(testApp.database.superuserUrl, (client) => client.query(`UPDATE iam.organizations SET name = 'Renamed' WHERE id = $1`, [world.orgUuid]));
  await expect.poll(() => asked.length, settled).toBeGreaterThan(0);
  stop();
  await withClient(testApp.database.superuserUrl, (client) => client.query(`UPDATE iam.memberships SET status = 'suspended' WHERE email = $1`, [world.email('viewer')]));
  await append(world.keys.member);
  await expect.poll(() => followed.map(({ results }) => results.length), settled).toEqual([3, 2]);
  expect(followed.flatMap(({ results }) => results.flatMap(({ errors }) => errors ?? []))).toEqual([]);
});
