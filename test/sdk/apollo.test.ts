import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  isAbstractType,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printedSchema } from '../../src/graphql/print.ts';
import { schema } from '../../src/graphql/schema.ts';
import { definition } from '../harness/world.ts';
import { startServed, type Served } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await startServed(27);
});
afterAll(() => served.close());

/** Which types are behind each interface and union: Apollo's cache needs it to match fragments on them. */
const possibleTypes = Object.fromEntries(
  Object.values(schema.getTypeMap())
    .filter(isAbstractType)
    .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
);

function apollo(token = served.acme.keys.owner): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: served.url, headers: { authorization: `Bearer ${token}` } }),
    cache: new InMemoryCache({
      possibleTypes,
      typePolicies: { Query: { fields: { workflows: relayStylePagination(['filter', 'orderBy']) } } },
    }),
  });
}

interface WorkflowsData {
  readonly workflows: {
    readonly edges: readonly { readonly node: { readonly id: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

const Workflows = gql`
  query Workflows($first: Int, $after: String) {
    workflows(first: $first, after: $after, orderBy: { field: CREATED_AT, direction: ASC }) {
      edges { cursor node { id name } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const Workflow = gql`
  query Workflow($id: ID!) { workflow(id: $id) { id name description } }
`;
const CreateWorkflow = gql`
  mutation CreateWorkflow($input: CreateWorkflowInput!) {
    createWorkflow(input: $input) {
      ... on CreateWorkflowSuccess { workflow { id slug } }
      ... on Error { code message }
    }
  }
`;
const Describe = gql`
  mutation Describe($input: UpdateWorkflowInput!) {
    updateWorkflow(input: $input) {
      ... on UpdateWorkflowSuccess { workflow { id description } }
    }
  }
`;

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.['code'] : error;
}

test('Apollo gathers the pages of a connection into one list', async () => {
  const client = apollo();
  const first = { query: Workflows, variables: { first: 12 } };
  const list = client.watchQuery<WorkflowsData>(first);
  const shown = list.subscribe(() => {});
  await client.query<WorkflowsData>(first);
  const gathered = () => client.readQuery<WorkflowsData>(first)!.workflows;
  for (const expected of [12, 24, 30]) {
    expect(gathered().edges).toHaveLength(expected);
    if (gathered().pageInfo.hasNextPage) await list.fetchMore({ variables: { after: gathered().pageInfo.endCursor } });
  }
  expect(gathered().edges.map(({ node }) => node.id)).toEqual(served.workflowIds);
  expect(gathered().pageInfo.hasNextPage).toBe(false);
  shown.unsubscribe();
});

test('Apollo sees a mutation in what it read before, by the global id', async () => {
  const client = apollo();
  const id = served.acme.workflowIds[0]!;
  await client.query({ query: Workflow, variables: { id } });
  await client.mutate({ mutation: Describe, variables: { input: { id, description: 'Seen' } } });
  expect(client.readQuery({ query: Workflow, variables: { id } })).toMatchObject({
    workflow: { id, description: 'Seen' },
  });
});

test('Apollo mutates, and reads a failure of the result as data', async () => {
  const client = apollo();
  const variables = { input: { name: 'By Apollo', slug: 'by-apollo', definition: definition('apollo') } };
  const made = await client.mutate({ mutation: CreateWorkflow, variables });
  expect(made.data).toMatchObject({
    createWorkflow: { __typename: 'CreateWorkflowSuccess', workflow: { slug: 'by-apollo' } },
  });
  const again = await client.mutate({ mutation: CreateWorkflow, variables });
  expect(again.data).toMatchObject({ createWorkflow: { __typename: 'ConflictError', code: 'CONFLICT' } });
});

test('Apollo reads the codes of errors', async () => {
  const variables = { id: served.globex.workflowIds[0]! };
  expect(await codeOf(apollo().query({ query: Workflow, variables }))).toBe('NOT_FOUND');
  expect(await codeOf(apollo('tk_wrong').query({ query: Workflows }))).toBe('UNAUTHENTICATED');
  expect(await codeOf(apollo().query({ query: Workflows, variables: { first: 101 } }))).toBe('VALIDATION_FAILED');
  const unknownField = gql`{ nothingOfTheKind }`;
  expect(await codeOf(apollo().query({ query: unknownField }))).toBe('GRAPHQL_VALIDATION_FAILED');
});

test('Apollo introspects the schema that is committed', async () => {
  const query = parse(getIntrospectionQuery({ oneOf: true, specifiedByUrl: true }));
  const { data } = await apollo().query<IntrospectionQuery>({ query, fetchPolicy: 'no-cache' });
  expect(`${printSchema(lexicographicSortSchema(buildClientSchema(data as IntrospectionQuery)))}\n`).toBe(
    `${printSchema(buildSchema(printedSchema()))}\n`,
  );
});
