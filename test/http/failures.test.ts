import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateApiKey } from '../../src/domains/auth/index.ts';
import { ask, bearer, codesOf, type Reply, send } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
beforeAll(async () => {
  const environment = { RATE_LIMITS: 'on', FAILURES_PER_MINUTE: '3', RATE_BURST: '1000', BODY_LIMIT_BYTES: '20000' };
  world = await serveWorld({ environment }, { trustedProxies: ['127.0.0.1'] });
});
afterAll(() => world.close());

let addresses = 0;
/** A network that nobody has called from. */
const newAddress = (): string => `203.0.113.${(addresses += 1)}`;
const from = (address: string, query = '{ viewer { kind } }', token?: string): Promise<Reply> =>
  ask(world.url, query, {}, { 'x-forwarded-for': address, ...(token && bearer(token)) });
const fresh = (query: string): string => `${query} # ${(addresses += 1)}`;

function expectLimited(reply: Reply): void {
  expect(codesOf(reply)).toEqual(['RATE_LIMITED']);
  expect(reply.status).toBe(429);
  expect(reply.json.data).toBeUndefined();
  expect(reply.json.errors[0].message).toMatch(/^Too many requests have failed; 3 a minute may: try again in \d+ seconds?\.$/);
  expect(reply.headers['retry-after']).toBe(String(reply.json.errors[0].extensions.retryAfter));
}

const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(' ');

describe('three failures a minute of one address, and the fourth is refused', () => {
  test.each<[string, (address: string) => Promise<Reply>, string]>([
    ['unknown keys', (address) => from(address, undefined, generateApiKey()), 'UNAUTHENTICATED'],
    ['malformed keys', (address) => from(address, undefined, 'tk_x'), 'UNAUTHENTICATED'],
    ['unknown tokens', (address) => from(address, undefined, `ta_${'x'.repeat(43)}`), 'UNAUTHENTICATED'],
    ['documents that cannot be read', (address) => from(address, fresh('{')), 'GRAPHQL_PARSE_FAILED'],
    ['the same document that cannot be read', (address) => from(address, '{ { {'), 'GRAPHQL_PARSE_FAILED'],
    ['documents that do not fit the schema', (address) => from(address, fresh('{ nothing }')), 'GRAPHQL_VALIDATION_FAILED'],
    ['documents with too many tokens', (address) => from(address, `{ ${times(2_000, 'x')} }`), 'QUERY_TOO_COMPLEX'],
    ['documents with too much in them', (address) => from(address, fresh(`{ ${times(21, '__typename')} }`)), 'QUERY_TOO_COMPLEX'],
    ['bodies that are too large', (address) => from(address, `{ __typename } # ${'x'.repeat(20_000)}`), 'REQUEST_ENTITY_TOO_LARGE'],
  ])('%s', async (_kind, fail, code) => {
    const address = newAddress();
    for (let count = 0; count < 3; count++) expect(new Set(codesOf(await fail(address)))).toEqual(new Set([code]));
    expectLimited(await fail(address));
    expect(new Set(codesOf(await fail(newAddress())))).toEqual(new Set([code]));
  });

  test('also at the same moment', async () => {
    const address = newAddress();
    const replies = await Promise.all(Array.from({ length: 12 }, () => from(address, undefined, generateApiKey())));
    expect(replies.filter((reply) => codesOf(reply)[0] === 'UNAUTHENTICATED')).toHaveLength(3);
  });
});

describe('who has failed too often', () => {
  /** An address without a failure left. */
  async function exhausted(): Promise<string> {
    const address = newAddress();
    for (let count = 0; count < 3; count++) await from(address, fresh('{ nothing }'));
    expectLimited(await from(address, fresh('{ nothing }')));
    return address;
  }

  test('gets no further document checked, but those that were found right before', async () => {
    const query = fresh('{ __typename }');
    expect((await from(newAddress(), query)).json.errors).toBeUndefined();
    const address = await exhausted();
    expectLimited(await from(address, fresh('{ __typename }')));
    expect((await from(address, query)).json.errors).toBeUndefined();
  });

  test('does not keep out those beside them whose key is known, whatever they ask', async () => {
    const key = world.acme.keys.manager;
    expect((await from(newAddress(), '{ viewer { kind } }', key)).json.errors).toBeUndefined();
    const address = await exhausted();
    expect((await from(address, fresh('{ viewer { kind } }'), key)).json.errors).toBeUndefined();
    // What they do wrong is theirs, wherever they are.
    for (let count = 0; count < 3; count++) expect(codesOf(await from(address, fresh('{ nothing }'), key))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expectLimited(await from(newAddress(), fresh('{ nothing }'), key));
  });

  test('has no secret worked out: a good key that was not seen lately waits with them', async () => {
    const address = await exhausted();
    const key = world.acme.keys.customer;
    expectLimited(await from(address, '{ viewer { kind } }', key));
    expect((await from(newAddress(), '{ viewer { kind } }', key)).json.errors).toBeUndefined();
    expect((await from(address, '{ viewer { kind } }', key)).json.errors).toBeUndefined();
  });
});

test('good keys take no failure, though their secrets are worked out', async () => {
  const address = newAddress();
  for (const key of Object.values(world.globex.keys)) expect((await from(address, '{ __typename }', key)).json.errors).toBeUndefined();
});

test('what is no failure of the caller is not counted', async () => {
  const address = newAddress();
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
  const body = JSON.stringify({ documentId: `sha256:${'0'.repeat(64)}` });
  for (let count = 0; count < 5; count++) {
    expect(codesOf(await send(world.url, { headers, body }))).toEqual(['PERSISTED_DOCUMENT_NOT_FOUND']);
    expect(codesOf(await from(address, '{ workflows { totalCount } }'))).toEqual(['UNAUTHENTICATED']);
  }
});

describe('a document with too much in it is told so before it is checked', () => {
  test.each([
    ['root fields', `{ ${times(490, 'viewer { kind }')} }`, 'This operation has 490 root fields; the limit is 20: ask for them in several requests.'],
    ['fields of one name', `{ viewer { ${times(480, 'rateLimit { limit }')} } }`, 'This document selects "rateLimit" 480 times; the limit is 100: ask for it once, or in several requests.'],
    ['aliases that do not exist', `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: nothing`).join(' ')} }`, 'This operation has 16 aliases; the limit is 15: ask for less at a time.'],
    ['directives that do not exist', `{ __typename ${times(51, '@nothing')} }`, 'This operation has 51 directives; the limit is 50: leave some away.'],
    ['levels', `{ workflows { edges { node { ${times(4, 'tasks { edges { node { workflow {')} nothing ${times(19, '}')} }`, 'This query is 20 levels deep; the limit is 10: ask for what lies deeper by its id.'],
  ])('%s', async (_kind, query, message) => {
    const { json } = await from(newAddress(), query);
    expect(json.errors).toHaveLength(1);
    expect(json.errors[0].extensions.code).toBe('QUERY_TOO_COMPLEX');
    expect(json.errors[0].message).toBe(message);
  });
});
