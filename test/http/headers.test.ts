import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { codesOf, send, sendBytes, type SendOptions } from './door.ts';

// What every answer says to a browser, whichever door it comes from.

let testApp: TestApp;
let server: TestServer;
let behindProxy: TestServer;

beforeAll(async () => {
  testApp = await startTestApp();
  server = await startTestServer(testApp, { graphiql: true });
  behindProxy = await startTestServer(testApp, { graphiql: true, trustedProxies: ['127.0.0.0/8'] });
});
afterAll(async () => {
  await behindProxy.close();
  await server.close();
  await testApp.close();
});

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = { accept: 'text/html' };

const DOORS: readonly [string, string, SendOptions][] = [
  ['an answer', '/graphql', { headers: JSON_TYPE, body: '{"query":"{ viewer { kind } }"}' }],
  ['a refused document', '/graphql', { headers: JSON_TYPE, body: '{"query":"{ nothing }"}' }],
  ['a refused credential', '/graphql', { headers: { ...JSON_TYPE, authorization: 'Bearer x' }, body: '{"query":"{ viewer { kind } }"}' }],
  ['another content type', '/graphql', { headers: { 'content-type': 'text/plain' }, body: '{}' }],
  ['another method', '/graphql', { method: 'PUT' }],
  ['the query page', '/graphql', { method: 'GET', headers: HTML }],
  ['the way to the query page', '/', { method: 'GET', headers: HTML }],
  ['health', '/health/live', { method: 'GET' }],
  ['readiness', '/health/ready', { method: 'GET' }],
  ['a wrong method at health', '/health/live', { method: 'POST' }],
  ['nothing', '/nothing', { method: 'GET' }],
  ['a doubled header', '/graphql', { method: 'POST', headers: { 'content-type': ['application/json', 'text/plain'] } }],
];

const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': expect.stringContaining('camera=()'),
  'content-security-policy': expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'/),
  'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
};

describe.each(DOORS)('%s', (name, path, options) => {
  const at = (target: TestServer, headers: Record<string, string> = {}) =>
    send(new URL(path, target.url).href, { ...options, headers: { ...options.headers, ...headers } });

  test('has the headers of every answer, is not kept, and does not name the software', async () => {
    const { headers } = await at(server);
    expect(headers).toMatchObject(EVERYWHERE);
    const isPage = name === 'the query page';
    expect(headers['cache-control']).toMatch(isPage ? /^no-cache$/ : /^no-store/);
    if (!isPage) expect(headers['content-security-policy']).not.toMatch(/unsafe|self|sha256|blob|data:/);
    expect(JSON.stringify(headers)).not.toMatch(/"server"|x-powered-by|yoga|node|express/i);
  });

  test('insists on HTTPS when the caller spoke it to a trusted proxy, and never on the word of anybody else', async () => {
    const https = { 'x-forwarded-proto': 'https' };
    expect((await at(behindProxy, https)).headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await at(behindProxy)).headers['strict-transport-security']).toBeUndefined();
    expect((await at(server, https)).headers['strict-transport-security']).toBeUndefined();
  });
});

test.each([
  ['what is no HTTP', 'hello\r\n\r\n', 400],
  ['headers that are too large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
  ['a request without a Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
])('%s is answered with a code and the same headers', async (_name, bytes, status) => {
  const [head = '', body = ''] = (await sendBytes(server.url, bytes)).split('\r\n\r\n');
  const [first, ...lines] = head.toLowerCase().split('\r\n');
  expect(first).toContain(`http/1.1 ${status} `);
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/, 2)));
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'deny', 'cache-control': 'no-store' });
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(JSON.parse(body).errors[0].extensions.code).toBe('BAD_REQUEST');
});

test('the page is given its one script by the hash of it, and no other', async () => {
  const { headers } = await send(server.url, { method: 'GET', headers: HTML });
  const policy = headers['content-security-policy'] as string;
  expect(policy).toMatch(/script-src 'sha256-[A-Za-z0-9+/]{43}='; /);
  expect(policy).toContain("connect-src 'self'");
  const scripts = policy.split('; ').filter((directive) => directive.startsWith('script-src'));
  expect(scripts.join()).not.toMatch(/unsafe|self|\*|https?:/);
});

describe('methods', () => {
  test.each(['/health/live', '/health/ready'])('%s is only looked at', async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await send(new URL(path, server.url).href, { method });
      expect([reply.status, reply.headers.allow, codesOf(reply)]).toEqual([405, 'GET, HEAD', ['BAD_REQUEST']]);
    }
    const head = await send(new URL(path, server.url).href, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('a mutation by GET is refused with what is allowed', async () => {
    const reply = await send(`${server.url}?query=${encodeURIComponent('mutation { signOut { __typename } }')}`, { method: 'GET' });
    expect([reply.status, reply.headers.allow, codesOf(reply)]).toEqual([405, 'POST', ['BAD_REQUEST']]);
  });
});
