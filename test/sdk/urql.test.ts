import { cacheExchange, Client, fetchExchange, gql } from '@urql/core';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
  type IntrospectionQuery,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printedSchema } from '../../src/graphql/print.ts';
import { definition } from '../harness/world.ts';
import { startServed, type Served } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await startServed();
});
afterAll(() => served.close());

const Workflows = gql`
  query Workflows($first: Int, $after: String) {
    workflows(first: $first, after: $after) {
      totalCount
      edges { cursor node { id name } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const Workflow = gql`
  query Workflow($id: ID!) { workflow(id: $id) { id name } }
`;
const CreateWorkflow = gql`
  mutation CreateWorkflow($input: CreateWorkflowInput!) {
    createWorkflow(input: $input) {
      __typename
      ... on CreateWorkflowSuccess { workflow { id slug } }
      ... on Error { code message }
    }
  }
`;

describe.each([
  ['POST', false],
  ['GET', 'force'],
] as const)('urql, asking by %s', (method, preferGetMethod) => {
  const methods: (string | undefined)[] = [];
  const urql = (token: string) =>
    new Client({
      url: served.url,
      exchanges: [cacheExchange, fetchExchange],
      preferGetMethod,
      fetchOptions: { headers: { authorization: `Bearer ${token}` } },
      fetch: (url, init) => {
        methods.push(init?.method);
        return fetch(url, init);
      },
    });
  const client = () => urql(served.acme.keys.owner);

  test('queries page by page', async () => {
    const first = await client().query(Workflows, { first: 2 }).toPromise();
    expect(first.error).toBeUndefined();
    expect(methods).toEqual([method]);
    expect(first.data.workflows.totalCount).toBeGreaterThanOrEqual(3);
    const after = first.data.workflows.pageInfo.endCursor;
    const second = await client().query(Workflows, { first: 2, after }).toPromise();
    const ids = [...first.data.workflows.edges, ...second.data.workflows.edges].map(({ node }) => node.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('mutates, and reads a failure of the result as data', async () => {
    const input = { name: 'By urql', slug: `by-urql-${method.toLowerCase()}`, definition: definition('urql') };
    const made = await client().mutation(CreateWorkflow, { input }).toPromise();
    expect(made.data.createWorkflow).toMatchObject({
      __typename: 'CreateWorkflowSuccess',
      workflow: { slug: input.slug },
    });
    const again = await client().mutation(CreateWorkflow, { input }).toPromise();
    expect(again.data.createWorkflow).toMatchObject({ __typename: 'ConflictError', code: 'CONFLICT' });
  });

  test('reads the codes of errors', async () => {
    const foreign = await client().query(Workflow, { id: served.globex.workflowIds[0] }).toPromise();
    expect(foreign.error?.graphQLErrors[0]?.extensions['code']).toBe('NOT_FOUND');
    const wrongKey = await urql('tk_wrong').query(Workflows, {}).toPromise();
    expect(wrongKey.error?.graphQLErrors[0]?.extensions['code']).toBe('UNAUTHENTICATED');
    const wrongPage = await client().query(Workflows, { first: 0 }).toPromise();
    expect(wrongPage.error?.graphQLErrors[0]?.extensions['code']).toBe('VALIDATION_FAILED');
  });

  test('introspects the schema that is committed', async () => {
    const { data } = await client()
      .query<IntrospectionQuery>(getIntrospectionQuery({ oneOf: true, specifiedByUrl: true }), {})
      .toPromise();
    expect(`${printSchema(lexicographicSortSchema(buildClientSchema(data!)))}\n`).toBe(`${printSchema(buildSchema(printedSchema()))}\n`);
  });
});
