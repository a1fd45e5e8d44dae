import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { PASSWORD, setPassword } from '../harness/world.ts';
import { ask, bearer, codesOf, send, sendBytes, type Reply } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// What a page of another site can make a browser do here, with the cookies that the browser has for this server.

const LISTED = 'https://app.example';
let world: ServedWorld;
let cookie: string;

beforeAll(async () => {
  world = await serveWorld({ environment: { CORS_ORIGINS: LISTED } });
  const email = 'owner@acme.example';
  await setPassword(world.testApp.app, email);
  const { headers } = await ask(
    world.url,
    'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }',
    { input: { email, password: PASSWORD, cookie: true } },
  );
  cookie = headers['set-cookie']!.map((line) => line.split(';')[0]).join('; ');
});
afterAll(() => world.close());

const VIEWER = '{ viewer { kind } }';
const kind = ({ json }: Reply): string | null => json.data.viewer && json.data.viewer.kind;
const get = (headers: Record<string, string>) =>
  send(`${world.url}?query=${encodeURIComponent(VIEWER)}`, { method: 'GET', headers: { cookie, ...headers } });
const post = (headers: Record<string, string>) => ask(world.url, VIEWER, {}, { cookie, ...headers });

describe.each([
  ['GET', get],
  ['POST', post],
])('cookies by %s', (_method, sendWith) => {
  test.each<[string, Record<string, string>]>([
    ['a page of this server', { 'sec-fetch-site': 'same-origin' }],
    ['a person who typed the address', { 'sec-fetch-site': 'none' }],
    ['a page of an origin on the list', { 'sec-fetch-site': 'cross-site', origin: LISTED }],
    ['a program', {}],
  ])('of %s count', async (_who, headers) => {
    expect(kind(await sendWith(headers))).toBe('USER');
  });

  test('of a page of this server count where the browser is too old to say so', async () => {
    expect(kind(await sendWith({ origin: new URL(world.url).origin }))).toBe('USER');
  });

  test.each<[string, Record<string, string>]>([
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a link on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
    ['an image on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a neighbour below the same domain', { 'sec-fetch-site': 'same-site', origin: 'https://other.app.example' }],
    ['a frame without rights', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['another site in an old browser', { origin: 'https://evil.example' }],
    ['a word that no browser says', { 'sec-fetch-site': 'trusted' }],
  ])('that %s made a browser send count as none', async (_who, headers) => {
    expect(kind(await sendWith(headers))).toBeNull();
  });
});

test('a key counts wherever it comes from: no other site can add it', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example', ...bearer(world.acme.keys.owner) };
  expect(kind(await ask(world.url, VIEWER, {}, headers))).toBe('API_KEY');
});

describe('a content type that hides another', () => {
  const body = JSON.stringify({ query: 'mutation { signOut { __typename } }' });
  test.each([
    'text/plain;application/json',
    'text/plain; charset=application/json',
    'application/json;text/plain',
    'application/json, text/plain',
    'application/json;charset=utf-16',
    'application/json; charset=utf-8; boundary=x',
    'application/jsonp',
    'application/x-www-form-urlencoded; x="application/json"',
    'application/vnd.api+json',
  ])('%s is refused before it is read', async (type) => {
    const reply = await send(world.url, { headers: { 'content-type': type, cookie }, body });
    expect([reply.status, codesOf(reply)]).toEqual([415, ['BAD_REQUEST']]);
  });

  test('and so are two of them', async () => {
    const reply = await send(world.url, { headers: { 'content-type': ['application/json', 'text/plain'], cookie }, body });
    expect([reply.status, codesOf(reply)]).toEqual([400, ['BAD_REQUEST']]);
  });

  test('the session is still there', async () => {
    expect(kind(await post({}))).toBe('USER');
  });
});

test.each(['authorization', 'x-organization-id', 'origin', 'content-encoding'])('two headers named %s are refused', async (name) => {
  const reply = await send(world.url, { headers: { 'content-type': 'application/json', [name]: ['a', 'b'] }, body: '{}' });
  expect([reply.status, codesOf(reply)]).toEqual([400, ['BAD_REQUEST']]);
});

test('two Host headers are refused', async () => {
  const text = await sendBytes(world.url, 'GET /graphql HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 400 [^]*"code":"BAD_REQUEST"/);
});

describe('pages of the caller’s own machine', () => {
  const preflight = async (environment: Record<string, string>, origin: string): Promise<Reply> => {
    const testApp = await startTestApp({ database: world.testApp.database, environment });
    const server = await startTestServer(testApp);
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const reply = await send(server.url, { method: 'OPTIONS', headers });
    await server.close();
    await testApp.close();
    return reply;
  };
  const DEVELOPMENT = { NODE_ENV: 'development' };

  test.each(['http://localhost:5173', 'http://127.0.0.1:3000', 'https://localhost', 'http://[::1]:8080'])(
    '%s may call in development with a key, and not with cookies',
    async (origin) => {
      const { headers } = await preflight(DEVELOPMENT, origin);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['access-control-allow-headers']).toContain('authorization');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    },
  );

  test.each(['http://localhost.evil.example', 'http://evil.example:5173', 'null', 'http://localhost:5173.evil.example', 'file://'])(
    '%s is not one',
    async (origin) => {
      expect((await preflight(DEVELOPMENT, origin)).headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  test('may not call in production', async () => {
    const { headers } = await preflight({ NODE_ENV: 'production' }, 'http://localhost:5173');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('may call with cookies when they are on the list', async () => {
    const { headers } = await preflight({ ...DEVELOPMENT, CORS_ORIGINS: 'http://localhost:5173' }, 'http://localhost:5173');
    expect(headers['access-control-allow-credentials']).toBe('true');
  });
});
