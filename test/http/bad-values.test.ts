import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { definition } from '../harness/world.ts';
import { ask, bearer, codesOf, send, type Reply } from './door.ts';
import { expectUntouched, rowsOf, serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
let rows: string;

beforeAll(async () => {
  world = await serveWorld();
  rows = await rowsOf(world.testApp);
});
afterAll(() => world.close());

afterEach(() => expectUntouched(world, rows));

const asOwner = (query: string, variables: Record<string, unknown> = {}): Promise<Reply> =>
  ask(world.url, query, variables, bearer(world.acme.keys.owner));
const asOperator = (query: string, variables: Record<string, unknown> = {}): Promise<Reply> =>
  ask(world.url, query, variables, bearer(world.operator.token));

/** The code and the named fields of a mutation's answer, which is data. */
const failureOf = ({ json, text }: Reply): { code: string; paths: string[] } => {
  expect(json.errors, text).toBeUndefined();
  const [{ __typename, code, fields }] = Object.values(json.data) as [any];
  return { code: code ?? __typename, paths: (fields ?? []).map((field: any) => field.path.join('.')) };
};

/** Calls a mutation with one input. */
const mutate = (name: string, input: unknown, as = asOwner): Promise<Reply> => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  return as(
    `mutation($input: ${type}!) {
      ${name}(input: $input) { __typename ... on Error { code } ... on ValidationError { fields { path } } }
    }`,
    { input },
  );
};

const unknownId = 'wf_01h455vb4pex5vsknk084sn02q';

describe('pages', () => {
  test.each([
    [{ first: 0 }, 'VALIDATION_FAILED'],
    [{ first: -1 }, 'VALIDATION_FAILED'],
    [{ first: 101 }, 'VALIDATION_FAILED'],
    [{ last: 0 }, 'VALIDATION_FAILED'],
    [{ last: 101 }, 'VALIDATION_FAILED'],
    [{ first: 1, last: 1 }, 'VALIDATION_FAILED'],
    [{ first: 2_147_483_647 }, 'VALIDATION_FAILED'],
    [{ first: 2_147_483_648 }, 'VALIDATION_FAILED'],
    [{ first: 1.5 }, 'VALIDATION_FAILED'],
    [{ first: '5' }, 'VALIDATION_FAILED'],
    [{ first: [5] }, 'VALIDATION_FAILED'],
    [{ after: 'x' }, 'VALIDATION_FAILED'],
    [{ after: '' }, 'VALIDATION_FAILED'],
    [{ after: '\0' }, 'VALIDATION_FAILED'],
    [{ after: 'A'.repeat(50_000) }, 'VALIDATION_FAILED'],
    [{ before: 'eyJpZCI6MX0' }, 'VALIDATION_FAILED'],
    [{ after: 5 }, 'VALIDATION_FAILED'],
  ])('%j', async (variables, code) => {
    const parameters = '$first: Int, $last: Int, $after: String, $before: String';
    const given = 'first: $first, last: $last, after: $after, before: $before';
    for (const list of ['workflows', 'members', 'apiKeys']) {
      const reply = await asOwner(`query(${parameters}) { ${list}(${given}) { totalCount } }`, variables);
      expect(codesOf(reply)).toEqual([code]);
    }
    const nested = await asOwner(
      `query(${parameters}) { workflows(first: 1) { edges { node { tasks(${given}) { totalCount } } } } }`,
      variables,
    );
    expect(codesOf(nested)).toEqual([code]);
  });

  test('a cursor of another organization, field, filter or order is none', async () => {
    const cursorOf = async (headers: Record<string, string>, args: string) => {
      const { json } = await ask(world.url, `{ workflows(${args}) { edges { cursor } } }`, {}, headers);
      return json.data.workflows.edges[0].cursor as string;
    };
    const cursors = [
      await cursorOf(bearer(world.globex.keys.owner), 'first: 1'),
      await cursorOf(bearer(world.acme.keys.owner), 'first: 1, filter: {status: {eq: ACTIVE}}'),
      await cursorOf(bearer(world.acme.keys.owner), 'first: 1, orderBy: {field: NAME, direction: ASC}'),
    ];
    for (const after of cursors) {
      const reply = await asOwner('query($after: String) { workflows(after: $after) { totalCount } }', { after });
      expect(codesOf(reply)).toEqual(['VALIDATION_FAILED']);
    }
  });

  test('a list of more than 100 choices', async () => {
    const slugs = Array.from({ length: 101 }, (_, index) => `s${index}`);
    const query = 'query($slugs: [String!]) { workflows(filter: {slug: {in: $slugs}}) { totalCount } }';
    expect(codesOf(await asOwner(query, { slugs }))).toEqual(['VALIDATION_FAILED']);
    expect((await asOwner(query, { slugs: slugs.slice(1) })).json).toEqual({ data: { workflows: { totalCount: 0 } } });
  });
});

