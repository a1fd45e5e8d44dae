import { once } from 'node:events';
import { request } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type ServerProcess, spawnServer } from '../harness/server-process.ts';
import { ask, bearer } from './door.ts';
import { bySse, byWebSocket, type Followed } from './subscribers.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// Subscribers of server processes as operators run them, several on one database, which come and go.

const settled = { timeout: 60_000, interval: 20 };

let world: ServedWorld;
let directory: string;
const processes: ServerProcess[] = [];
const open: Followed[] = [];

beforeAll(async () => {
  world = await serveWorld();
  directory = mkdtempSync(path.join(tmpdir(), 'tenantry-subscribers-'));
}, 240_000);
afterEach(async () => {
  for (const { stop } of open.splice(0)) stop();
  await Promise.all(processes.splice(0).map((server) => server.end('SIGKILL')));
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

const start = (): ServerProcess => {
  const server = spawnServer({
    env: {
      DATABASE_URL: world.testApp.database.runtimeUrl,
      SECRET_KEY: 'a secret for tests, long enough for the check',
      DATA_DIR: directory,
      DATABASE_POOL_SIZE: '4',
      SHUTDOWN_GRACE_MS: '600000',
    },
  });
  processes.push(server);
  return server;
};

const EVENTS = 'subscription ($query: [EventQueryItem!], $after: Position) { eventAppended(query: $query, after: $after) { position type } }';
const key = () => world.acme.keys.member;

type Way = 'sse' | 'websocket';
const subscribe = (way: Way, url: string, after: number, token = key()): Followed => {
  const asked = { query: EVENTS, variables: { after } };
  const followed = way === 'sse' ? bySse(url, bearer(token), asked) : byWebSocket(url, { authorization: `Bearer ${token}` }, asked);
  open.push(followed);
  return followed;
};
const append = async (url: string): Promise<number> => {
  const query = 'mutation { appendEvents(input: { events: [{ type: "NOTE.WRITTEN" }] }) { ... on AppendEventsSuccess { position } } }';
  return (await ask(url, query, {}, bearer(key()))).json.data.appendEvents.position as number;
};
const headOf = async (url: string): Promise<number> => (await ask(url, '{ events(first: 1) { head } }', {}, bearer(key()))).json.data.events.head;
const positionsIn = ({ results }: Followed): number[] => results.flatMap(({ data }) => (data?.eventAppended ? [data.eventAppended.position] : []));

describe('two processes', () => {
  test('what one appends reaches the subscribers of the other, by both ways', async () => {
    const [one, other] = await Promise.all([start().url(), start().url()]);
    const after = await headOf(one);
    const followed = [subscribe('sse', other, after), subscribe('websocket', other, after), subscribe('sse', one, after)];
    const appended: number[] = [];
    // Without being told, each would be found after seconds of looking: twenty would not fit into the time.
    for (let count = 0; count < 20; count += 1) {
      appended.push(await append(count % 2 ? one : other));
      await expect.poll(() => followed.map((each) => positionsIn(each).length), settled).toEqual([count + 1, count + 1, count + 1]);
    }
    for (const each of followed) expect(positionsIn(each)).toEqual(appended);
  }, 240_000);

  test('a key that one revokes ends the subscriptions of the other', async () => {
    const [one, other] = await Promise.all([start().url(), start().url()]);
    const make = 'mutation { createApiKey(input: { name: "Short-lived", scopes: ["event:read"] }) { ... on CreateApiKeySuccess { secret apiKey { id } } } }';
    const { secret, apiKey } = (await ask(one, make, {}, bearer(world.acme.keys.owner))).json.data.createApiKey;
    const after = await headOf(one);
    const followed = [subscribe('sse', other, after, secret), subscribe('websocket', other, after, secret)];
    await append(one);
    await expect.poll(() => followed.map((each) => positionsIn(each).length), settled).toEqual([1, 1]);
    await ask(one, 'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { __typename } }', { id: apiKey.id }, bearer(world.acme.keys.owner));
    await Promise.all(followed.map(({ done }) => done));
    expect(followed.map(({ results }) => results.at(-1)?.errors?.[0]?.extensions.code)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  }, 240_000);

  test('a role that one changes ends the subscriptions of the other', async () => {
    const [one, other] = await Promise.all([start().url(), start().url()]);
    const after = await headOf(one);
    const followed = [subscribe('sse', other, after), subscribe('websocket', other, after)];
    await append(one);
    await expect.poll(() => followed.map((each) => positionsIn(each).length), settled).toEqual([1, 1]);
    const setRole = 'mutation ($id: ID!, $role: OrganizationRole!) { updateMemberRole(input: { id: $id, role: $role }) { __typename } }';
    await ask(one, setRole, { id: world.acme.members.member, role: 'VIEWER' }, bearer(world.acme.keys.owner));
    await Promise.all(followed.map(({ done }) => done));
    expect(followed.map(({ results }) => results.at(-1)?.errors?.[0]?.extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    await ask(one, setRole, { id: world.acme.members.member, role: 'MEMBER' }, bearer(world.acme.keys.owner));
  }, 240_000);
});

describe.each<Way>(['sse', 'websocket'])('a subscriber by %s', (way) => {
  test('across three restarts, one of them without warning, sees each event once', async () => {
    const first = await headOf(world.url);
    const seen: number[] = [];
    const appended: number[] = [];
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGTERM'] as const) {
      const server = start();
      // Some were appended while nobody listened.
      appended.push(await append(world.url), await append(world.url));
      const followed = subscribe(way, await server.url(), seen.at(-1) ?? first);
      appended.push(await append(world.url));
      await expect.poll(() => positionsIn(followed).at(-1), settled).toBe(appended.at(-1));
      const ended = server.end(signal);
      appended.push(await append(world.url));
      await Promise.all([ended, followed.done.catch(() => undefined)]);
      seen.push(...positionsIn(followed));
    }
    const last = start();
    const followed = subscribe(way, await last.url(), seen.at(-1)!);
    await expect.poll(() => [...seen, ...positionsIn(followed)], settled).toEqual(appended);
  }, 400_000);

  test('is told that the server stops, and the server does not wait for it', async () => {
    const server = start();
    const followed = subscribe(way, await server.url(), await headOf(world.url));
    await append(world.url);
    await expect.poll(() => positionsIn(followed).length, settled).toBe(1);
    // It would wait for ten minutes for what does not end by itself.
    expect(await server.end('SIGTERM')).toBe(0);
    await followed.done;
    expect(followed.results.at(-1)?.errors?.[0]).toMatchObject({ extensions: { code: 'SERVICE_UNAVAILABLE' } });
  }, 240_000);
});

test('a WebSocket is closed as one that goes away, and no new one is taken while the server stops', async () => {
  const server = start();
  const url = await server.url();
  const enter = async () => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key()}` } }));
    await once(socket, 'message');
    return socket;
  };
  const [socket, silent] = [await enter(), await enter()];
  const closed = once(socket, 'close');
  // It never hears that it is to go, so that the server is still there, stopping, when the next one comes.
  silent.pause();
  const ended = server.end('SIGTERM');
  expect((await closed)[0]).toBe(1001);
  await expect(enter()).rejects.toThrow(/ECONNREFUSED|503/);
  silent.terminate();
  expect(await ended).toBe(0);
}, 240_000);

test('a subscriber who reads nothing holds back its own events and no more of the server than a page of them', async () => {
  const { app } = world.testApp;
  const after = await headOf(world.url);
  const data = { text: 'x'.repeat(50_000) };
  // More than the buffers between the two sides hold.
  const query = 'mutation ($input: AppendEventsInput!) { appendEvents(input: $input) { __typename } }';
  const APPENDS = 600;
  for (let count = 0; count < APPENDS; count += 1) await ask(world.url, query, { input: { events: [{ type: 'NOTE.WRITTEN', data }] } }, bearer(key()));
  const reads: string[] = [];
  const stop = app.pool.observe(({ text }) => text.includes('find_positions') && reads.push(text));
  const outgoing = request(world.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(key()) } });
  outgoing.end(JSON.stringify({ query: 'subscription ($after: Position) { eventAppended(after: $after) { position data } }', variables: { after } }));
  const [response] = await once(outgoing, 'response');
  response.pause();
  // As long as it takes somebody else to be told of an event, which is told after all of these.
  const other = subscribe('sse', world.url, after);
  await expect.poll(() => positionsIn(other).length, settled).toBe(APPENDS);
  // A page of events as large as these is full at 512 kB, and the buffers between the two sides hold some pages.
  const pagesOfOther = Math.ceil((APPENDS * 50_000) / (512 * 1024));
  expect(reads.length).toBeLessThanOrEqual(pagesOfOther + 16);
  let text = '';
  response.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
  await expect.poll(() => text.split('"position":').length - 1, settled).toBe(APPENDS);
  const positions = [...text.matchAll(/"position":(\d+)/g)].map(([, position]) => Number(position));
  expect(positions).toEqual(Array.from({ length: APPENDS }, (_, index) => after + 1 + index));
  stop();
  outgoing.destroy();
}, 180_000);
