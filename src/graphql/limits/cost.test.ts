import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { COST_MAX, measureOperation } from './cost.ts';
import { DEPTH_MAX, excessOf, QUERY_COST_MAX, ROOT_FIELDS_MAX } from './limits.ts';

const schema = buildSchema(`
  interface Node { id: ID! }
  type Query { flow: Flow, flows(first: Int, last: Int, after: String): FlowConnection!, node(id: ID): Node, nodes(ids: [ID!]!): [Node]!, words: [String!]! }
  type Mutation { save: Result }
  union Result = Flow | Task
  type FlowConnection { edges: [FlowEdge!]! pageInfo: PageInfo! totalCount: Int! }
  type FlowEdge { cursor: String! node: Flow! }
  type TaskConnection { edges: [TaskEdge!]! }
  type TaskEdge { node: Task! }
  type PageInfo { hasNextPage: Boolean! }
  type Flow implements Node { id: ID! owner: Person! parent: Flow tasks(first: Int, last: Int): TaskConnection! watchers: [Person!]! newest(first: Int): [Task!]! }
  type Task implements Node { id: ID! flow: Flow! }
  type Person implements Node { id: ID! manager: Person }
`);

const measure = (query: string, variables: Record<string, unknown> = {}, operationName?: string) =>
  measureOperation(schema, parse(query), operationName, variables)!;
const costOf = (query: string, variables?: Record<string, unknown>) => measure(query, variables).cost;
const excess = (query: string, variables?: Record<string, unknown>) => excessOf(measure(query, variables));
const repeat = (count: number, part: (index: number) => string) => Array.from({ length: count }, (_, i) => part(i)).join(' ');

describe('the cost of an operation is the number of objects it may read', () => {
  test.each<[number, string]>([
    [0, '{ words }'],
    [1, '{ flow { id } }'],
    [2, '{ flow { owner { id } } }'],
    [2, '{ a: flow { id } b: flow { id } }'],
    [25, '{ flows { totalCount pageInfo { hasNextPage } edges { cursor node { id } } } }'],
    [7, '{ flows(first: 7) { edges { node { id } } } }'],
    [8, '{ flows(last: 8) { edges { node { id } } } }'],
    [8, '{ flows(first: null, last: 8) { totalCount } }'],
    [7 + 7 * 1 + 7 * 3, '{ flows(first: 7) { edges { node { owner { id } tasks(first: 3) { edges { node { id } } } } } } }'],
    [2 + 2 * 1 + 2 * 1, '{ flows(first: 2) { a: edges { node { owner { id } } } b: edges { node { owner { id } } } } }'],
    [1 + 25, '{ flow { watchers { id } } }'],
    [1 + 4 * 2, '{ flow { newest(first: 4) { flow { id } } } }'],
    [3, '{ nodes(ids: ["a", "b", "c"]) { id } }'],
  ])('%i: %s', (cost, query) => {
    expect(costOf(query)).toBe(cost);
  });

  test.each<[number, Record<string, unknown>]>([
    [10, {}],
    [10, { n: undefined }],
    [25, { n: null }],
    [40, { n: 40 }],
    // Refused by the list itself, with a better text.
    [100, { n: 2_000_000_000 }],
    [100, { n: '40' }],
    [1, { n: -5 }],
  ])('a page is %i with the variables %o and a default of 10', (cost, variables) => {
    expect(costOf('query ($n: Int = 10) { flows(first: $n) { totalCount } }', variables)).toBe(cost);
  });

  test('a variable without value or default is an argument that is not given', () => {
    expect(costOf('query ($n: Int) { flows(first: $n) { totalCount } }')).toBe(25);
    expect(costOf('query ($toString: Int) { flows(first: $toString) { totalCount } }')).toBe(25);
  });

  test('ids in a variable count each', () => {
    expect(costOf('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Flow { owner { id } } } }', { ids: ['a', 'b'] })).toBe(4);
    // More than a hundred are refused by the field itself, with a better text.
    expect(costOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(20_000).fill('a') })).toBe(100);
  });

  test('what @skip and @include leave out is free', () => {
    const query = 'query ($yes: Boolean = true) { a: flow @skip(if: $yes) { id } b: flow @include(if: $yes) { id } ... @include(if: false) { c: flow { id } } }';
    expect(costOf(query)).toBe(1);
    expect(costOf(query, { yes: false })).toBe(1);
    expect(costOf('{ a: flow @include(if: true) { id } b: flow @skip(if: false) { id } }')).toBe(2);
  });

  test('fragments cost what they select, wherever they are spread', () => {
    expect(costOf('{ flows(first: 5) { edges { node { ...F ... { parent { ...F } } } } } } fragment F on Flow { owner { id } }')).toBe(5 + 5 * 3);
  });

  test('of the branches for different types the dearest counts', () => {
    const branches = '... on Flow { owner { id } tasks(first: 9) { edges { node { id } } } } ... on Task { flow { id } } ...F';
    const fragment = 'fragment F on Flow { parent { id } }';
    expect(costOf(`{ node(id: "a") { ${branches} ... on Node { id } } } ${fragment}`)).toBe(1 + 1 + 9 + 1);
    expect(costOf(`mutation { save { ${branches} } } ${fragment}`)).toBe(1 + 1 + 9 + 1);
  });

  test('only the operation that runs is measured', () => {
    const query = 'query Small { flow { id } } query Large { flows(first: 90) { totalCount } }';
    expect(measure(query, {}, 'Small').cost).toBe(1);
    expect(measure(query, {}, 'Large').cost).toBe(90);
    expect(measureOperation(schema, parse(query), 'Other', {})).toBeNull();
  });
});

