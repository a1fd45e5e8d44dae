import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, bearer, codesOf, type Reply } from './door.ts';
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
