import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestAppOptions } from '../harness/app.ts';
import { PASSWORD, setPassword, signIn } from '../harness/world.ts';
import { ask, bearer, codesOf, type Reply, send } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// What comes back in a second is little, so that what was taken can be seen.
const SLOW = { RATE_LIMITS: 'on', RATE_PER_SECOND: '1', RATE_BURST: '40', COST_RESTORE_RATE: '1', ALIAS_LIMIT: '40' };

const servedWith = (environment: NonNullable<TestAppOptions['environment']>): Promise<ServedWorld> =>
  serveWorld({ environment: { ...SLOW, ...environment } }, { trustedProxies: ['127.0.0.1'] });

let world: ServedWorld;
beforeAll(async () => {
  world = await servedWith({ ROOT_FIELD_LIMIT: '10', USER_RATE_LIMIT_PER_HOUR: '10', ANONYMOUS_RATE_LIMIT_PER_HOUR: '10' });
});
afterAll(() => world.close());

let made = 0;
/** A new key of acme's owner with this many root fields an hour. */
async function newKey(rateLimitPerHour?: number, at = world): Promise<string> {
  const input = { name: `Key ${(made += 1)}`, scopes: ['*'], ...(rateLimitPerHour && { rateLimitPerHour }) };
  const query = `mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { ... on CreateApiKeySuccess { secret apiKey { rateLimitPerHour } } }
  }`;
  const { data } = await at.testApp.call(query, { input }, { as: at.acme.keys.owner });
  expect(data.createApiKey.apiKey.rateLimitPerHour).toBe(rateLimitPerHour ?? 3_600);
  return data.createApiKey.secret;
}

const asked = (token: string, query: string, variables = {}, at = world): Promise<Reply> =>
  ask(at.url, query, variables, bearer(token));
