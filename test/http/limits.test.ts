import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, bearer, codesOf, type Reply, send } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
  // The key is looked up once and then known, so that the statements below are those of the query.
  await asOwner('{ __typename }');
});
afterAll(() => world.close());

const asOwner = (query: string, variables: Record<string, unknown> = {}): Promise<Reply> =>
  ask(world.url, query, variables, bearer(world.acme.keys.owner));

const workflow = () => ({ id: world.acme.workflowIds[0]! });

/** Back and forth between a workflow and its tasks, each time for all of them. */
const cycles = (count: number, first: number): string => {
  let selection = 'name';
  for (let cycle = 0; cycle < count; cycle++) selection = `tasks(first: ${first}) { edges { node { workflow { ${selection} } } } }`;
  return `query ($id: ID!) { workflow(id: $id) { ${selection} } }`;
};

test.each([
  ['cost', cycles(2, 100), 'This query may cost up to 20,201; the limit is 5,000: ask for smaller pages or fewer nested lists.'],
  ['depth', cycles(2, 1).replace('name', 'tasks(first: 1) { edges { node { key } } }'), 'This query is 13 levels deep; the limit is 10: ask for what lies deeper by its id.'],
  [
    'root fields',
    `query ($id: ID!) { ${Array.from({ length: 21 }, () => 'workflow(id: $id) { id }').join(' ')} }`,
    'This operation has 21 root fields; the limit is 20: ask for them in several requests.',
  ],
])('a query beyond the limit of %s is refused without a statement', async (_limit, query, message) => {
  const { result, statements } = await world.testApp.statementsOf(() => asOwner(query, workflow()));
  expect(codesOf(result)).toEqual(['QUERY_TOO_COMPLEX']);
  expect(result.json.errors[0].message).toBe(message);
  expect(result.json.data).toBeUndefined();
  expect(statements).toEqual([]);
});

test('a query within the limits is answered', async () => {
  const { json } = await asOwner(cycles(2, 5), workflow());
  expect(json.errors).toBeUndefined();
  expect(json.data.workflow.tasks.edges.length).toBeGreaterThan(0);
});

test('the whole schema can be asked for', async () => {
  const { json } = await asOwner(getIntrospectionQuery({ oneOf: true, inputValueDeprecation: true, schemaDescription: true }));
  expect(json.errors).toBeUndefined();
  expect(json.data.__schema.types.length).toBeGreaterThan(50);
});

const viewerWith = (count: number, field: (index: number) => string): string =>
  `{ viewer { ${Array.from({ length: count }, (_, index) => field(index)).join(' ')} } }`;

test.each<[string, (over: number) => string, string]>([
  ['aliases', (over) => viewerWith(15 + over, (i) => `a${i}: kind`), 'This operation has 16 aliases;'],
  ['directives', (over) => viewerWith(50 + over, () => 'kind @skip(if: false)'), 'This operation has 51 directives;'],
  ['root fields', (over) => `{ ${'viewer { kind } '.repeat(20 + over)} }`, 'This operation has 21 root fields;'],
  ['cost', (over) => `{ workflows(first: 100) { edges { node { tasks(first: 49) { totalCount } } } } ${'viewer { kind } '.repeat(over)} }`, 'This query may cost up to 5,001;'],
  ['values', (over) => `{ workflows(first: 100) { edges { node { ${'id '.repeat(499 + over)} status } } } }`, 'This query may answer up to 50,100 values;'],
])('one more than the limit of %s is refused', async (_limit, query, message) => {
  expect((await asOwner(query(0))).json.errors).toBeUndefined();
  const refused = await asOwner(query(1));
  expect(codesOf(refused)).toEqual(['QUERY_TOO_COMPLEX']);
  expect(refused.json.errors[0].message).toContain(message);
});

test('fragments that spread each other are refused', async () => {
  const refused = await asOwner('{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { kind ...A }');
  expect(codesOf(refused)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
});

test('several operations in one request are refused', async () => {
  const headers = { 'content-type': 'application/json', ...bearer(world.acme.keys.owner) };
  for (const count of [1, 2]) {
    const body = JSON.stringify(Array(count).fill({ query: '{ viewer { kind } }' }));
    expect(codesOf(await send(world.url, { headers, body }))).toEqual(['BAD_REQUEST']);
  }
});

test('a page has 100 rows at most, or as many as the server is told', async () => {
  const first = (count: number) => asOwner(`{ workflows(first: ${count}) { totalCount } }`);
  expect((await first(100)).json.errors).toBeUndefined();
  expect(codesOf(await first(101))).toEqual(['VALIDATION_FAILED']);
  const other = await serveWorld({ environment: { PAGE_SIZE_LIMIT: '2', DEPTH_LIMIT: '3', TOKEN_LIMIT: '100' } });
  try {
    const ask2 = (query: string) => ask(other.url, query, {}, bearer(other.acme.keys.owner));
    expect((await ask2('{ workflows { edges { cursor } } }')).json.data.workflows.edges).toHaveLength(2);
    expect((await ask2('{ workflows(first: 3) { totalCount } }')).json.errors[0].message).toBe('first: must be from 1 to 2.');
    expect(codesOf(await ask2('{ workflows { edges { node { id } } } }'))).toEqual(['QUERY_TOO_COMPLEX']);
    expect(codesOf(await ask2(viewerWith(96, () => 'kind')))).toEqual(['QUERY_TOO_COMPLEX']);
  } finally {
    await other.close();
  }
});