describe('ids', () => {
  const ids = (): string[] => [
    '',
    'x',
    unknownId,
    unknownId.toUpperCase(),
    world.globex.workflowIds[0]!,
    world.acme.apiKeyId.replace('key_', 'wf_'),
    world.acme.workflowIds[0]!.replace('wf_', 'task_'),
    world.acme.orgUuid,
    'wf_',
    'wf_zzzzzzzzzzzzzzzzzzzzzzzzzz',
    `${world.acme.workflowIds[0]!} `,
    "wf_' OR 1=1 --",
    'wf_\0',
    '\ud800',
    'w'.repeat(40_000),
  ];

  test('a malformed, an unknown and a foreign id are answered alike', async () => {
    const answers = new Set<string>();
    for (const id of ids()) {
      const reply = await asOwner('query($id: ID!) { workflow(id: $id) { id } }', { id });
      expect(codesOf(reply)).toEqual(['NOT_FOUND']);
      answers.add(reply.text);
    }
    expect(answers.size).toBe(1);
  });

  test('also by node, nodes, and in mutations', async () => {
    for (const id of ids()) {
      if (id.startsWith('task_')) continue;
      expect(codesOf(await asOwner('query($id: ID!) { node(id: $id) { id } }', { id }))).toEqual(['NOT_FOUND']);
      const many = await asOwner('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [id, id] });
      expect(codesOf(many)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
      for (const [name, input] of [
        ['updateWorkflow', { id, name: 'x' }],
        ['deleteWorkflow', { id }],
        ['createSchedule', { workflowId: id, name: 'x', cron: '0 9 * * *' }],
        ['deleteSchedule', { id }],
        ['removeMember', { id }],
        ['revokeApiKey', { id }],
        ['createApiKey', { name: 'x', scopes: ['*'], memberId: id }],
      ] as const) {
        expect(failureOf(await mutate(name, input)).code, name).toBe('NOT_FOUND');
      }
    }
  });

  test('more than 100 at once', async () => {
    const nodes = await asOwner('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(101).fill(unknownId) });
    expect(codesOf(nodes)).toEqual(['VALIDATION_FAILED']);
  });
});

describe('what is missing, null, undefined or of another type', () => {
  test.each<[string, Record<string, unknown>]>([
    ['query($id: ID!) { workflow(id: $id) { id } }', {}],
    ['query($id: ID!) { workflow(id: $id) { id } }', { id: null }],
    ['query($id: ID!) { workflow(id: $id) { id } }', { id: {} }],
    ['query($id: ID!) { workflow(id: $id) { id } }', { id: true }],
    ['query($id: ID!) { workflow(id: $id) { id } }', { id: 1.5 }],
    ['query($id: ID!) { workflow(id: $id) { id } }', { id: ['wf_1', 'wf_2'] }],
    ['query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [null] }],
    ['query($o: WorkflowOrder) { workflows(orderBy: $o) { totalCount } }', { o: { field: 'CREATED_AT' } }],
    [
      'query($o: WorkflowOrder) { workflows(orderBy: $o) { totalCount } }',
      { o: { field: 'createdAt', direction: 'ASC' } },
    ],
    [
      'query($o: WorkflowOrder) { workflows(orderBy: $o) { totalCount } }',
      { o: { field: 'CREATED_AT', direction: null } },
    ],
    ['query($o: WorkflowOrder) { workflows(orderBy: $o) { totalCount } }', { o: [] }],
    ['query($f: WorkflowFilter) { workflows(filter: $f) { totalCount } }', { f: 'x' }],
    ['query($f: WorkflowFilter) { workflows(filter: $f) { totalCount } }', { f: { OR: [] } }],
    ['query($f: WorkflowFilter) { workflows(filter: $f) { totalCount } }', { f: { status: { eq: 'NO' } } }],
    ['query($p: Permission!) { viewer { can(permission: $p) } }', { p: 5 }],
    ['mutation($i: CreateWorkflowInput!) { createWorkflow(input: $i) { __typename } }', { i: { name: 'x' } }],
    ['mutation($i: CreateWorkflowInput!) { createWorkflow(input: $i) { __typename } }', { i: null }],
    [
      'mutation($i: CreateWorkflowInput!) { createWorkflow(input: $i) { __typename } }',
      { i: { name: null, definition: {} } },
    ],
    [
      'mutation($i: CreateWorkflowInput!) { createWorkflow(input: $i) { __typename } }',
      { i: { name: 5, definition: {} } },
    ],
    [
      'mutation($i: CreateWorkflowInput!) { createWorkflow(input: $i) { __typename } }',
      { i: { name: ['a', 'b'], definition: {} } },
    ],
    [
      'mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { __typename } }',
      { i: { name: 'x', scopes: [null] } },
    ],
    [
      'mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { __typename } }',
      { i: { name: 'x', scopes: ['*'], type: 'ROBOT' } },
    ],
  ])('%s with %j', async (query, variables) => {
    expect(codesOf(await asOwner(query, variables))).toEqual(['VALIDATION_FAILED']);
  });

  test.each([
    ['an undeclared variable', '{ workflow(id: $id) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a variable of the wrong type', 'query($id: Int!) { workflow(id: $id) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a required argument that is missing', '{ workflow { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a required argument that is null', '{ workflow(id: null) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an integer that is too large',
      '{ workflows(first: 99999999999999999999) { totalCount } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['an object without fields', '{ viewer }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a subscription', 'subscription { viewer { kind } }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a fragment that includes itself',
      '{ viewer { ...A } } fragment A on Viewer { ...A }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s', async (_name, query, code) => {
    const codes = codesOf(await asOwner(query));
    expect(new Set(codes)).toEqual(new Set([code]));
  });

  test('thousands of wrong values make a short answer', async () => {
    const reply = await asOwner('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(20_000).fill({}) });
    expect(new Set(codesOf(reply))).toEqual(new Set(['VALIDATION_FAILED']));
    expect(reply.text.length).toBeLessThan(50_000);
  });
});

describe('an organization smuggled in is refused by name', () => {
  const orgId = '00000000-0000-0000-0000-000000000000';
  test.each([
    ['createWorkflow', { name: 'x', definition: definition('x'), orgId }],
    ['createWorkflow', { name: 'x', definition: definition('x'), organizationId: orgId }],
    ['updateOrganization', { name: 'Another name', orgId }],
    ['addMember', { email: 'a@b.test', role: 'VIEWER', orgId }],
    ['createApiKey', { name: 'x', scopes: ['*'], orgId }],
    ['createSchedule', { workflowId: 'wf_x', name: 'x', cron: '0 9 * * *', orgId }],
  ])('%s %j', async (name, input) => {
    const reply = await mutate(name, input);
    expect(codesOf(reply)).toEqual(['VALIDATION_FAILED']);
    expect(reply.json.errors[0].message).toMatch(/"(orgId|organizationId)"/);
  });

  test('in the document, a filter and an argument', async () => {
    for (const query of [
      `mutation { createWorkflow(input: {name: "x", definition: {}, orgId: "${orgId}"}) { __typename } }`,
      `{ workflows(filter: {orgId: "${orgId}"}) { totalCount } }`,
      `{ workflows(orgId: "${orgId}") { totalCount } }`,
      `{ organization(id: "${orgId}") { id } }`,
    ]) {
      const reply = await asOwner(query);
      expect(codesOf(reply)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
      expect(reply.text).toMatch(/\\"(orgId|id)\\"/);
    }
  });

  test('variables of other names are no way in either', async () => {
    const { json } = await asOwner('{ workflows { totalCount } }', {
      orgId: world.globex.orgUuid,
      __proto__: { orgId },
    });
    expect(json).toEqual({ data: { workflows: { totalCount: 3 } } });
  });
});

describe('workflow definitions', () => {
  const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
  const deep = (depth: number): unknown => ({ ...definition('x'), extra: nested(depth) });
  test.each<[string, unknown]>([
    ['a text', '{}'],
    ['a number', 5],
    ['a list', [definition('x')]],
    ['true', true],
    ['empty', {}],
    ['31 levels deep', deep(30)],
    ['1,000 levels deep', deep(1_000)],
    ['more than 64 kB', { ...definition('x'), extra: 'x'.repeat(70_000) }],
    ['201 tasks', definition('x', 201)],
    ['NUL in a value', { ...definition('x'), extra: 'a\0b' }],
    ['NUL in a name', { ...definition('x'), ['a\0b']: 1 }],
    ['half a character in a value', { ...definition('x'), extra: '\ud800' }],
    ['half a character in a name', { ...definition('x'), ['\udc00']: 1 }],
    ['a task without a kind', { ...definition('x'), do: [{ a: {} }] }],
    ['a key named __proto__', JSON.parse(JSON.stringify({ ...definition('x'), extra: {} }).replace('"extra":{}', '"extra":[{"__proto__":{"a":1}}]'))],
    ['a task named __proto__', { ...definition('x'), do: [JSON.parse('{"__proto__": {}}')] }],
  ])('%s', async (_name, value) => {
    const made = failureOf(await mutate('createWorkflow', { name: 'x', definition: value }));
    expect(made.code).toBe('VALIDATION_FAILED');
    expect(made.paths.every((path) => path.startsWith('definition'))).toBe(true);
    const changed = failureOf(await mutate('updateWorkflow', { id: world.acme.workflowIds[0], definition: value }));
    expect(changed.code).toBe('VALIDATION_FAILED');
  });

  test('a number beyond all bounds', async () => {
    const query =
      'mutation($d: JSON!) { createWorkflow(input: {name: "x", definition: $d}) { ... on Error { code } } }';
    const body = `{"query": ${JSON.stringify(query)}, "variables": {"d": {"extra": 1e999}}}`;
    const reply = await send(world.url, {
      headers: { 'content-type': 'application/json', ...bearer(world.acme.keys.owner) },
      body,
    });
    expect(failureOf(reply).code).toBe('VALIDATION_FAILED');
  });

  test('15,000 levels, deeper than a stack', async () => {
    const query =
      'mutation($d: JSON!) { createWorkflow(input: {name: "x", definition: $d}) { ... on Error { code } } }';
    const value = `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`;
    const body = `{"query": ${JSON.stringify(query)}, "variables": {"d": ${value}}}`;
    const reply = await send(world.url, {
      headers: { 'content-type': 'application/json', ...bearer(world.acme.keys.owner) },
      body,
    });
    expect(failureOf(reply).code).toBe('VALIDATION_FAILED');
  });

  test('null', async () => {
    expect(codesOf(await mutate('createWorkflow', { name: 'x', definition: null }))).toEqual(['VALIDATION_FAILED']);
  });

  test('10 MB', async () => {
    const body = JSON.stringify({
      query: '{ viewer { kind } }',
      variables: { definition: { a: 'x'.repeat(10_000_000) } },
    });
    const reply = await send(world.url, { headers: { 'content-type': 'application/json' }, body });
    expect(codesOf(reply)).toEqual(['REQUEST_ENTITY_TOO_LARGE']);
  });

  test('also in a literal, nested as deep as a document may be', async () => {
    const deep = '{a:'.repeat(450) + '1' + '}'.repeat(450);
    const reply = await asOwner(
      `mutation { createWorkflow(input: {name: "x", definition: ${deep}}) { __typename ... on Error { code } } }`,
    );
    expect(failureOf(reply).code).toBe('VALIDATION_FAILED');
  });
});

describe('texts that PostgreSQL cannot hold, or that are half characters', () => {
  const TEXTS = ['a\0b', 'abc\ud800', '\udc00abc', '\u0000'];
  const inputs = (text: string): [string, Record<string, unknown>, typeof asOwner][] => {
    const [workflowId] = world.acme.workflowIds;
    const workflow = { name: 'x', definition: definition('x') };
    const schedule = { workflowId, name: 'x', cron: '0 9 * * *' };
    const key = { name: 'x', scopes: ['*'] };
    const member = { email: 'new@acme.test', role: 'VIEWER' };
    const organization = { name: 'New', adminEmail: 'a@b.test' };
    return [
      ['createWorkflow', { ...workflow, name: text }, asOwner],
      ['createWorkflow', { ...workflow, description: text }, asOwner],
      ['createWorkflow', { ...workflow, slug: text }, asOwner],
      ['createWorkflow', { ...workflow, idempotencyKey: text }, asOwner],
      ['updateWorkflow', { id: workflowId, name: text }, asOwner],
      ['updateWorkflow', { id: workflowId, description: text }, asOwner],
      ['createSchedule', { ...schedule, name: text }, asOwner],
      ['createSchedule', { ...schedule, cron: text }, asOwner],
      ['createSchedule', { ...schedule, cron: `0 9 * * ${text}` }, asOwner],
      ['createSchedule', { ...schedule, timezone: text }, asOwner],
      ['createSchedule', { ...schedule, input: { a: text } }, asOwner],
      ['createSchedule', { ...schedule, input: { [text]: 1 } }, asOwner],
      ['createSchedule', { ...schedule, idempotencyKey: text }, asOwner],
      ['updateSchedule', { id: world.acme.scheduleId, name: text }, asOwner],
      ['updateSchedule', { id: world.acme.scheduleId, input: { a: [text] } }, asOwner],
      ['createApiKey', { ...key, name: text }, asOwner],
      ['createApiKey', { ...key, description: text }, asOwner],
      ['createApiKey', { ...key, scopes: [text] }, asOwner],
      ['createApiKey', { ...key, idempotencyKey: text }, asOwner],
      ['rotateApiKey', { id: world.acme.apiKeyId, idempotencyKey: text }, asOwner],
      ['addMember', { ...member, email: `${text}@acme.test` }, asOwner],
      ['addMember', { ...member, name: text }, asOwner],
      ['addMember', { ...member, idempotencyKey: text }, asOwner],
      ['updateOrganization', { name: text }, asOwner],
      ['updateOrganization', { description: text }, asOwner],
      ['createOrganization', { ...organization, name: `Name ${text}` }, asOperator],
      ['createOrganization', { ...organization, slug: text }, asOperator],
      ['createOrganization', { ...organization, adminEmail: `${text}@b.test` }, asOperator],
      ['createOrganization', { ...organization, adminName: text }, asOperator],
      ['createOrganization', { ...organization, idempotencyKey: text }, asOperator],
      ['suspendOrganization', { id: world.globex.organizationId, reason: text }, asOperator],
    ];
  };

  test.each(TEXTS)('%j is refused in every text of every mutation', async (text) => {
    for (const [name, input, as] of inputs(text)) {
      const failure = failureOf(await mutate(name, input, as));
      expect(failure.code, `${name} ${JSON.stringify(input)}`).toBe('VALIDATION_FAILED');
      expect(failure.paths.length).toBeGreaterThan(0);
    }
  });

  test.each(TEXTS)('%j in a filter finds nothing or is refused', async (text) => {
    const filters = [
      ['workflows', 'WorkflowFilter', { slug: { eq: text } }],
      ['workflows', 'WorkflowFilter', { slug: { in: [text] } }],
      ['workflows', 'WorkflowFilter', { slug: { startsWith: text } }],
      ['workflows', 'WorkflowFilter', { createdById: text }],
      ['members', 'MemberFilter', { email: text }],
    ] as const;
    for (const [field, type, filter] of filters) {
      const reply = await asOwner(
        `query($filter: ${type}) { ${field}(filter: $filter) { totalCount edges { cursor } } }`,
        { filter },
      );
      if (reply.json.errors) expect(new Set(codesOf(reply))).toEqual(new Set(['VALIDATION_FAILED']));
      else expect(reply.json.data[field]).toEqual({ totalCount: 0, edges: [] });
    }
  });

  test.each(TEXTS)('signing in with %j is like any wrong sign-in', async (text) => {
    const query = 'mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { __typename } }';
    const answers = new Set<string>();
    for (const [e, p] of [
      [text, 'x'],
      [`a${text}@acme.test`, 'x'],
      ['owner@acme.test', text],
      ['nobody@acme.test', 'wrong'],
    ]) {
      const reply = await ask(world.url, query, { e, p });
      expect(codesOf(reply)).toEqual(['UNAUTHENTICATED']);
      answers.add(reply.text);
    }
    expect(answers.size).toBe(1);
    const refresh = 'mutation($t: String!) { refreshSession(input: {refreshToken: $t}) { __typename } }';
    expect(codesOf(await ask(world.url, refresh, { t: text }))).toEqual(['UNAUTHENTICATED']);
  });

  test('other text of all of Unicode comes back as it was sent', async () => {
    const name = '日本 𝒳 é e\u0301 👩‍👩‍👧 \u202eabc ﷽';
    const asked = `mutation($i: UpdateWorkflowInput!) {
        updateWorkflow(input: $i) { ... on UpdateWorkflowSuccess { workflow { name } } }
      }`;
    const [id] = world.acme.workflowIds;
    const { json } = await asOwner(asked, { i: { id, name } });
    expect(json.data.updateWorkflow.workflow.name).toBe(name);
    rows = await rowsOf(world.testApp);
  });
});

describe('numbers and times', () => {
  test.each([
    ['rotateApiKey', { id: 'key', overlapSeconds: -1 }],
    ['rotateApiKey', { id: 'key', overlapSeconds: 604_801 }],
    ['rotateApiKey', { id: 'key', overlapSeconds: 2_147_483_647 }],
    ['createApiKey', { name: 'x', scopes: ['*'], expiresAt: '2001-01-01T00:00:00Z' }],
    ['createApiKey', { name: 'x', scopes: ['*'], expiresAt: '0000-01-01T00:00:00Z' }],
    ['createApiKey', { name: 'x', scopes: [] }],
  ])('%s %j', async (name, input) => {
    expect(failureOf(await mutate(name, input)).code).toBe('VALIDATION_FAILED');
  });

  test.each([
    '',
    'yesterday',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01',
    '+275760-09-14T00:00:00Z',
    5,
    {},
    '2026-01-01T25:00:00Z',
    1e300,
  ])('the time %j', async (value) => {
    const query = 'query($t: DateTime) { workflows(filter: {createdAt: {gte: $t}}) { totalCount } }';
    expect(codesOf(await asOwner(query, { t: value }))).toEqual(['VALIDATION_FAILED']);
    expect(codesOf(await mutate('createApiKey', { name: 'x', scopes: ['*'], expiresAt: value }))).toEqual([
      'VALIDATION_FAILED',
    ]);
  });

  test('a time that is none is answered with one that is, as a variable and in the document', async () => {
    const query = 'query($t: DateTime) { workflows(filter: {createdAt: {gte: $t}}) { totalCount } }';
    const cure = 'send a moment such as "2026-01-31T09:30:00Z".';
    expect((await asOwner(query, { t: '2026-01-01' })).json.errors[0].message).toContain(cure);
    expect((await asOwner(query.replace('($t: DateTime)', '').replace('$t', '"2026-01-01"'))).json.errors[0].message).toContain(cure);
  });

  test.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])(
    'the time %s at the edge',
    async (value) => {
      const query = 'query($t: DateTime) { workflows(filter: {createdAt: {gte: $t}}) { totalCount } }';
      const reply = await asOwner(query, { t: value });
      if (reply.json.errors) expect(codesOf(reply)).toEqual(['VALIDATION_FAILED']);
      else expect(reply.json.data.workflows.totalCount).toBeGreaterThanOrEqual(0);
    },
  );
});

describe('documents that are large or deep are answered with a code', () => {
  const size = 90_000;
  test.each<[string, string]>([
    ['a field 18,000 times', `{ viewer { ${'kind '.repeat(size / 5)}} }`],
    [
      '7,000 aliases',
      `{ ${Array.from({ length: 7_000 }, (_, i) => `a${i}: viewer { kind }`)
        .join(' ')
        .slice(0, size)} } }`,
    ],
    ['a depth of 30,000', `{${'a{'.repeat(30_000)}b${'}'.repeat(30_000)}}`],
    ['a list 45,000 deep', `{ nodes(ids: ${'['.repeat(45_000)}${']'.repeat(45_000)}) { id } }`],
    [
      '2,500 fragments',
      `{viewer{...f0}}${Array.from({ length: 2_500 }, (_, i) => `fragment f${i} on Viewer{...f${i + 1}}`).join(' ')}`,
    ],
    ['6,000 directives', `{ viewer { kind ${'@skip(if: true)'.repeat(6_000)} } }`],
    ['3,000 operations', Array.from({ length: 3_000 }, (_, i) => `query q${i}{viewer{kind}}`).join(' ')],
  ])('%s', async (_name, query) => {
    expect(codesOf(await asOwner(query))).toEqual(['QUERY_TOO_COMPLEX']);
  });

  test.each<[string, string, string]>([
    ['a name of 90 kB', `{ ${'x'.repeat(size)} }`, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a number of 90,000 digits',
      `{ workflows(first: ${'9'.repeat(size)}) { totalCount } }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['an id of 90 kB', `{ workflow(id: "${'x'.repeat(size)}") { id } }`, 'NOT_FOUND'],
    ['a string that does not end', `{ workflow(id: "${'x'.repeat(size)}`, 'GRAPHQL_PARSE_FAILED'],
    ['brackets that do not end', '{'.repeat(1_000), 'GRAPHQL_PARSE_FAILED'],
  ])('%s', async (_name, query, code) => {
    expect(codesOf(await asOwner(query))).toEqual([code]);
  });

  test('comments are not counted, and 2,000 tokens are read', async () => {
    expect((await asOwner(`{ viewer { kind } } #${'x'.repeat(size)}`)).json.data).toEqual({
      viewer: { kind: 'API_KEY' },
    });
    // Twenty brackets, names and colons around.
    const words = (count: number) => `{workflows(filter:{status:{in:[${'ACTIVE '.repeat(count)}]}}){totalCount}}`;
    expect((await asOwner(words(1_980))).json.errors).toBeUndefined();
    const refused = await asOwner(words(1_981));
    expect(codesOf(refused)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(refused.json.errors[0].message).toBe('The document has more than 2,000 tokens: ask for less at a time.');
  });
});
