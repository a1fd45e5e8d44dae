import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { expect, test } from 'vitest';
import { countObjects } from './count.ts';
import { measureOperation } from './measure.ts';

const schema = buildSchema(`
  interface Node { id: ID! }
  scalar JSON
  type Query { flow: Flow, flows(first: Int): FlowConnection!, nodes(ids: [ID!]!): [Node]!, data: JSON }
  type FlowConnection { edges: [FlowEdge!]! totalCount: Int! pageInfo: PageInfo! }
  type FlowEdge { cursor: String! node: Flow! }
  type PageInfo { hasNextPage: Boolean! }
  type Flow implements Node { id: ID! data: JSON owner: Person watchers: [Person!]! flows(first: Int): FlowConnection! }
  type Person implements Node { id: ID! manager: Person }
`);

const count = (query: string, data: object | null) => countObjects(schema, parse(query), { variables: {}, pageSizeMax: 100 }, data);
const flow = (more: object = {}) => ({ id: 'f', ...more });
const page = (...nodes: object[]) => ({ edges: nodes.map((node) => ({ cursor: 'c', node })), totalCount: 9, pageInfo: { hasNextPage: false } });

test.each<[number, string, object | null]>([
  [0, '{ flow { id } }', null],
  [0, '{ flow { id } }', { flow: null }],
  [1, '{ flow { id } }', { flow: flow() }],
  [2, '{ flow { owner { id } } }', { flow: { owner: { id: 'p' } } }],
  [1, '{ flow { owner { id } } }', { flow: { owner: null } }],
  [3, '{ flow { watchers { id } } }', { flow: { watchers: [{ id: 'a' }, { id: 'b' }] } }],
  [2, '{ flows(first: 90) { pageInfo { hasNextPage } edges { node { id } } } }', { flows: page(flow(), flow()) }],
  [1, '{ flows(first: 90) { edges { node { id } } } }', { flows: page() }],
  [90, '{ flows(first: 90) { totalCount } }', { flows: { totalCount: 9 } }],
  [90, '{ flows(first: 90) { pageInfo { hasNextPage } } }', { flows: { pageInfo: { hasNextPage: true } } }],
  [
    2 + 3 + 1,
    '{ flows { edges { node { flows { edges { node { id } } } } } } }',
    { flows: page({ flows: page(flow(), flow(), flow()) }, { flows: page() }) },
  ],
  [2, '{ nodes(ids: ["a", "b", "c"]) { id } }', { nodes: [flow(), null, flow()] }],
  [4, '{ a: flow { ...F } b: flow { ...F ...F } } fragment F on Flow { owner { id } }', { a: { owner: { id: 'p' } }, b: { owner: { id: 'p' } } }],
  [
    2 + 2,
    '{ nodes(ids: ["a", "b"]) { ... on Flow { owner { id } } ... on Person { manager { id } } } }',
    { nodes: [{ owner: { id: 'p' } }, { manager: { id: 'm' } }] },
  ],
])('%i: %s', (expected, query, data) => {
  expect(count(query, data)).toBe(expected);
});

test('what is inside of JSON is no object of the answer', () => {
  const data = { a: [{ b: {} }, { edges: [{}, {}] }] };
  expect(count('{ data flow { data } }', { data, flow: { data } })).toBe(1);
});

test('a look into the schema counts as much as was asked for', () => {
  const query = getIntrospectionQuery();
  const asked = measureOperation(schema, parse(query), { variables: {}, pageSizeMax: 100 })?.cost;
  expect(count(query, { __schema: { types: [{}, {}] } })).toBe(asked);
});

test('fragments that double each other are counted at once', () => {
  const doubled = Array.from({ length: 200 }, (_, i) => `fragment f${i} on Flow { ...f${i + 1} ...f${i + 1} }`).join(' ');
  expect(count(`{ flow { ...f0 } } ${doubled} fragment f200 on Flow { owner { id } }`, { flow: { owner: { id: 'p' } } })).toBe(2);
});
