import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

// Who is shown the schema, by each way that leads to it.

const PRODUCTION = { NODE_ENV: 'production' };
const apps: TestApp[] = [];
let world: World;

async function start(environment: TestAppOptions['environment']): Promise<TestApp> {
  const [first] = apps;
  const app = await startTestApp({ environment: environment ?? {}, ...(first && { database: first.database }) });
  apps.push(app);
  return app;
}

let production: TestApp;
beforeAll(async () => {
  production = await start(PRODUCTION);
  world = await seedWorld(production, 'schemas', (await appointOperator(production)).userId);
});
afterAll(async () => {
  for (const app of apps.toReversed()) await app.close();
});

/** Each tells a name of the schema to somebody who does not know it. */
const WAYS: readonly [string, string, Record<string, unknown>, RegExp][] = [
  ['the introspection query', getIntrospectionQuery(), {}, /"createWorkflow"/],
  ['__schema below a fragment and an alias', '{ ...F } fragment F on Query { a: __schema { types { name } } }', {}, /"Workflow"/],
  ['__type', '{ __type(name: "Workflow") { fields { name } } }', {}, /"currentVersion"/],
  ['__type by a variable', 'query ($n: String!) { a: __type(name: $n) { fields { name } } }', { n: 'Workflow' }, /"currentVersion"/],
  ['a misspelt field', '{ viewr { kind } }', {}, /Did you mean "viewer"/],
  ['a misspelt argument', '{ workflows(firs: 1) { totalCount } }', {}, /Did you mean "first"/],
  ['a misspelt type', '{ viewer { ... on Viewr { kind } } }', {}, /Did you mean "Viewer"/],
  ['a misspelt value', '{ viewer { can(permission: WORKFLOW_REA) } }', {}, /Did you mean/],
  ['a misspelt value in a variable', 'query ($p: Permission!) { viewer { can(permission: $p) } }', { p: 'WORKFLOW_REA' }, /Did you mean/],
  ['a misspelt field of an input', '{ workflows(filter: { statu: { eq: ACTIVE } }) { totalCount } }', {}, /Did you mean "status"/],
  [
    'a misspelt field of an input in a variable',
    'query ($f: WorkflowFilter) { workflows(filter: $f) { totalCount } }',
    { f: { statu: { eq: 'ACTIVE' } } },
    /Did you mean "status"/,
  ],
];

const told = async (app: TestApp, way: (typeof WAYS)[number], as?: string): Promise<boolean> => {
  const [, query, variables, tell] = way;
  const { data, errors } = await app.call(query, variables, { as });
  return tell.test(`${JSON.stringify(data)} ${errors?.map(({ message }) => message).join(' ')}`);
};

describe.each(WAYS)('%s', (...way) => {
  test('tells in production those who are signed in, and nobody else, whoever asks first', async () => {
    expect(await told(production, way)).toBe(false);
    expect(await told(production, way, world.keys.viewer)).toBe(true);
    // The document and what is wrong with it are remembered by now.
    expect(await told(production, way)).toBe(false);
    expect(await told(production, way, world.keys.viewer)).toBe(true);
  });
});

test.each<[string, TestAppOptions['environment'], boolean, boolean]>([
  ['not said', {}, true, true],
  ['on in production', { ...PRODUCTION, INTROSPECTION: 'on' }, true, true],
  ['signed-in', { INTROSPECTION: 'signed-in' }, false, true],
  ['off', { INTROSPECTION: 'off' }, false, false],
])('INTROSPECTION %s', async (_name, environment, nobody, somebody) => {
  const app = await start(environment);
  for (const way of WAYS) {
    expect(await told(app, way), way[0]).toBe(nobody);
    expect(await told(app, way, world.keys.owner), way[0]).toBe(somebody);
  }
});

test('what is wrong is still told, and what would help', async () => {
  const { errors } = await production.call('{ __schema { types { name } } viewr { kind } }');
  expect(errors).toMatchObject([
    { message: 'The schema is shown to signed-in callers: send a key or an access token.', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    { message: 'Cannot query field "viewr" on type "Query".', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ]);
});

test('a credential that is not good opens nothing', async () => {
  for (const as of ['tk_wrong', `${world.keys.owner.slice(0, -1)}x`]) {
    const { errors, data } = await production.call('{ __type(name: "Workflow") { name } viewr }', {}, { as });
    expect([data, errors?.map(({ extensions }) => extensions.code)]).toEqual([undefined, ['UNAUTHENTICATED']]);
  }
});

test('the name of a type is asked by __typename, and told to everybody', async () => {
  expect((await production.call('{ __typename }')).data).toEqual({ __typename: 'Query' });
});
