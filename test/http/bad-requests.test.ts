import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bearer, codesOf, send, sendBytes, type Reply, type SendOptions } from './door.ts';
import { expectUntouched, rowsOf, serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
let rows: string;

beforeAll(async () => {
  world = await serveWorld();
  rows = await rowsOf(world.testApp);
});
afterAll(() => world.close());

afterEach(() => expectUntouched(world, rows));

const JSON_TYPE = { 'content-type': 'application/json' };
const VALID = JSON.stringify({ query: '{ viewer { kind } }' });
const CREATE = `mutation ($name: String!) { createWorkflow(input: {name: $name, definition: {}}) { __typename } }`;

const sendTo = (path: string, options: SendOptions): Promise<Reply> => send(new URL(world.url).origin + path, options);

describe('a body that is not a request', () => {
  test.each<[string, string, string, number]>([
    ['nothing', '', 'BAD_REQUEST', 400],
    ['text', 'hello', 'BAD_REQUEST', 400],
    ['half of a document', '{"query": "{ viewer', 'BAD_REQUEST', 400],
    ['null', 'null', 'BAD_REQUEST', 400],
    ['a number', '5', 'BAD_REQUEST', 400],
    ['a string', '"{ viewer { kind } }"', 'BAD_REQUEST', 400],
    ['no query', '{}', 'BAD_REQUEST', 400],
    ['a query that is a number', '{"query": 5}', 'BAD_REQUEST', 400],
    ['a query that is null', '{"query": null}', 'BAD_REQUEST', 400],
    ['variables that are a list', '{"query": "{ viewer { kind } }", "variables": []}', 'BAD_REQUEST', 400],
    ['variables that are a text', '{"query": "{ viewer { kind } }", "variables": "{}"}', 'BAD_REQUEST', 400],
    [
      'an operation name that is a number',
      '{"query": "query A { viewer { kind } }", "operationName": 5}',
      'BAD_REQUEST',
      400,
    ],
    ['an unknown operation name', '{"query": "query A { viewer { kind } }", "operationName": "B"}', 'BAD_REQUEST', 400],
    [
      'two operations and no name',
      '{"query": "query A { viewer { kind } } query B { viewer { kind } }"}',
      'BAD_REQUEST',
      400,
    ],
    ['an unknown parameter', '{"query": "{ viewer { kind } }", "orgId": "x"}', 'BAD_REQUEST', 400],
    ['a batch', `[${VALID}, ${VALID}]`, 'BAD_REQUEST', 400],
    ['an empty batch', '[]', 'BAD_REQUEST', 400],
    ['no GraphQL', '{"query": "SELECT 1"}', 'GRAPHQL_PARSE_FAILED', 400],
    ['an empty document', '{"query": ""}', 'BAD_REQUEST', 400],
    ['a comment only', '{"query": "# hello"}', 'GRAPHQL_PARSE_FAILED', 400],
    ['an unknown field', '{"query": "{ tenants { id } }"}', 'GRAPHQL_VALIDATION_FAILED', 400],
  ])('%s', async (_name, body, code, status) => {
    const accept = 'application/graphql-response+json';
    const reply = await send(world.url, { headers: { ...JSON_TYPE, accept, ...bearer(world.acme.keys.owner) }, body });
    expect(codesOf(reply)).toEqual([code]);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
  });

  test('bytes that are no UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"query": "{ viewer { kind } }'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    expect(codesOf(await send(world.url, { headers: JSON_TYPE, body }))).toEqual(['GRAPHQL_PARSE_FAILED']);
  });
});

describe('a content type that another site may send with cookies is refused, and nothing runs', () => {
  const mutation = `mutation { createWorkflow(input: {name: "x", definition: {}}) { __typename } }`;
  const form = new URLSearchParams({ query: mutation }).toString();
  const operations = JSON.stringify({ query: mutation });
  const multipart = `--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${operations}\r\n--b--`;
  test.each<[string, string | undefined, string]>([
    ['a form', 'application/x-www-form-urlencoded', form],
    ['plain text', 'text/plain', JSON.stringify({ query: mutation })],
    ['a multipart form', 'multipart/form-data; boundary=b', multipart],
    ['none', undefined, JSON.stringify({ query: mutation })],
    ['a bare document', 'application/graphql', mutation],
    ['text that mentions JSON', 'text/plain; a=application/json', JSON.stringify({ query: mutation })],
    ['a list with JSON in it', 'text/plain, application/json', JSON.stringify({ query: mutation })],
    ['JSON first in a list', 'application/json, text/plain', JSON.stringify({ query: mutation })],
  ])('%s', async (_name, type, body) => {
    const headers = { ...(type && { 'content-type': type }), ...bearer(world.acme.keys.owner) };
    const reply = await send(world.url, { headers, body });
    expect(codesOf(reply)).toEqual(['BAD_REQUEST']);
    expect(reply.status).toBe(415);
  });

  test('JSON with a charset is JSON', async () => {
    const reply = await send(world.url, {
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: VALID,
    });
    expect(reply.json).toEqual({ data: { viewer: null } });
  });
});

