import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createReadiness } from '../../src/readiness.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { signIn } from '../harness/world.ts';
import { startProxy, type Proxy } from '../isolation/proxy.ts';
import { ask, bearer, codesOf, send, type Reply } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

/** A server whose two ways to its database can be broken, beside one whose cannot. */
let whole: ServedWorld;
let testApp: TestApp;
let server: TestServer;
let queries: Proxy;
let changes: Proxy;

const CONNECT_TIMEOUT_MS = 500;
const REQUEST_TIMEOUT_MS = 2_000;

beforeEach(async () => {
  whole = await serveWorld();
  queries = await startProxy(whole.testApp.database.runtimeUrl);
  changes = await startProxy(whole.testApp.database.runtimeUrl);
  testApp = await startTestApp({
    database: { ...whole.testApp.database, runtimeUrl: queries.url },
    listenUrl: changes.url,
    environment: {
      DATABASE_CONNECT_TIMEOUT_MS: String(CONNECT_TIMEOUT_MS),
      DATABASE_STATEMENT_TIMEOUT_MS: '1000',
      REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
    },
  });
  const readiness = createReadiness({ runtimeUrl: queries.url, timeoutMs: CONNECT_TIMEOUT_MS });
  server = await startTestServer(testApp, { readiness });
});
afterEach(async () => {
  await server.close();
  await Promise.all([queries.close(), changes.close()]);
  await testApp.close();
  await whole.close();
});

const WORKFLOWS = '{ workflows(first: 1) { totalCount } }';
const workflows = (key = whole.acme.keys.owner): Promise<Reply> => ask(server.url, WORKFLOWS, {}, bearer(key));
const health = async (which: 'live' | 'ready') => {
  const { status, json } = await send(`${new URL(server.url).origin}/health/${which}`, { method: 'GET' });
  return [status, json];
};
const recovers = async (): Promise<void> => {
  await expect
    .poll(async () => (await workflows()).json.data?.workflows, { timeout: 15_000 })
    .toEqual({ totalCount: 3 });
  await expect.poll(() => health('ready'), { timeout: 15_000 }).toEqual([200, READY]);
};
const READY = { status: 'ready', checks: { database: 'ok', migrations: 'ok' } };
const NOT_READY = { status: 'not ready', checks: { database: 'not reachable', migrations: 'unknown' } };

describe('a database that is gone', () => {
  test('is told with a code, on reads, writes and sign-ins, and the server recovers by itself', async () => {
    expect((await workflows()).json.data.workflows.totalCount).toBe(3);
    expect(await health('ready')).toEqual([200, READY]);
    await Promise.all([queries.cut(), changes.cut()]);

    const write = `mutation { updateOrganization(input: {name: "New name"}) { __typename } }`;
    const signIn = `mutation { signIn(input: {email: "a@b.test", password: "x"}) { __typename } }`;
    for (const reply of [
      await workflows(),
      await workflows(whole.globex.keys.viewer),
      await ask(server.url, write, {}, bearer(whole.acme.keys.owner)),
      await ask(server.url, signIn),
    ]) {
      expect(codesOf(reply)).toEqual(['SERVICE_UNAVAILABLE']);
    }
    const typed = { accept: 'application/graphql-response+json', ...bearer(whole.acme.keys.owner) };
    expect((await ask(server.url, WORKFLOWS, {}, typed)).status).toBe(503);
    expect(await health('live')).toEqual([200, { status: 'live' }]);
    await expect.poll(() => health('ready')).toEqual([503, NOT_READY]);

    await Promise.all([queries.restore(), changes.restore()]);
    await recovers();
  });

  test('ends no session: the cookie stays for when it is back', async () => {
    const token = await signIn(whole.testApp.app, whole.acme.email('owner'));
    await Promise.all([queries.cut(), changes.cut()]);
    const reply = await ask(server.url, WORKFLOWS, {}, { cookie: `tenantry_access=${token}` });
    expect([codesOf(reply), reply.headers['set-cookie']]).toEqual([['SERVICE_UNAVAILABLE'], undefined]);
  });

  test('is not needed for what needs no database', async () => {
    await Promise.all([queries.cut(), changes.cut()]);
    expect((await ask(server.url, '{ viewer { kind } __schema { queryType { name } } }')).json.data.viewer).toBeNull();
    expect(codesOf(await ask(server.url, '{ viewer { kind } }', {}, { authorization: 'Bearer wrong' }))).toEqual([
      'UNAUTHENTICATED',
    ]);
  });

  test('many requests at once are all answered', async () => {
    await Promise.all([queries.cut(), changes.cut()]);
    const replies = await Promise.all(Array.from({ length: 50 }, () => workflows()));
    for (const reply of replies) expect(codesOf(reply)).toEqual(['SERVICE_UNAVAILABLE']);
    await Promise.all([queries.restore(), changes.restore()]);
    await recovers();
  });
});

describe('a network that has gone silent', () => {
  test('ends each request at its time, and the server recovers by itself', async () => {
    // So that every connection of the pool is open and in use when it happens.
    await Promise.all(Array.from({ length: 40 }, () => workflows()));
    queries.silence(true);
    changes.silence(true);
    // More than there are connections: some hang on one, the others wait for one.
    const replies = await Promise.all(Array.from({ length: 20 }, () => workflows()));
    for (const reply of replies) expect(codesOf(reply)).toEqual(['SERVICE_UNAVAILABLE']);
    expect(await health('ready')).toEqual([503, NOT_READY]);
    expect(await health('live')).toEqual([200, { status: 'live' }]);
    queries.silence(false);
    changes.silence(false);
    await recovers();
  });
});

test('connections that the database ends are replaced', async () => {
  await Promise.all(Array.from({ length: 20 }, () => workflows()));
  await withClient(whole.testApp.database.superuserUrl, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tenantry%' AND datname = current_database() AND pid <> pg_backend_pid()`,
    ),
  );
  await recovers();
});

describe('while changes cannot be heard', () => {
  test('nothing that was remembered about a key is believed', async () => {
    const key = whole.acme.keys.viewer;
    await workflows(key);
    const warm = await testApp.statementsOf(() => workflows(key));
    await changes.cut();
    await expect.poll(() => testApp.app.accessFeed.isListening()).toBe(false);
    const deaf = await testApp.statementsOf(() => workflows(key));
    expect(deaf.statements.length).toBeGreaterThan(warm.statements.length);
    await withClient(whole.testApp.database.superuserUrl, (client) =>
      client.query(
        `UPDATE iam.api_keys SET status = 'revoked', revoked_at = now() WHERE name = 'Key of viewer' AND org_id = '${whole.acme.orgUuid}'`,
      ),
    );
    expect(codesOf(await workflows(key))).toEqual(['UNAUTHENTICATED']);
    await changes.restore();
    await expect.poll(() => testApp.app.accessFeed.isListening(), { timeout: 15_000 }).toBe(true);
    expect(codesOf(await workflows(key))).toEqual(['UNAUTHENTICATED']);
    await workflows();
    const again = await testApp.statementsOf(() => workflows());
    expect(again.statements.length).toBe(warm.statements.length);
  });
});
