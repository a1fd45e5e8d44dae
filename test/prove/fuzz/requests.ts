import fc, { type Arbitrary } from 'fast-check';
import { brokenQuery, nearlyValid, type Operation, validOperation } from './documents.ts';
import { type Draw, json, oneIn, oneOf, text, upTo } from './values.ts';

/** Whose credential goes along; `none` sends none, `strange` something that is none. */
export const CALLERS = ['owner', 'admin', 'manager', 'member', 'viewer', 'customer', 'operator', 'person', 'none', 'strange'] as const;
export type Caller = (typeof CALLERS)[number];

/** One request, with placeholders where ids go, so that it can be sent to any world. */
export interface FuzzRequest {
  readonly kind: string;
  readonly caller: Caller;
  readonly method: string;
  /** What follows the path of the endpoint. */
  readonly search: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Written to a socket as it is: what a client library would refuse to send. */
  readonly raw?: boolean;
}

const JSON_TYPE = ['content-type', 'application/json'] as const;

const post = (kind: string, caller: Caller, body: string, headers: FuzzRequest['headers'] = []): FuzzRequest => ({
  kind, caller, method: 'POST', search: '', headers: [JSON_TYPE, ...headers], body,
});

const bodyOf = ({ query, variables }: Operation): string => JSON.stringify({ query, variables });

function oddBody(draw: Draw): string {
  const operation = validOperation(draw);
  const whole = bodyOf(operation);
  const times = upTo(draw, oneIn(draw, 3) ? 30_000 : 100);
  return oneOf(draw, [
    () => JSON.stringify(json(draw)),
    () => whole.slice(0, upTo(draw, whole.length)),
    () => whole + oneOf(draw, [',', '}', ' {}', '\0', '\ufeff', 'x', '\n\n']),
    () => oneOf(draw, ['\ufeff', '\0', ' \t\n', '//x\n', ")]}',\n"]) + whole,
    () => `{"query":${JSON.stringify(operation.query)},"query":${JSON.stringify(text(draw))}}`,
    () => `{"__proto__":{"query":"{viewer{kind}}"},"query":${JSON.stringify(operation.query)},"variables":{"__proto__":{"v0":1},"constructor":null}}`,
    () => `{"query":"{viewer{kind}}","variables":{"v":1${'0'.repeat(times)}}}`,
    () => `{"query":"{viewer{kind}}","variables":{"v":1e${times}}}`,
    () => `{"query":"{viewer{kind}}","variables":${'['.repeat(times)}${']'.repeat(times)}}`,
    () => `{"query":"{viewer{kind}}","variables":${'{"a":'.repeat(times)}1${'}'.repeat(times)}}`,
    () => `[${Array.from({ length: upTo(draw, 20) }, () => whole).join(',')}]`,
    () => JSON.stringify({ query: json(draw), variables: json(draw), operationName: json(draw), extensions: json(draw) }),
    () => JSON.stringify({ ...operation, operationName: text(draw), extensions: { persistedQuery: { version: 1, sha256Hash: text(draw) } } }),
    () => JSON.stringify({ id: `sha256:${text(draw)}`, documentId: text(draw), variables: operation.variables }),
    () => `"${whole.replaceAll('"', '\\u0022')}"`,
    () => `{"query":"{viewer{kind}}\\ud800","variables":{"\\udfff":"\\ud800"}}`,
  ])();
}

const param = (name: string, value: string): string => `${name}=${encodeURIComponent(value.toWellFormed())}`;

function inAddress(draw: Draw, caller: Caller): FuzzRequest {
  const operation = oneIn(draw, 4) ? { query: nearlyValid(draw, validOperation(draw).query), variables: {} } : validOperation(draw);
  const parts = [param('query', operation.query.slice(0, 6_000)), param('variables', oneIn(draw, 4) ? text(draw) : JSON.stringify(operation.variables).slice(0, 2_000))];
  if (oneIn(draw, 4)) parts.push(param(oneOf(draw, ['operationName', 'extensions', 'query', 'variables', '__proto__', 'x[]']), text(draw)));
  if (oneIn(draw, 8)) parts.push(oneOf(draw, ['%', '%zz', '%ff%fe', '&&&&', '=', '?', '+', '%00']));
  return { kind: 'address', caller, method: oneOf(draw, ['GET', 'GET', 'GET', 'HEAD', 'POST', 'DELETE']), search: `?${parts.join('&')}`.slice(0, 12_000), headers: [['x-fuzz', '1']], body: '' };
}

const HEADER_NAMES = ['authorization', 'x-organization-id', 'accept', 'content-type', 'x-request-id', 'cookie', 'origin', 'accept-encoding', 'x-forwarded-proto', 'x-forwarded-for', 'user-agent', 'if-none-match', 'range', 'content-encoding', 'expect', 'accept-language'] as const;

