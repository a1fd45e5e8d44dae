import { type GraphQLError, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../graphql/schema.ts';
import { EXAMPLE_TABS } from './tabs.ts';

test('the page opens with examples', () => {
  expect(EXAMPLE_TABS.length).toBeGreaterThan(2);
});

test.each(EXAMPLE_TABS.map(({ query, variables }, index) => [index + 1, query ?? '', variables ?? '{}'] as const))(
  'the example of tab %i can be asked of this schema, and its variables are JSON',
  (_number, query, variables) => {
    expect(validate(schema, parse(query)).map((error: GraphQLError) => error.message)).toEqual([]);
    expect(JSON.parse(variables)).toBeTypeOf('object');
  },
);
