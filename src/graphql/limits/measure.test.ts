import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { excessOf, type OperationLimits } from './limits.ts';
import { COUNT_MAX, measureOperation } from './measure.ts';

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

const limits: OperationLimits = {
  depth: 10,
  introspectionDepth: 15,
  aliases: 15,
  rootFields: 20,
  directives: 50,
  cost: 5_000,
  values: 50_000,
};

const measure = (query: string, variables: Record<string, unknown> = {}, operationName?: string, pageSizeMax = 100) =>
  measureOperation(schema, parse(query), { operationName, variables, pageSizeMax })!;
const costOf = (query: string, variables?: Record<string, unknown>) => measure(query, variables).cost;
const excess = (query: string, variables?: Record<string, unknown>) => excessOf(measure(query, variables), limits);
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
    expect(measureOperation(schema, parse(query), { operationName: 'Other', variables: {}, pageSizeMax: 100 })).toBeNull();
  });
});

test('a smaller largest page is what a list counts for', () => {
  const cost = (query: string) => measure(query, {}, undefined, 10).cost;
  expect(cost('{ flows { totalCount } }')).toBe(10);
  expect(cost('{ flows(first: 90) { totalCount } }')).toBe(10);
  expect(cost('{ nodes(ids: ["a", "b"]) { id } }')).toBe(2);
});

test('values are the scalars of each row, times the rows', () => {
  const values = (query: string) => measure(query).values;
  expect(values('{ words }')).toBe(1);
  expect(values('{ flow { id owner { id __typename } } }')).toBe(3);
  expect(values('{ flows(first: 7) { totalCount edges { cursor node { id tasks(first: 3) { edges { node { id } } } } } } }')).toBe(
    7 * (1 + 1 + 1 + 3),
  );
  expect(values('{ flow { a: id b: id ...F ...F } } fragment F on Flow { id }')).toBe(4);
});

describe('each limit holds to the number', () => {
  const nested = (levels: number) => `{ flow ${'{ parent '.repeat(levels - 2)}{ id }${' }'.repeat(levels - 2)} }`;
  const inFragments = (levels: number) =>
    `{ ...F } fragment F on Query { flow { ... on Flow { ...G } } } fragment G on Flow ${nested(levels).replace('{ flow ', '').slice(0, -2)}`;
  const inLists = (levels: number) =>
    `{ flows(first: 1) { edges { node ${'{ parent '.repeat(levels - 4)}{ id }${' }'.repeat(levels - 4)} } } }`;

  test.each([
    ['fields', nested],
    ['fragments', inFragments],
    ['lists', inLists],
    ['aliases', (levels: number) => nested(levels).replaceAll('parent', 'p: parent')],
  ])('depth through %s', (_way, query) => {
    expect(measure(query(10)).depth).toBe(10);
    expect(excess(query(10))).toBeNull();
    expect(excess(query(11))).toBe('This query is 11 levels deep; the limit is 10: ask for what lies deeper by its id.');
  });

  const ofTypes = (levels: number) => `{ __schema { types ${'{ ofType '.repeat(levels - 3)}{ name }${' }'.repeat(levels - 3)} } }`;

  test.each([
    ['fields', ofTypes],
    ['fragments', (levels: number) => `{ __schema { ...F } } fragment F on __Schema ${ofTypes(levels).replace('{ __schema ', '').slice(0, -2)}`],
    ['a type by its name', (levels: number) => ofTypes(levels + 1).replace('__schema { types', '__type(name: "Flow")').slice(0, -2)],
  ])('depth in the schema through %s', (_way, query) => {
    expect(measure(query(15))).toMatchObject({ depth: 0, introspectionDepth: 15 });
    expect(excess(query(15))).toBeNull();
    expect(excess(query(16))).toBe('This query looks 16 levels deep into the schema; the limit is 15.');
  });

  test.each<[string, string, string]>([
    ['names', '', repeat(20, () => 'words')],
    ['aliases and fragments', '...F ...F', repeat(2, (i) => `a${i}: words`)],
    ['introspection', '', repeat(5, (i) => `words words words a${i}: __schema { description }`)],
    ['__typename', '__typename', repeat(19, () => 'words')],
    ['a fragment in a fragment', '... { ... on Query { ...F } }', repeat(11, () => 'words')],
  ])('root fields through %s', (_way, fragments, fields) => {
    const query = (more: string) =>
      `{ ${fragments} ${fields} ${more} } fragment F on Query { ${repeat(9, () => 'words')} }`;
    expect(measure(query('')).rootFields).toBe(20);
    expect(excess(query(''))).toBeNull();
    expect(excess(query('words'))).toBe('This operation has 21 root fields; the limit is 20: ask for them in several requests.');
  });

  const ids = (count: number, prefix = 'a') => repeat(count, (i) => `${prefix}${i}: id`);

  test.each([
    ['fields', (count: number) => `{ flow { ${ids(count)} } }`],
    ['levels', (count: number) => `{ f: flow { ${ids(count - 2)} p: parent { id } } }`],
    ['a fragment that is spread often', (count: number) => `{ flow { ...F parent { ...F ${ids(count - 14)} } } } fragment F on Flow { ${ids(7)} }`],
    ['inline fragments', (count: number) => `{ flow { ... { ${ids(count - 1)} } ... on Flow { b: id } } }`],
    ['branches for different types', (count: number) => `{ node { ... on Flow { ${ids(count - 4)} } ... on Task { ${ids(4, 'b')} } } }`],
    ['the schema', (count: number) => `{ __schema { ${repeat(count, (i) => `a${i}: types { name }`)} } }`],
  ])('aliases through %s', (_way, query) => {
    expect(measure(query(15)).aliases).toBe(15);
    expect(excess(query(15))).toBeNull();
    expect(excess(query(16))).toBe('This operation has 16 aliases; the limit is 15: ask for less at a time.');
  });

  test('a field that is given its own name has no alias', () => {
    expect(measure('{ flow: flow { id: id } }').aliases).toBe(0);
  });

  const skips = (count: number) => repeat(count, () => 'id @skip(if: false)');

  test.each([
    ['fields', (count: number) => `{ flow { ${skips(count)} } }`],
    ['a fragment that is spread often', (count: number) => `{ flow { ...F parent { ...F ${skips(count - 40)} } } } fragment F on Flow { ${skips(20)} }`],
    ['spreads', (count: number) => `{ flow { ${repeat(count, () => '...F @include(if: true)')} } } fragment F on Flow { id }`],
    ['what is left out', (count: number) => `{ flow { id ${repeat(count, () => 'id @skip(if: true)')} } }`],
    ['the operation', (count: number) => `query @one { flow { ${skips(count - 1)} } }`],
  ])('directives through %s', (_way, query) => {
    expect(measure(query(50)).directives).toBe(50);
    expect(excess(query(50))).toBeNull();
    expect(excess(query(51))).toBe('This operation has 51 directives; the limit is 50: leave some away.');
  });

  const over = 'This query may cost up to 5,001; the limit is 5,000: ask for smaller pages or fewer nested lists.';
  const pages = '{ flows(first: 50) { edges { node { tasks(first: 99) { edges { node { id } } } } } } MORE }';
  test.each<[string, string, Record<string, unknown>]>([
    ['nested pages', pages, {}],
    ['variables', pages.replace('{', 'query ($n: Int = 1, $m: Int!) {').replace('50', '$n').replace('99', '$m'), { n: 50, m: 99 }],
    ['aliases', `{ f: flow { ${repeat(14, (i) => `a${i}: watchers { id }`)} ${repeat(49 - 7, () => 'tasks(first: 100) { edges { node { id } } }')} ${repeat(449, () => 'owner { id }')} } MORE }`, {}],
    ['fragments', '{ flows(first: 50) { edges { node { ...F } } } MORE } fragment F on Flow { tasks(first: 99) { edges { node { id } } } }', {}],
  ])('cost through %s', (_way, query, variables) => {
    expect(measure(query.replace('MORE', ''), variables).cost).toBe(5_000);
    expect(excess(query.replace('MORE', ''), variables)).toBeNull();
    expect(excess(query.replace('MORE', 'flow { id }'), variables)).toBe(over);
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['fields', `{ flows(first: 100) { edges { node { ${repeat(499, () => 'id')} owner { id } } } } MORE }`, {}],
    ['variables', `query ($n: Int) { flows(first: $n) { edges { cursor node { ${repeat(499, () => 'id')} } } } MORE }`, { n: 100 }],
    ['fragments', `{ flows(first: 50) { edges { node { ...F ... { ...F } } } } MORE } fragment F on Flow { ${repeat(500, () => 'id')} }`, {}],
  ])('values through %s', (_way, query, variables) => {
    expect(measure(query.replace('MORE', ''), variables).values).toBe(50_000);
    expect(excess(query.replace('MORE', ''), variables)).toBeNull();
    expect(excess(query.replace('MORE', 'words'), variables)).toBe(
      'This query may answer up to 50,001 values; the limit is 50,000: ask for smaller pages or fewer fields.',
    );
  });
});