describe('each limit holds to the number', () => {
  const nested = (levels: number) => `{ flow ${'{ parent '.repeat(levels - 2)}{ id }${' }'.repeat(levels - 2)} }`;
  test.each([
    ['fields', nested],
    ['fragments', (levels: number) => `{ ...F } fragment F on Query { flow { ... on Flow { ...G } } } fragment G on Flow ${nested(levels).replace('{ flow ', '').slice(0, -2)}`],
    ['lists', (levels: number) => `{ flows(first: 1) { edges { node ${'{ parent '.repeat(levels - 4)}{ id }${' }'.repeat(levels - 4)} } } }`],
  ])('depth through %s', (_way, query) => {
    expect(measure(query(DEPTH_MAX)).depth).toBe(DEPTH_MAX);
    expect(excess(query(DEPTH_MAX))).toBeNull();
    expect(excess(query(DEPTH_MAX + 1))).toBe('This query is 16 levels deep; the limit is 15: ask for what lies deeper by its id.');
  });

  test.each<[string, string, string]>([
    ['aliases', '{ flow { id } }', repeat(50, (i) => `a${i}: words`)],
    ['fragments', '{ words }', '...F ...F'],
    ['introspection', '{ words }', repeat(50, (i) => `a${i}: __schema { description }`)],
  ])('root fields through %s', (_way, _one, fields) => {
    const query = (more: string) => `{ __typename ${fields} ${more} } fragment F on Query { ${repeat(25, (i) => `f${i}: words`)} }`;
    expect(measure(query('')).rootFields).toBe(ROOT_FIELDS_MAX);
    expect(excess(query(''))).toBeNull();
    expect(excess(query('one: words'))).toBe('This operation has 51 root fields; the limit is 50: ask for them in several requests.');
  });

  const over = 'This query may cost up to 10,001; the limit is 10,000: ask for smaller pages or fewer nested lists.';
  const pages = '{ flows(first: 100) { edges { node { tasks(first: 99) { edges { node { id } } } } } } MORE }';
  test.each<[string, string, Record<string, unknown>]>([
    ['nested pages', pages, {}],
    ['variables', pages.replace('{', 'query ($n: Int = 1, $m: Int!) {').replace('100', '$n').replace('99', '$m'), { n: 100, m: 99 }],
    ['aliases', `{ flow { ${repeat(99, (i) => `a${i}: tasks(first: 100) { edges { node { id } } }`)} ${repeat(99, (i) => `o${i}: owner { id }`)} } MORE }`, {}],
    ['fragments', '{ flows(first: 100) { edges { node { ...F } } } MORE } fragment F on Flow { tasks(first: 99) { edges { node { id } } } }', {}],
  ])('cost through %s', (_way, query, variables) => {
    expect(measure(query.replace('MORE', ''), variables).cost).toBe(QUERY_COST_MAX);
    expect(excess(query.replace('MORE', ''), variables)).toBeNull();
    expect(excess(query.replace('MORE', 'flow { id }'), variables)).toBe(over);
  });
});

test('fragments that double each other are measured at once, and their cost ends at a number', () => {
  const count = 500;
  const bomb = repeat(count, (i) => `fragment f${i} on Flow { a: parent { ...f${i + 1} } b: parent { ...f${i + 1} } }`);
  const query = `{ flow { ...f0 } } ${bomb} fragment f${count} on Flow { id }`;
  expect(measure(query)).toEqual({ depth: count + 2, cost: COST_MAX, rootFields: 1 });
  const flat = repeat(count, (i) => `fragment f${i} on Flow { ...f${i + 1} ...f${i + 1} }`);
  expect(excess(`{ flow { ...f0 } } ${flat} fragment f${count} on Flow { owner { id } }`)).toMatch(/^This query may cost more than 1,000,000,000; /);
});

test('a fragment that spreads itself ends', () => {
  expect(excess('{ flow { ...F } } fragment F on Flow { parent { ...F } }')).toMatch(/levels deep/);
});

test('introspection is free', () => {
  const query = getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true });
  expect(measure(query)).toEqual({ depth: 1, cost: 0, rootFields: 1 });
  expect(excess(query)).toBeNull();
});
