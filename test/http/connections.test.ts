import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import net from 'node:net';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { bearer, codesOf, send, sendBytes } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// Bytes and connections: what is read and how much of it, who is waited for, and how answers are packed.

let world: ServedWorld;
/** Waits for nobody. */
let hasty: TestServer;

beforeAll(async () => {
  world = await serveWorld();
  const patience = { requestMs: 600, headersMs: 300, idleMs: 300, unreadMs: 200, lookEveryMs: 50 };
  hasty = await startTestServer(world.testApp, { patience, requestTimeoutMs: 800 });
});
afterAll(async () => {
  await hasty.close();
  await world.close();
});

const JSON_TYPE = { 'content-type': 'application/json' };
const VIEWER = JSON.stringify({ query: '{ viewer { kind } }' });
const bytesOf = (body: string, ...headers: string[]) =>
  [`POST /graphql HTTP/1.1`, 'Host: x', 'Content-Type: application/json', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n');
const answersIn = (text: string): string[] => text.split(/(?=HTTP\/1\.1 \d)/);

describe('bodies', () => {
  const query = '{ viewer { kind } }';
  const ofLength = (length: number) => JSON.stringify({ query: query.padEnd(length - VIEWER.length + query.length, ' ') });

  test.each([
    ['with its length', (body: string) => body],
    ['in chunks', (body: string) => [body.slice(0, 50_000), body.slice(50_000)]],
  ])('at the limit are read and one byte more is refused, %s', async (_way, packed) => {
    expect(ofLength(100_000)).toHaveLength(100_000);
    const exact = await send(world.url, { headers: JSON_TYPE, body: packed(ofLength(100_000)) });
    expect(exact.json).toEqual({ data: { viewer: null } });
    const over = await send(world.url, { headers: JSON_TYPE, body: packed(ofLength(100_001)) });
    expect([over.status, codesOf(over)]).toEqual([413, ['REQUEST_ENTITY_TOO_LARGE']]);
  });

  test.each(['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip', 'x'])('that are compressed (%s) are refused', async (encoding) => {
    const headers = { ...JSON_TYPE, 'content-encoding': encoding };
    const reply = await send(world.url, { headers, body: gzipSync(VIEWER) });
    expect([reply.status, reply.headers['accept-encoding'], codesOf(reply)]).toEqual([415, 'identity', ['BAD_REQUEST']]);
  });
});

describe('what could not be answered is not done', () => {
  const body = JSON.stringify({ query: 'mutation { createWorkflow(input: {name: "Unseen", definition: {}}) { __typename } }' });
  // What of a stream is asked for is known when the document is: subscriptions-sse.test.ts.
  test.each(['text/html', 'multipart/mixed', 'application/json;q=0', 'application/json;charset=latin1', 'image/*'])(
    'for somebody who accepts %s',
    async (accept) => {
      const { result, statements } = await world.testApp.statementsOf(() =>
        send(world.url, { headers: { ...JSON_TYPE, accept, ...bearer(world.acme.keys.owner) }, body }),
      );
      expect([result.status, codesOf(result)]).toEqual([406, ['BAD_REQUEST']]);
      expect(statements).toEqual([]);
    },
  );

  test.each<[string, string]>([
    ['*/*', 'application/json; charset=utf-8'],
    ['application/*', 'application/json; charset=utf-8'],
    ['text/html, */*;q=0.1', 'application/json; charset=utf-8'],
    ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['multipart/mixed, application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json; charset=utf-8'],
  ])('%s gets %s', async (accept, type) => {
    const reply = await send(world.url, { headers: { ...JSON_TYPE, accept }, body: VIEWER });
    expect([reply.status, reply.headers['content-type']]).toEqual([200, type]);
  });
});

test('a parameter that is twice in the address is refused', async () => {
  const reply = await send(`${world.url}?query={viewer{kind}}&query={__typename}`, { method: 'GET' });
  expect([reply.status, codesOf(reply)]).toEqual([400, ['BAD_REQUEST']]);
});

describe('one connection', () => {
  test('answers requests that come together, in their order', async () => {
    const second = JSON.stringify({ query: '{ __typename }' });
    const text = await sendBytes(world.url, bytesOf(VIEWER) + bytesOf(second, 'Connection: close'));
    expect(answersIn(text).map((answer) => answer.split('\r\n\r\n')[1])).toEqual([
      '{"data":{"viewer":null}}',
      '{"data":{"__typename":"Query"}}',
    ]);
  });

  test.each([
    ['a refused document', bytesOf('{"query":"{ nothing }"}')],
    ['a body that is no JSON', bytesOf('{')],
    ['a content type that is not read', 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'],
    ['a path where nothing is', 'POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'],
  ])('goes on after %s', async (_name, first) => {
    const text = await sendBytes(world.url, first + bytesOf(VIEWER, 'Connection: close'));
    const answers = answersIn(text);
    expect(answers).toHaveLength(2);
    expect(answers[0]).toContain('"errors"');
    expect(answers[1]).toContain('{"data":{"viewer":null}}');
  });
});

describe('nobody holds a connection', () => {
  const answerTo = async (bytes: string): Promise<string> => {
    const { hostname, port } = new URL(hasty.url);
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'close');
    return text;
  };

  test.each([
    ['by half of a header', 'POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow'],
    ['by half of a body', 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"que'],
    ['by saying nothing', ''],
  ])('%s', async (_way, bytes) => {
    expect(await answerTo(bytes)).toMatch(/^(HTTP\/1\.1 408 [^]*"code":"BAD_REQUEST"[^]*)?$/);
  });

  test('by not reading the answer', async () => {
    // Nothing but this may end the connection.
    const patience = { requestMs: 120_000, headersMs: 120_000, idleMs: 120_000, unreadMs: 200, lookEveryMs: 50 };
    const server = await startTestServer(world.testApp, { patience, requestTimeoutMs: 800 });
    const { hostname, port } = new URL(server.url);
    const schema = '__schema { types { description fields { description args { description } } } }';
    const large = JSON.stringify({ query: `{ ${['a', 'b', 'c', 'd'].map((name) => `${name}: ${schema}`).join(' ')} }` });
    // More answers than the buffers between the two sides can hold, of which none is taken.
    const accepted: net.Socket[] = [];
    const note = (message: unknown) => accepted.push((message as { socket: net.Socket }).socket);
    diagnostics.subscribe('net.server.socket', note);
    const socket = net.connect(Number(port), hostname, () => socket.write(bytesOf(large).repeat(100)));
    socket.on('error', () => undefined);
    await expect.poll(() => accepted.map(({ destroyed }) => destroyed), { timeout: 30_000 }).toEqual([true]);
    diagnostics.unsubscribe('net.server.socket', note);
    await server.close();
    socket.destroy();
  });

  test('by waiting after an answer', async () => {
    const text = await answerTo(bytesOf(VIEWER));
    expect(text).toContain('{"data":{"viewer":null}}');
  });
});

describe('large answers', () => {
  const LARGE = '{ __schema { types { name description fields { name description } } } }';
  const fetchRaw = (headers: Record<string, string>, query = LARGE, variables: object = {}) =>
    new Promise<{ headers: Record<string, unknown>; bytes: Buffer }>((resolve, reject) => {
      const outgoing = request(world.url, { method: 'POST', headers: { ...JSON_TYPE, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
      });
      outgoing.on('error', reject).end(JSON.stringify({ query, variables }));
    });

  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)('are packed with %s for those who can read it', async (encoding, unpack) => {
    const plain = await fetchRaw({});
    const packed = await fetchRaw({ 'accept-encoding': encoding });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers).toMatchObject({ 'content-encoding': encoding, vary: expect.stringMatching(/accept-encoding/i) });
    expect(packed.headers['content-length']).toBeUndefined();
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 3);
    expect(unpack(packed.bytes).equals(plain.bytes)).toBe(true);
  });

  test.each(['', 'identity', 'gzip;q=0', 'zstd'])('are left as they are for %j', async (encoding) => {
    const { headers } = await fetchRaw({ 'accept-encoding': encoding });
    expect(headers['content-encoding']).toBeUndefined();
  });

  test('small ones are left as they are', async () => {
    const { headers } = await fetchRaw({ 'accept-encoding': 'gzip' }, '{ viewer { kind } }');
    expect(headers['content-encoding']).toBeUndefined();
    expect(Number(headers['content-length'])).toBeGreaterThan(0);
  });

  test('the answer of a mutation, which may hold a new secret, is never packed, and no proxy is to pack it', async () => {
    const aliases = Array.from({ length: 15 }, (_, i) => `aliasOfSomeLength${i}: updateWorkflow(input: { id: "x" }) { __typename ... on Error { message code } }`);
    const { headers, bytes } = await fetchRaw(
      { 'accept-encoding': 'gzip', ...bearer(world.acme.keys.owner) },
      `mutation { ${aliases.join(' ')} }`,
    );
    expect(bytes.length).toBeGreaterThan(1_400);
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store, no-transform');
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['that this server’s page asked for', { 'sec-fetch-site': 'same-origin' }, true],
    ['that another page asked for', { 'sec-fetch-site': 'cross-site' }, false],
    ['that nobody knows who asked for', {}, false],
  ])('for a cookie %s', async (_who, headers, packed) => {
    const reply = await fetchRaw({ 'accept-encoding': 'gzip', cookie: 'tenantry_access=x', ...headers });
    expect(reply.headers['content-encoding']).toBe(packed ? 'gzip' : undefined);
  });
});