test('fragments that double each other are measured at once, and what they ask for ends at a number', () => {
  const count = 500;
  const bomb = repeat(count, (i) => `fragment f${i} on Flow { a: parent { ...f${i + 1} } b: parent { ...f${i + 1} } }`);
  const query = `{ flow { ...f0 } } ${bomb} fragment f${count} on Flow { id }`;
  expect(measure(query)).toMatchObject({ depth: count + 2, cost: COUNT_MAX, aliases: COUNT_MAX, values: COUNT_MAX, rootFields: 1 });
  const flat = repeat(count, (i) => `fragment f${i} on Flow { ...f${i + 1} ...f${i + 1} }`);
  const doubled = (leaf: string) => excess(`{ flow { ...f0 } } ${flat} fragment f${count} on Flow { ${leaf} }`);
  expect(doubled('owner { id }')).toMatch(/^This query may cost more than 1,000,000,000; /);
  expect(doubled('__typename')).toMatch(/^This query may answer more than 1,000,000,000 values; /);
  expect(doubled('id @skip(if: true)')).toMatch(/^This operation has more than 1,000,000,000 directives; /);
});

test('a fragment that spreads itself ends', () => {
  expect(excess('{ flow { ...F } } fragment F on Flow { parent { ...F } }')).toMatch(/levels deep/);
});

test('a value of JSON counts as a hundred: a page of the largest has to fit into memory', () => {
  const json = buildSchema('scalar JSON type Query { flows(first: Int): FlowConnection } type FlowConnection { edges: [FlowEdge!]! } type FlowEdge { node: Flow! } type Flow { id: ID! data: JSON! }');
  const query = parse('{ flows(first: 100) { edges { node { id data again: data } } } }');
  expect(measureOperation(json, query, { variables: {}, pageSizeMax: 100 })?.values).toBe(100 * (1 + 100 + 100));
});

test('what tools read the schema with is within the limits', () => {
  const query = getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true });
  expect(measure(query)).toMatchObject({ depth: 0, introspectionDepth: 15, cost: 1_000, values: 0, rootFields: 1 });
  expect(excess(query)).toBeNull();
});