describe('too much', () => {
  const large = JSON.stringify({ query: '{ viewer { kind } }', variables: { x: 'x'.repeat(1_000_000) } });

  test('a body of 1 MB is refused by its length', async () => {
    const reply = await send(world.url, { headers: JSON_TYPE, body: large });
    expect(codesOf(reply)).toEqual(['REQUEST_ENTITY_TOO_LARGE']);
    expect(reply.status).toBe(413);
  });

  test('a body in chunks is refused as soon as it is too long', async () => {
    const reply = await send(world.url, {
      headers: JSON_TYPE,
      body: [large.slice(0, 60_000), large.slice(60_000, 120_000)],
    });
    expect(codesOf(reply)).toEqual(['REQUEST_ENTITY_TOO_LARGE']);
    expect(reply.status).toBe(413);
  });

  test('a body at the limit is read, and one byte more is not', async () => {
    const query = (length: number) => JSON.stringify({ query: '{ viewer { kind } }'.padEnd(length, ' ') });
    const overhead = query(100).length - 100;
    const exact = await send(world.url, { headers: JSON_TYPE, body: query(100_000 - overhead) });
    expect(exact.json).toEqual({ data: { viewer: null } });
    const over = await send(world.url, { headers: JSON_TYPE, body: query(100_001 - overhead) });
    expect(codesOf(over)).toEqual(['REQUEST_ENTITY_TOO_LARGE']);
  });

  test('headers of 20 kB', async () => {
    const answer = await sendBytes(
      world.url,
      `GET /graphql HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"BAD_REQUEST"');
  });
});

describe('what is no proper HTTP', () => {
  const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
  test.each([
    ['a Content-Length that is a word', head('POST /graphql HTTP/1.1', 'Host: x', 'Content-Length: many')],
    ['a negative Content-Length', head('POST /graphql HTTP/1.1', 'Host: x', 'Content-Length: -1')],
    ['two lengths', head('POST /graphql HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2')],
    [
      'a length and chunks',
      head('POST /graphql HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    ],
    ['a header without a name', head('GET / HTTP/1.1', ': x')],
    ['another protocol', 'hello\r\n\r\n'],
  ])('%s', async (_name, bytes) => {
    const answer = await sendBytes(world.url, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\n\r\n\{"errors":\[\{"message":"[^"]+","extensions":\{"code":"BAD_REQUEST"\}\}\]\}$/);
  });

  test.each(['[', 'a b', 'x:99999999', 'x/../..', '<script>', '%00', 'x/graphql?a=#', 'evil@127.0.0.1', 'x#'])('the Host header %j', async (host) => {
    for (const path of ['/graphql', '/graphql?query={viewer{kind}}', '/', '/other']) {
      const answer = await sendBytes(world.url, head(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close'));
      expect(answer).toMatch(/^HTTP\/1\.1 [24]0[04] /);
      expect(answer).not.toMatch(/\bat .*\(|Invalid URL|node:|<script>/);
    }
  });
});

describe('methods and paths', () => {
  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE'])('%s is not for GraphQL', async (method) => {
    const reply = await send(world.url, { method, headers: JSON_TYPE, body: method === 'HEAD' ? '' : VALID });
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe('GET, POST');
    if (method !== 'HEAD') expect(codesOf(reply)).toEqual(['BAD_REQUEST']);
  });

  test.each([
    '/',
    '/other',
    '/graphql/',
    '/graphql/more',
    '/x/graphql',
    '/health',
    '/GraphQL',
    '/%67raphql',
    '//graphql',
    '/graphql;x',
  ])('there is nothing at %s', async (path) => {
    const reply = await sendTo(path, { headers: JSON_TYPE, body: VALID });
    expect(codesOf(reply)).toEqual(['NOT_FOUND']);
    expect(reply.status).toBe(404);
  });

  test.each(['verify-email', 'reset-password', 'accept-invitation'])('whoever presses a link of a mail before PUBLIC_URL leads to an app is told so at /%s', async (page) => {
    const reply = await sendTo(`/${page}?token=tv_x`, { method: 'GET' });
    expect(reply.status).toBe(404);
    expect(reply.text).toContain('set PUBLIC_URL to where the app is');
  });

  test('GET reads', async () => {
    const params = new URLSearchParams({
      query: 'query($p: Permission!) { viewer { can(permission: $p) } }',
      variables: '{"p":"WORKFLOW_READ"}',
    });
    const reply = await sendTo(`/graphql?${params}`, { method: 'GET', headers: bearer(world.acme.keys.viewer) });
    expect(reply.json).toEqual({ data: { viewer: { can: true } } });
  });

  test.each([
    ['a mutation', { query: CREATE, variables: '{"name":"x"}' }, 405],
    ['variables that are no JSON', { query: '{ viewer { kind } }', variables: '{name' }, 400],
    ['variables that are a list', { query: '{ viewer { kind } }', variables: '[1]' }, 400],
    ['extensions that are no JSON', { query: '{ viewer { kind } }', extensions: 'x' }, 400],
    ['no query', { variables: '{}' }, 400],
  ])('GET with %s is refused', async (_name, params, status) => {
    const path = `/graphql?${new URLSearchParams(params)}`;
    const reply = await sendTo(path, {
      method: 'GET',
      headers: { ...bearer(world.acme.keys.owner), accept: 'application/graphql-response+json' },
    });
    expect(codesOf(reply)).toEqual(['BAD_REQUEST']);
    expect(reply.status).toBe(status);
  });

  test('an answer of another type cannot be had', async () => {
    const reply = await send(world.url, { headers: { ...JSON_TYPE, accept: 'image/png' }, body: VALID });
    expect(codesOf(reply)).toEqual(['BAD_REQUEST']);
    expect(reply.status).toBe(406);
  });
});
