import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/compose.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { definition, PASSWORD, setPassword } from '../harness/world.ts';
import { ask, bearer, codesOf, send } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
let log = '';

beforeAll(async () => {
  const logger = pino({ level: 'trace' }, { write: (line: string) => void (log += line) });
  world = await serveWorld({ logger }, { logger, graphiql: true });
});
afterAll(() => world.close());
beforeEach(() => {
  log = '';
});

const lines = (): any[] =>
  log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const requests = (): any[] => lines().filter(({ msg }) => msg === 'request');

describe('one line for each request', () => {
  test('says who, where, what by its name, how it went and how long it took', async () => {
    const reply = await ask(world.url, 'query { viewer { kind } }', {}, bearer(world.acme.keys.viewer));
    expect(lines()).toHaveLength(1);
    const [line] = requests();
    expect(line).toMatchObject({
      requestId: reply.headers['x-request-id'],
      door: 'graphql',
      method: 'POST',
      status: 200,
      orgId: world.acme.orgUuid,
      principal: {
        kind: 'apiKey',
        userId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        credentialId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
      operation: null,
      codes: [],
    });
    expect(line.durationMs).toBeGreaterThan(0);
  });

  test('tells whose session was opened or ended, because no log of an organization does', async () => {
    const query = 'mutation ($i: SignInInput!) { signIn(input: $i) { ... on SignInSuccess { accessToken } } }';
    const userId = await setPassword(world.testApp.app, world.acme.email('viewer'));
    const signIn = (password: string) => ask(world.url, query, { i: { email: world.acme.email('viewer'), password } });
    const { accessToken } = (await signIn(PASSWORD)).json.data.signIn;
    await signIn('wrong');
    await ask(world.url, 'mutation { signOut { __typename } }', {}, bearer(accessToken));
    expect(requests().map(({ acts }) => acts)).toEqual([
      [{ mutation: 'signIn', userId, code: null }],
      [{ mutation: 'signIn', userId: null, code: 'UNAUTHENTICATED' }],
      [{ mutation: 'signOut', userId, code: null }],
    ]);
  });

  test('names the operation and the codes', async () => {
    const body = JSON.stringify({
      query: 'query A { workflow(id: "x") { id } } query B { viewer { kind } }',
      operationName: 'A',
    });
    await send(world.url, { headers: { 'content-type': 'application/json', ...bearer(world.acme.keys.viewer) }, body });
    await ask(world.url, '{ workflows { totalCount } }');
    await ask(world.url, '{ nothing }');
    expect(requests().map(({ operation, codes }) => [operation, codes])).toEqual([
      ['A', ['NOT_FOUND']],
      [null, ['UNAUTHENTICATED']],
      [null, ['GRAPHQL_VALIDATION_FAILED']],
    ]);
    expect(lines()).toHaveLength(3);
  });

  test('is written by every door, also for what is refused', async () => {
    const { origin } = new URL(world.url);
    await send(`${origin}/other?secret=1`, { method: 'GET' });
    await send(`${origin}/health/live`, { method: 'GET' });
    await send(world.url, { method: 'GET', headers: { accept: 'text/html' } });
    await send(world.url, { method: 'PUT' });
    await send(world.url, { headers: { 'content-type': 'text/plain' }, body: 'x' });
    expect(requests().map(({ door, method, status, codes }) => [door, method, status, codes])).toEqual([
      ['none', 'GET', 404, ['NOT_FOUND']],
      ['health', 'GET', 200, []],
      ['graphiql', 'GET', 200, []],
      ['graphql', 'PUT', 405, ['BAD_REQUEST']],
      ['graphql', 'POST', 415, ['BAD_REQUEST']],
    ]);
    expect(log).not.toContain('secret');
  });
});

describe('the id of a request', () => {
  const idOf = async (sent?: string): Promise<string> => {
    const reply = await ask(world.url, '{ viewer { kind } }', {}, sent === undefined ? {} : { 'x-request-id': sent });
    const id = reply.headers['x-request-id'] as string;
    expect(requests().at(-1).requestId).toBe(id);
    return id;
  };

  test('is the one that was sent, or a new one', async () => {
    expect(await idOf('trace-1.2_3')).toBe('trace-1.2_3');
    const made = new Set([await idOf(), await idOf()]);
    expect(made.size).toBe(2);
    for (const id of made) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(['', ' ', 'x'.repeat(129), 'a b', 'a,b', '{"a":1}', '<script>', '../../x', 'a;b', 'ü', '%0d%0aX: y', "'"])(
    'is a new one instead of %j',
    async (sent) => {
      expect(await idOf(sent)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test('is on the answers of every door', async () => {
    const { origin } = new URL(world.url);
    for (const path of ['/health/live', '/health/ready', '/nothing', '/graphql']) {
      const { headers } = await send(origin + path, { method: 'GET', headers: { 'x-request-id': 'mine' } });
      expect(headers['x-request-id']).toBe('mine');
    }
  });
});

describe('nothing that is secret', () => {
  /** What must not be found, however deep: each text has the word in it, and the secrets of the world are added. */
  const MARK = 'hunter2xyzzy';
  const secrets = new Set<string>();
  const mark = (name: string): string => `${MARK}-${name}`;

  const expectClean = (): void => {
    expect(log).not.toBe('');
    expect(log).not.toContain(MARK);
    for (const secret of [...secrets, PASSWORD]) expect(log).not.toContain(secret);
    expect(log).not.toMatch(/SELECT|INSERT|invocation|tk_\w{10}|t[ar]_[\w-]{20}/);
  };

  test('of requests that succeed, fail, or are refused', async () => {
    const { acme } = world;
    for (const key of Object.values(acme.keys)) secrets.add(key);
    const headers = {
      ...bearer(acme.keys.owner),
      cookie: `tenantry_access=${mark('cookie')}; other=${mark('other-cookie')}`,
      'user-agent': mark('agent'),
      referer: `https://${mark('referer')}/`,
      'x-forwarded-for': mark('forwarded'),
      'x-anything': mark('header'),
    };
    const create = 'mutation($i: CreateWorkflowInput!) { createWorkflow(input: $i) { __typename } }';
    await ask(
      world.url,
      create,
      { i: { name: mark('name'), definition: { ...definition('x'), secret: mark('json') } } },
      headers,
    );
    await ask(world.url, create, { i: { name: mark('name'), definition: mark('definition') } }, headers);
    await ask(world.url, create, { i: { name: mark('name'), [mark('field')]: 1 } }, headers);
    await ask(world.url, create, { i: { name: { secret: mark('type') }, definition: {} } }, headers);
    await ask(world.url, `{ ${MARK}: viewer { kind } }`, {}, headers);
    await ask(world.url, `{ viewer { ${MARK} } }`, {}, headers);
    await ask(world.url, `{ workflow(id: "${mark('literal')}") { id } } # ${mark('comment')}`, {}, headers);
    await ask(world.url, `{ "${mark('syntax')}`, {}, headers);
    await ask(world.url, 'query($id: ID!) { node(id: $id) { id } }', { id: mark('id') }, headers);
    await ask(world.url, '{ viewer { kind } }', {}, { authorization: `Bearer ${mark('token')}` });
    await ask(world.url, '{ viewer { kind } }', {}, { ...headers, 'x-organization-id': mark('organization') });
    await ask(world.url, '{ viewer { kind } }', {}, { 'x-request-id': `${mark('id')} with a space` });
    await send(`${world.url}?query=${mark('get')}&token=${mark('query')}`, { method: 'GET' });
    await send(`${new URL(world.url).origin}/${mark('path')}`, { method: 'GET' });
    await send(world.url, { headers: { 'content-type': 'application/json' }, body: `{"${mark('body')}` });
    await send(world.url, { headers: { 'content-type': mark('type') }, body: mark('body') });
    await send(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { kind } }', operationName: mark('operation') }),
    });
    expectClean();
  });

  test('of sign-ins, refreshes and new keys', async () => {
    const email = world.acme.email('admin');
    await setPassword(world.testApp.app, email, mark('password'));
    const signIn =
      'mutation($i: SignInInput!) { signIn(input: $i) { ... on SignInSuccess { accessToken refreshToken } } }';
    const { json } = await ask(world.url, signIn, { i: { email, password: mark('password'), cookie: true } });
    const session = json.data.signIn;
    secrets.add(session.accessToken).add(session.refreshToken);
    await ask(world.url, signIn, { i: { email: `${mark('email')}@acme.test`, password: mark('wrong') } });
    await ask(world.url, signIn, { i: { email, password: mark('password'), remember: mark('more') } });
    const refresh = `mutation($t: String) {
        refreshSession(input: {refreshToken: $t}) { ... on RefreshSessionSuccess { accessToken refreshToken } }
      }`;
    const traded = (await ask(world.url, refresh, { t: session.refreshToken })).json.data.refreshSession;
    secrets.add(traded.accessToken).add(traded.refreshToken);
    await ask(world.url, refresh, { t: session.refreshToken });
    const create = `mutation {
        createApiKey(input: {name: "k", scopes: ["*"]}) { ... on CreateApiKeySuccess { secret apiKey { id } } }
      }`;
    const made = (await ask(world.url, create, {}, bearer(world.acme.keys.owner))).json.data.createApiKey;
    secrets.add(made.secret);
    const rotate = 'mutation($id: ID!) { rotateApiKey(input: {id: $id}) { ... on RotateApiKeySuccess { secret } } }';
    const rotated = (await ask(world.url, rotate, { id: made.apiKey.id }, bearer(world.acme.keys.owner))).json.data
      .rotateApiKey;
    secrets.add(rotated.secret);
    expect(requests().flatMap(({ codes }) => codes)).toEqual([
      'UNAUTHENTICATED',
      'VALIDATION_FAILED',
      'UNAUTHENTICATED',
    ]);
    expectClean();
  });

  test('of unexpected failures, whose name, place and constraint are there all the same', async () => {
    const { database } = world.testApp;
    const alter = (change: string) =>
      withClient(database.superuserUrl, (client) => client.query(`ALTER TABLE workflow.workflows ${change}`));
    await alter('ADD CONSTRAINT no_surprise CHECK (description IS NULL) NOT VALID');
    const query = 'mutation($i: UpdateWorkflowInput!) { renamed: updateWorkflow(input: $i) { __typename } }';
    const input = { id: world.acme.workflowIds[0], description: mark('description') };
    const reply = await ask(world.url, query, { i: input }, bearer(world.acme.keys.owner));
    await alter('DROP CONSTRAINT no_surprise');

    expect(codesOf(reply)).toEqual(['INTERNAL']);
    const { requestId } = reply.json.errors[0].extensions;
    expect(requestId).toBe(reply.headers['x-request-id']);
    const failure = lines().find(({ level }) => level === 50);
    expect(failure).toMatchObject({
      requestId,
      field: 'updateWorkflow',
      error: {
        name: 'PrismaClientKnownRequestError',
        database: { kind: 'postgres', sqlState: '23514', table: 'workflows', constraint: 'no_surprise' },
      },
      msg: 'unexpected failure',
    });
    expect(failure.error.at.join('\n')).toContain('workflow.service.ts');
    expectClean();
  });

  test('of wrong calls of Prisma, which repeat what they were called with', async () => {
    const { db } = world.testApp.app;
    const real = db.organization.findFirst;
    Object.assign(db.organization, {
      findFirst: (args: object) => real({ ...args, where: { [mark('column')]: mark('value') } }),
    });
    try {
      const reply = await ask(world.url, '{ viewer { organization { id } } }', {}, bearer(world.acme.keys.owner));
      expect(codesOf(reply)).toEqual(['INTERNAL']);
      expect(lines().find(({ level }) => level === 50).error.name).toMatch(/Prisma|TenantViolation/);
      expectClean();
    } finally {
      Object.assign(db.organization, { findFirst: real });
    }
  });
});

test('the log of the server itself takes the level of LOG_LEVEL', () => {
  expect(createLogger({ logLevel: 'warn' }).level).toBe('warn');
});
