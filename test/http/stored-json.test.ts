import { afterAll, beforeAll, expect, test } from 'vitest';
import { definition } from '../harness/world.ts';
import { ask, bearer, send } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
});
afterAll(() => world.close());

const CREATE = `mutation ($definition: JSON!) { createWorkflow(input: {name: "Kept", definition: $definition}) {
  __typename
  ... on CreateWorkflowSuccess { workflow { versions { edges { node { definition } } } } }
  ... on ValidationError { fields { path message } } } }`;

const stored = ({ json }: { json: any }) => json.data.createWorkflow.workflow?.versions.edges[0].node.definition.extra;

/** Sent as JSON text, because a value of JavaScript could not hold each of these. */
async function asVariable(extra: string) {
  const whole = JSON.stringify({ ...definition('kept'), extra: 'HERE' }).replace('"HERE"', extra);
  const body = `{"query": ${JSON.stringify(CREATE)}, "variables": {"definition": ${whole}}}`;
  const headers = { 'content-type': 'application/json', ...bearer(world.acme.keys.owner) };
  return send(world.url, { headers, body });
}

/** Written into the document, as GraphQL writes values: names as keys, and only those. */
async function asLiteral(extra: string) {
  const written = JSON.stringify(definition('kept')).replace(/"(\w+)":/g, '$1:').replace(/}$/, `, extra: ${extra}}`);
  return ask(world.url, CREATE.replace('($definition: JSON!)', '').replace('$definition', written), {}, bearer(world.acme.keys.owner));
}

const KEPT = [
  '{"constructor":1,"prototype":{"a":1},"toString":null,"hasOwnProperty":[],"valueOf":"x"}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"then":1,"toJSON":{"a":1},"length":3,"":"empty","__typename":"x","$ref":"#","__defineGetter__":1}',
  '{"0":1,"-1":2,"1.5":3}',
  '[[],{},[{}],null,true,"",0,-1.5,1e-7,1e21,9007199254740991,5e-324,1.7976931348623157e308]',
  '"\\u2028\\u0001\\ud83d\\ude00\\ufeff\\u202e"',
];

test.each(KEPT)('%s is kept as it is', async (extra) => {
  const reply = await asVariable(extra);
  expect(reply.json.errors, reply.text).toBeUndefined();
  expect(stored(reply)).toEqual(JSON.parse(extra));
  expect(({} as any).polluted).toBeUndefined();
});

test('what is written into the document is kept too', async () => {
  const reply = await asLiteral('{constructor: {prototype: {polluted: true}}, toString: [1, "x", null, {hasOwnProperty: ""}]}');
  expect(reply.json.errors, reply.text).toBeUndefined();
  expect(stored(reply)).toEqual({ constructor: { prototype: { polluted: true } }, toString: [1, 'x', null, { hasOwnProperty: '' }] });
});

test.each(['{"__proto__":{"polluted":true}}', '[{"a":{"__proto__":null}}]', '{"__proto__":1}'])('%s would not be, and is refused', async (extra) => {
  for (const reply of [await asVariable(extra), await asLiteral(extra.replace(/"(\w+)":/g, '$1: '))]) {
    expect(reply.json.data?.createWorkflow, reply.text).toMatchObject({ __typename: 'ValidationError', fields: [{ path: ['definition'], message: expect.stringContaining('__proto__') }] });
  }
  expect(({} as any).polluted).toBeUndefined();
});
