import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getIntrospectionQuery, Kind, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { excessOf } from '../../src/graphql/limits/limits.ts';
import { measureOperation } from '../../src/graphql/limits/measure.ts';
import { schema } from '../../src/graphql/schema.ts';
import { EXAMPLE_TABS } from '../../src/http/graphiql/tabs.ts';
import { project } from './blocks.ts';

const { operations: limits } = readConfig({});

/** The documents of the SDK and of the examples, by their ids. */
const documents = JSON.parse(readFileSync(path.join(project, 'src/sdk/generated/persisted-documents.json'), 'utf8')) as Record<string, string>;

/** Why one of the operations would be refused, if its pages were the largest. */
function refusals(text: string): (string | null)[] {
  const document = parse(text);
  const variables = { first: limits.pageSize };
  return document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map(({ name }) => {
      const size = measureOperation(schema, document, { operationName: name?.value, variables, pageSizeMax: limits.pageSize });
      return size && excessOf(size, limits);
    });
}

describe('what we show fits the limits that a server has by itself', () => {
  test.each<[string, string]>([
    ...Object.values(documents).map((text): [string, string] => [/^(query|mutation) \w+/.exec(text)?.[0] ?? text, text]),
    ...EXAMPLE_TABS.map(({ query }, index): [string, string] => [`tab ${index + 1} of GraphiQL`, query]),
    ['what GraphiQL reads the schema with', getIntrospectionQuery({ oneOf: true, inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true, directiveIsRepeatable: true })],
    ['tasks of runs of workflows', '{ workflows { edges { node { executions(first: 10) { edges { node { tasks(first: 10) { edges { node { id } } } } } } } } } }'],
  ])('%s', (_what, text) => {
    const found = refusals(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((refusal) => refusal !== null)).toEqual([]);
  });
});
