import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { codesOf, send, type Reply, type SendOptions } from './door.ts';

let testApp: TestApp;
let server: TestServer;
let ready = { ready: true, checks: { database: 'ok', migrations: 'ok' } };
let looks = 0;

beforeAll(async () => {
  testApp = await startTestApp({ environment: { CORS_ORIGINS: 'https://app.example, https://admin.example' } });
  const readiness = () => {
    looks += 1;
    return Promise.resolve(ready);
  };
  server = await startTestServer(testApp, { graphiql: true, readiness });
});
afterAll(async () => {
  await server.close();
  await testApp.close();
});

const at = (path: string, options: SendOptions = {}): Promise<Reply> =>
  send(new URL(server.url).origin + path, { method: 'GET', ...options });
const VIEWER = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"query":"{ viewer { kind } }"}',
};
const PAGE = { headers: { accept: 'text/html,application/xhtml+xml' } };

describe('health', () => {
  test('live says that the process answers, and asks nobody', async () => {
    const before = looks;
    const reply = await at('/health/live');
    expect([reply.status, reply.json]).toEqual([200, { status: 'live' }]);
    expect(looks).toBe(before);
  });

  test('ready says whether the database can be used, and what is wrong', async () => {
    expect(await at('/health/ready?from=probe')).toMatchObject({
      status: 200,
      json: { status: 'ready', ...withoutReady() },
    });
    ready = { ready: false, checks: { database: 'not reachable', migrations: 'unknown' } };
    expect(await at('/health/ready')).toMatchObject({
      status: 503,
      json: { status: 'not ready', checks: { database: 'not reachable', migrations: 'unknown' } },
    });
  });

  const withoutReady = () => ({ checks: ready.checks });
});

test('every door gives the same headers, and nothing is kept in between', async () => {
  for (const reply of [await at('/graphql', VIEWER), await at('/health/live'), await at('/nothing')]) {
    expect(reply.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-type': expect.stringMatching(/^application\/json; charset=utf-8$/),
    });
    expect(JSON.stringify(reply.headers)).not.toMatch(/yoga|node|express|powered/i);
  }
});

describe('the query page', () => {
  test('is shown to browsers at the endpoint, and the root leads there', async () => {
    const page = await at('/graphql', PAGE);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<title>Tenantry</title>');
    const root = await at('/', PAGE);
    expect([root.status, root.headers.location]).toEqual([302, '/graphql']);
  });

  test('loads nothing from anywhere else', async () => {
    const { text } = await at('/graphql', PAGE);
    const [head = ''] = text.split('<style>');
    expect(head).not.toMatch(/https?:/);
    expect(text).not.toMatch(/<script[^>]+src|<link[^>]+href="(?!data:)|@import|url\(["']?https?:/);
  });

  test('is compressed for whoever can read that, and asked for again only when it changed', async () => {
    const plain = await at('/graphql', PAGE);
    const { headers } = await at('/graphql', { headers: { ...PAGE.headers, 'accept-encoding': 'br, gzip' } });
    expect(headers['content-encoding']).toBe('gzip');
    expect(Number(headers['content-length'])).toBeLessThan(plain.text.length / 3);
    const raw = await fetch(server.url, { headers: { accept: 'text/html' } });
    expect(await raw.text()).toBe(plain.text);
    const again = await at('/graphql', { headers: { ...PAGE.headers, 'if-none-match': headers.etag! } });
    expect([again.status, again.text]).toEqual([304, '']);
    expect(headers['cache-control']).toBe('no-cache');
  });

  test('is not there when it is switched off', async () => {
    const other = await startTestServer(testApp, { graphiql: false });
    const { origin } = new URL(other.url);
    expect(codesOf(await send(`${origin}/`, { method: 'GET', ...PAGE }))).toEqual(['NOT_FOUND']);
    const reply = await send(other.url, { method: 'GET', headers: { accept: 'text/html, */*' } });
    expect(codesOf(reply)).toEqual(['BAD_REQUEST']);
    await other.close();
  });

  test('does not stand in the way of programs that take anything', async () => {
    const reply = await at('/graphql?query={viewer{kind}}', { headers: { accept: '*/*' } });
    expect(reply.json).toEqual({ data: { viewer: null } });
  });
});

describe('pages of other origins', () => {
  const from = (origin: string, options: SendOptions = VIEWER): Promise<Reply> =>
    at('/graphql', { ...options, headers: { ...options.headers, origin } });
  const preflight = (origin: string): Promise<Reply> =>
    from(origin, {
      method: 'OPTIONS',
      headers: {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  const corsHeaders = ({ headers }: Reply): string[] =>
    Object.keys(headers).filter((name) => name.startsWith('access-control'));

  test.each(['https://app.example', 'https://admin.example'])(
    '%s is on the list and may call with cookies',
    async (origin) => {
      for (const reply of [await preflight(origin), await from(origin)]) {
        expect(reply.headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'retry-after, x-request-id',
        });
      }
      const { status, headers } = await preflight(origin);
      expect(status).toBe(204);
      expect(headers['access-control-allow-headers']).toBe(
        'authorization, content-type, x-organization-id, x-request-id',
      );
      expect(headers['access-control-allow-methods']).toBe('GET, POST');
    },
  );

  test.each([
    'https://evil.example',
    'null',
    'http://app.example',
    'https://app.example.evil.example',
    'https://APP.example',
    '*',
    '',
  ])('%j is not on the list and reads nothing', async (origin) => {
    expect(corsHeaders(await preflight(origin))).toEqual([]);
    expect(corsHeaders(await from(origin))).toEqual([]);
  });

  test('nobody is on an empty list', async () => {
    const other = await startTestApp({ database: testApp.database });
    const closed = await startTestServer(other);
    const reply = await send(closed.url, { ...VIEWER, headers: { ...VIEWER.headers, origin: 'https://app.example' } });
    expect(corsHeaders(reply)).toEqual([]);
    await closed.close();
    await other.close();
  });
});