const aliases = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}: viewer { kind }`).join(' ');
const isAnswered = (reply: Reply): boolean => reply.json.errors === undefined;

/** The code, and the header that says the same as the body. */
function refusalOf(reply: Reply): string {
  expect(codesOf(reply)).toEqual(['RATE_LIMITED']);
  expect(reply.status).toBe(429);
  expect(reply.json.data).toBeUndefined();
  const { message, extensions } = reply.json.errors[0];
  expect(reply.headers['retry-after']).toBe(String(extensions.retryAfter));
  expect(Number.isInteger(extensions.retryAfter)).toBe(true);
  return message.replace(/: try again in \d+ seconds?\.$/, '');
}

describe('an API key has so many root fields an hour', () => {
  test('with 5 the 6th is refused, and another key is not concerned', async () => {
    const [key, other] = [await newKey(5), await newKey(5)];
    for (let count = 0; count < 5; count++) expect(isAnswered(await asked(key, '{ viewer { kind } }'))).toBe(true);
    const refused = await asked(key, '{ viewer { kind } }');
    expect(refusalOf(refused)).toBe('This API key may ask for 5 root fields an hour');
    expect(refused.json.errors[0].extensions.retryAfter).toBeGreaterThan(3_500);
    expect(refused.json.errors[0].extensions.retryAfter).toBeLessThanOrEqual(3_600);
    expect(isAnswered(await asked(other, `{ ${aliases(5)} }`))).toBe(true);
  });

  test.each<[string, (count: number) => string, Record<string, unknown>?]>([
    ['aliases', (count) => `{ ${aliases(count)} }`],
    ['fragments', (count) => `{ ...F ... { ${aliases(count - 2)} } } fragment F on Query { viewer { kind } ...G } fragment G on Query { __typename }`],
    ['introspection', (count) => `{ ${aliases(count - 1)} __schema { description } }`],
    ['variables', (count) => `query ($no: Boolean!) { ${aliases(count)} b: viewer @include(if: $no) { kind } }`, { no: false }],
    ['mutations', (count) => `mutation { ${Array.from({ length: count }, (_, i) => `a${i}: revokeApiKey(input: { id: "x" }) { __typename }`).join(' ')} }`],
  ])('6 in one request are refused for good and take nothing, 5 are answered: %s', async (_way, query, variables) => {
    const key = await newKey(5);
    // The key is looked up once and then known.
    await asked(key, '{');
    const { result, statements } = await world.testApp.statementsOf(() => asked(key, query(6), variables));
    expect(codesOf(result)).toEqual(['RATE_LIMITED']);
    // No wait would help, so none is promised.
    expect(result.json.errors[0]).toEqual({
      message: 'This API key may ask for 5 root fields an hour: ask for at most 5 at once.',
      extensions: { code: 'RATE_LIMITED' },
    });
    expect(result.status).toBe(429);
    expect(result.headers['retry-after']).toBeUndefined();
    // That it was refused is written down, once within a minute; nothing else is asked of the database.
    expect(statements.filter(({ text }) => !/set_config|events\.append(_each)?\(/.test(text))).toEqual([]);
    expect((await world.testApp.statementsOf(() => asked(key, query(6), variables))).statements).toEqual([]);
    expect(isAnswered(await asked(key, query(5), variables))).toBe(true);
    expect(refusalOf(await asked(key, query(5), variables))).toBe('This API key may ask for 5 root fields an hour');
  });

  test('of 6 at the same moment 5 are answered', async () => {
    const key = await newKey(5);
    const replies = await Promise.all(Array.from({ length: 6 }, () => asked(key, '{ viewer { kind } }')));
    expect(replies.filter(isAnswered)).toHaveLength(5);
  });

  test('what is not executed is not counted', async () => {
    const key = await newKey(1);
    for (const query of ['{', '{ nothing }', `{ ${aliases(41)} }`]) {
      expect(isAnswered(await asked(key, query))).toBe(false);
    }
    expect(isAnswered(await asked(key, '{ viewer { kind } }'))).toBe(true);
    expect(refusalOf(await asked(key, '{ viewer { kind } }'))).toBe('This API key may ask for 1 root fields an hour');
  });

  test('the status and the header are there for every kind of client', async () => {
    const key = await newKey(1);
    await asked(key, '{ viewer { kind } }');
    for (const accept of ['application/graphql-response+json', 'application/json', '*/*']) {
      const headers = { 'content-type': 'application/json', accept, ...bearer(key) };
      refusalOf(await send(world.url, { headers, body: JSON.stringify({ query: '{ viewer { kind } }' }) }));
    }
  });
});

test('a person has one limit for all sessions', async () => {
  const email = world.acme.email('member');
  const [one, other] = [await signIn(world.testApp.app, email), await signIn(world.testApp.app, email)];
  expect(isAnswered(await asked(one, `{ ${aliases(4)} }`))).toBe(true);
  expect(isAnswered(await asked(other, `{ ${aliases(6)} }`))).toBe(true);
  expect(refusalOf(await asked(one, '{ viewer { kind } }'))).toBe('You may ask for 10 root fields an hour');
});

describe('who is not signed in has the limit of the network address', () => {
  const from = (address: string): Promise<Reply> =>
    ask(world.url, '{ __typename }', {}, { 'x-forwarded-for': address });

  test.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.8'],
    ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:1::1'],
  ])('%s', async (address, same, another) => {
    for (let count = 0; count < 10; count++) expect(isAnswered(await from(address))).toBe(true);
    expect(refusalOf(await from(same))).toBe('Your network address may ask for 10 root fields an hour');
    expect(isAnswered(await from(another))).toBe(true);
  });
});

describe('what an operation costs', () => {
  const costOf = async (key: string, query: string, variables = {}) => (await asked(key, query, variables)).json.extensions.cost;

  test('is said before and after, and the difference is given back', async () => {
    const key = await newKey();
    const query = 'query ($n: Int) { workflows(first: $n) { edges { node { id tasks(first: 10) { edges { node { id } } } } } } }';
    // Three workflows of three tasks each.
    expect(await costOf(key, query, { n: 50 })).toEqual({ requested: 550, actual: 12, available: 19_988, restoreRate: 1 });
    expect((await costOf(key, '{ viewer { kind } }')).available).toBeGreaterThanOrEqual(19_987);
  });

  test('is what was requested when there is an error in the answer', async () => {
    const query = '{ workflows(first: 50) { totalCount } workflow(id: "unknown") { id } }';
    expect(await costOf(await newKey(), query)).toMatchObject({ requested: 51, actual: 51, available: 19_949 });
  });

  test('is the same for a foreign id and an unknown one', async () => {
    const key = await newKey();
    const ids = [world.globex.workflowIds[0], world.acme.workflowIds[0]?.replace(/.{5}$/, '00000')];
    for (const query of ['query ($id: ID!) { node(id: $id) { id } }', 'query ($id: ID!) { workflow(id: $id) { id tasks(first: 9) { totalCount } } }']) {
      const [foreign, unknown] = [await asked(await newKey(), query, { id: ids[0] }), await asked(await newKey(), query, { id: ids[1] })];
      expect(foreign.json).toEqual(unknown.json);
      expect(codesOf(foreign)).toEqual(['NOT_FOUND']);
    }
    const nodes = await asked(key, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect(nodes.json.extensions.cost).toMatchObject({ requested: 2, actual: 2 });
  });

  test('is said of an operation that is too large', async () => {
    const { json } = await asked(await newKey(), '{ workflows(first: 100) { edges { node { tasks(first: 100) { totalCount } } } } }');
    expect(json.errors[0].extensions.code).toBe('QUERY_TOO_COMPLEX');
    expect(json.extensions).toEqual({ cost: { requested: 10_100 } });
  });

  test('is read in viewer.rateLimit, with the rest', async () => {
    const key = await newKey(100);
    await asked(key, `{ ${aliases(9)} }`);
    const before = Date.now();
    const { json } = await asked(key, '{ viewer { rateLimit { limit remaining resetAt cost { limit available restoreRate } } } }');
    const { resetAt, ...rest } = json.data.viewer.rateLimit;
    expect(rest).toMatchObject({ limit: 100, remaining: 90, cost: { limit: 20_000, restoreRate: 1 } });
    expect(rest.cost.available).toBe(json.extensions.cost.available);
    expect(json.extensions.cost).toMatchObject({ requested: 3, actual: 3 });
    expect(Date.parse(resetAt) - before).toBeGreaterThan(3_500_000);
    expect(Date.parse(resetAt) - before).toBeLessThanOrEqual(3_601_000);
  });
});

describe('what was saved up', () => {
  let small: ServedWorld;
  beforeAll(async () => {
    small = await servedWith({ COST_LIMIT: '100', COST_BUCKET: '100', ROOT_FIELD_LIMIT: '10', RATE_BURST: '10' });
  });
  afterAll(() => small.close());

  const page = (first: number): string => `{ workflows(first: ${first}) { edges { node { id } } } nothing: workflow(id: "x") { id } }`;

  test('of cost is used up to the last point, and a refusal says what there is', async () => {
    const key = await newKey(undefined, small);
    expect((await asked(key, page(59), {}, small)).json.extensions.cost).toMatchObject({ actual: 60, available: 40 });
    const refused = await asked(key, page(50), {}, small);
    expect(refusalOf(refused)).toBe('This API key may spend a cost of 100 at once and 1 a second after that');
    const { requested, available } = refused.json.extensions.cost;
    expect(requested).toBe(51);
    expect(available).toBeGreaterThanOrEqual(40);
    expect(refused.json.errors[0].extensions.retryAfter).toBeLessThanOrEqual(11);
    expect((await asked(key, page(39), {}, small)).json.data.workflows.edges).toHaveLength(3);
  });

  test('of root fields at once is used up to the last one', async () => {
    const key = await newKey(undefined, small);
    expect(isAnswered(await asked(key, `{ ${aliases(10)} }`, {}, small))).toBe(true);
    expect(refusalOf(await asked(key, `{ ${aliases(10)} }`, {}, small))).toBe('This API key may ask for 10 root fields at once and 1 a second after that');
  });
});

describe('an email address can be tried five times a minute', () => {
  let computers = 0;
  /** From another network each time, as somebody with many would do it. */
  const tried = (email: string, password = 'wrong', fields = ['signIn']): Promise<Reply> => {
    const signIns = fields.map((field) => `${field}(input: { email: $email, password: $password }) { __typename }`);
    const query = `mutation ($email: String!, $password: String!) { ${signIns.join(' ')} }`;
    return ask(world.url, query, { email, password }, { 'x-forwarded-for': `198.51.100.${(computers += 1)}` });
  };

  test.each([
    ['one that somebody has', () => world.acme.email('viewer')],
    ['one that nobody has', () => 'nobody@nowhere.test'],
    ['what is none', () => 'no address'],
  ])('%s', async (_kind, email) => {
    for (let count = 0; count < 5; count++) {
      // The same address in another form is the same.
      const reply = await tried(count % 2 ? email() : ` ${email().toUpperCase()} `);
      expect(codesOf(reply)).toEqual(['UNAUTHENTICATED']);
    }
    const refused = await tried(email());
    expect(codesOf(refused)).toEqual(['RATE_LIMITED']);
    const [{ message, path, extensions }] = refused.json.errors;
    expect(message).toMatch(/^Too many attempts with this address or from your network: try again in \d+ seconds\.$/);
    expect(path).toEqual(['signIn']);
    expect(refused.headers['retry-after']).toBe(String(extensions.retryAfter));
    expect(refused.json.data).toEqual({ signIn: null });
  });

  test('also with the right password, and as six aliases', async () => {
    const email = world.acme.email('manager');
    await setPassword(world.testApp.app, email);
    const reply = await tried(email, PASSWORD, Array.from({ length: 6 }, (_, i) => `a${i}: signIn`));
    expect(Object.values(reply.json.data).filter(Boolean)).toHaveLength(5);
    expect(codesOf(reply)).toEqual(['RATE_LIMITED']);
    expect(reply.json.errors[0].path).toEqual(['a5']);
  });
});

describe('a network can try five times a minute', () => {
  let addresses = 0;
  const tried = (mutation: string, from: string): Promise<Reply> => {
    const input = { email: `person${(addresses += 1)}@nowhere.test`, password: PASSWORD, token: 'tp_nobody' };
    const taken = { signIn: ['email', 'password'], register: ['email', 'password'], requestPasswordReset: ['email'], resendVerification: ['email'], resetPassword: ['token', 'password'], verifyEmail: ['token', 'password'] }[mutation]!;
    const fields = taken.map((name) => `${name}: ${JSON.stringify(input[name as keyof typeof input])}`);
    return ask(world.url, `mutation { ${mutation}(input: { ${fields.join(', ')} }) { __typename } }`, {}, { 'x-forwarded-for': from });
  };
  const isRefused = async (mutation: string, from: string): Promise<boolean> => (await tried(mutation, from)).json.errors?.[0].extensions.code === 'RATE_LIMITED';

  test.each(['signIn', 'register', 'requestPasswordReset', 'resendVerification', 'resetPassword', 'verifyEmail'])('%s, with another address each time', async (mutation) => {
    const from = `203.0.113.${addresses + 1}`;
    for (let count = 0; count < 5; count++) expect(await isRefused(mutation, from)).toBe(false);
    expect(await isRefused(mutation, from)).toBe(true);
    expect(await isRefused(mutation, `192.0.2.${addresses}`)).toBe(false);
  });

  test('all addresses of an IPv6 network together', async () => {
    for (let count = 0; count < 5; count++) expect(await isRefused('signIn', `2001:db8:7:7::${count + 1}`)).toBe(false);
    expect(await isRefused('signIn', '2001:db8:7:7:ffff::1')).toBe(true);
    expect(await isRefused('signIn', '2001:db8:7:8::1')).toBe(false);
  });

  test('and ten networks of one customer as often as ten together, of which nobody else is concerned', async () => {
    const from = (network: number, host: number): string => `2001:db8:9:${network.toString(16)}::${host + 1}`;
    for (let attempt = 0; attempt < 50; attempt++) expect([attempt, await isRefused('signIn', from(attempt, 0))]).toEqual([attempt, false]);
    // From a network that has tried nothing yet.
    expect(await isRefused('signIn', from(0xff, 0))).toBe(true);
    expect(await isRefused('signIn', '2001:db8:a:1::1')).toBe(false);
    // Of the older kind every address is somebody.
    for (let attempt = 0; attempt < 55; attempt++) expect([attempt, await isRefused('signIn', `198.18.0.${attempt}`)]).toEqual([attempt, false]);
  });
});

describe('a network that many sign in from, as an office or a backend,', () => {
  let wide: ServedWorld;
  beforeAll(async () => {
    wide = await servedWith({ SIGN_IN_ATTEMPTS_PER_NETWORK: '20' });
  });
  afterAll(() => wide.close());
  const outcomes = async (emailOf: (index: number) => string, fromOf: (index: number) => string, count: number): Promise<string[]> => {
    const codes: string[] = [];
    for (let index = 0; index < count; index++) {
      const query = `mutation { signIn(input: { email: "${emailOf(index)}", password: "wrong" }) { __typename } }`;
      codes.push(...codesOf(await ask(wide.url, query, {}, { 'x-forwarded-for': fromOf(index) })));
    }
    return codes;
  };
  const times = (count: number, code: string): string[] => Array.from({ length: count }, () => code);

  test('may try as often as is configured, with another address each time', async () => {
    const codes = await outcomes((index) => `office${index}@nowhere.test`, () => '198.51.100.200', 21);
    expect(codes).toEqual([...times(20, 'UNAUTHENTICATED'), 'RATE_LIMITED']);
  });

  test('guesses no more often at one address than before, from however many networks', async () => {
    const codes = await outcomes(() => 'guessed@nowhere.test', (index) => `198.51.100.${index}`, 6);
    expect(codes).toEqual([...times(5, 'UNAUTHENTICATED'), 'RATE_LIMITED']);
  });
});

test('a server that limits nobody says so, and no cost', async () => {
  const free = await serveWorld();
  try {
    const { json } = await ask(free.url, '{ viewer { rateLimit { limit } } }', {}, bearer(free.acme.keys.owner));
    expect(json).toEqual({ data: { viewer: { rateLimit: null } } });
  } finally {
    await free.close();
  }
});