const HEADER_VALUES = [
  '', ' ', '*/*', 'text/html', 'application/json', 'application/json; charset=utf-7', 'application/graphql-response+json', 'application/graphql+json', 'multipart/form-data; boundary=x',
  'text/plain', 'application/x-www-form-urlencoded', 'text/event-stream', 'application/json;q=0', '*/*;q=9', ',,,', 'Bearer', 'Bearer ', 'bearer tk_', 'Bearer tk_0123456789abcdef0123456789abcdef', 'Basic dTpw',
  'Digest x', 'Bearer a b', '@organization@', '@foreignOrganization@', 'org_', 'null', 'https://x.test', 'tenantry_access=x', 'tenantry_access=', 'a=b; tenantry_access="; a', '====;;;==', 'gzip, br;q=0.1', 'identity;q=0, *;q=0',
  '%00', "\u00ff\u00fe", '127.0.0.1', 'http', 'bytes=0-1', '"x"', 'x'.repeat(300), 'trailers', '\t',
] as const;

function withHeaders(draw: Draw, caller: Caller): FuzzRequest {
  const count = oneIn(draw, 10) ? 90 : 1 + upTo(draw, 4);
  const headers = Array.from({ length: count }, (_, index) => {
    const name = count > 20 ? `x-many-${index}` : oneOf(draw, HEADER_NAMES);
    return [name, oneOf(draw, HEADER_VALUES).repeat(oneIn(draw, 15) ? 20 : 1)] as const;
  });
  return { ...post('headers', caller, bodyOf(validOperation(draw))), headers: oneIn(draw, 3) ? headers : [JSON_TYPE, ...headers] };
}

/** What is hardly HTTP. Each ends with what lets the server answer at once. */
function rawBytes(draw: Draw): FuzzRequest {
  const body = '{"query":"{viewer{kind}}"}';
  const lines = oneOf(draw, [
    ['POST /graphql HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: -1'],
    ['POST /graphql HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 5', 'Content-Length: 6'],
    ['POST /graphql HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['POST /graphql HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Transfer-Encoding: strange'],
    ['POST /graphql HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 26'],
    ['POST /graphql HTTP/1.1', 'Host: a', 'Host: b', 'Content-Length: 0'],
    ['POST /graphql HTTP/9.9', 'Host: x'],
    ['GET //graphql?query={viewer{kind}} HTTP/1.1', 'Host: x'],
    ['GET http://elsewhere/graphql?query={viewer{kind}} HTTP/1.1', 'Host: x'],
    ['GET /graphql?query=%7bviewer%7bkind%7d%7d HTTP/1.1', `Host: ${text(draw).replaceAll(/[\r\n]/g, '')}`],
    ['OPTIONS * HTTP/1.1', 'Host: x'],
    ['PRI * HTTP/2.0', ''],
    [`${text(draw).replaceAll(/[\r\n]/g, '')} /graphql HTTP/1.1`, 'Host: x'],
    ['GET /graphql HTTP/1.1', 'Host: x', `X-Long: ${'x'.repeat(20_000)}`],
    ['GET /graphql HTTP/1.1', 'Host: x', `X-Text: ${text(draw).replaceAll(/[\r\n]/g, '')}`],
    ['POST /graphql HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Transfer-Encoding: chunked', '', 'zz', ''],
    ['\u0016\u0003\u0001\u0002\0\u0001\0'],
    [text(draw)],
  ]);
  return { kind: 'raw', caller: 'none', method: '', search: '', headers: [], body: `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`, raw: true };
}

function build(draw: Draw): FuzzRequest {
  const caller = oneIn(draw, 2) ? oneOf(draw, CALLERS) : 'owner';
  const kind = upTo(draw, 99);
  if (kind < 48) return post('valid', caller, bodyOf(validOperation(draw)));
  if (kind < 64) {
    const { query, variables } = validOperation(draw);
    return post('nearly valid', caller, bodyOf({ query: nearlyValid(draw, query), variables }));
  }
  if (kind < 73) return post('broken', caller, bodyOf({ query: oneIn(draw, 4) ? text(draw) : brokenQuery(draw), variables: {} }));
  if (kind < 83) return post('body', caller, oddBody(draw));
  if (kind < 91) return inAddress(draw, caller);
  if (kind < 97) return withHeaders(draw, caller);
  return rawBytes(draw);
}

/** Requests of every kind; the same seed gives the same ones, and one that fails shrinks. */
export const fuzzRequest: Arbitrary<FuzzRequest> = fc.gen().map(build);
