import { fileURLToPath } from 'node:url';
import { fromGlobalId, toGlobalId } from '../../src/kernel/ids.ts';
import { type Case, DEEP_SIZE, LIST_SIZE, NESTED_TASKS } from '../cases.ts';
import type { BenchRequest, Contender, Organization, Post, Row, Subject } from './contender.ts';

const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const FIELDS = 'id name status createdAt';
const PAGE = '$first: Int, $after: String';

const DOCUMENTS: Readonly<Record<Case, string>> = {
  byId: `query ById($id: ID!) { workflow(id: $id) { ${FIELDS} } }`,
  list: `query List(${PAGE}) { workflows(first: $first, after: $after) { edges { node { ${FIELDS} } } } }`,
  nested: `query Nested(${PAGE}) { workflows(first: $first, after: $after) { edges { node { ${FIELDS}
    tasks(first: ${NESTED_TASKS}) { edges { node { id key type } } } createdBy { id name email } } } } }`,
  deep: `query Deep(${PAGE}) { workflows(first: $first, after: $after) { edges { node { ${FIELDS} } } } }`,
  create: `mutation Create($input: CreateWorkflowInput!) { createWorkflow(input: $input) {
    __typename ... on CreateWorkflowSuccess { workflow { id name } } } }`,
};

const variablesOf = (kind: Case, { workflowId, deepCursor, newName }: Subject): object => {
  switch (kind) {
    case 'byId':
      return { id: toGlobalId('Workflow', workflowId) };
    case 'deep':
      return { first: DEEP_SIZE, after: deepCursor };
    case 'create':
      return { input: { name: newName, definition: DEFINITION } };
    default:
      return { first: LIST_SIZE };
  }
};

const DEFINITION = {
  document: { dsl: '1.0.0', namespace: 'bench', name: 'created', version: '1.0.0' },
  do: Array.from({ length: 5 }, (_, place) => ({ [`step${place}`]: { set: { place } } })),
};

const requestOf = ({ apiKey }: Organization, query: string, variables: object): BenchRequest => ({
  headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
  body: JSON.stringify({ query, variables }),
});

interface Node {
  readonly id: string;
  readonly name: string;
  readonly tasks?: { readonly edges: readonly { readonly node: { readonly key: string } }[] };
  readonly createdBy?: { readonly email: string };
}

interface Answer {
  readonly data?: {
    readonly workflow?: Node | null;
    readonly workflows?: { readonly pageInfo?: { readonly endCursor: string }; readonly edges: readonly { readonly node: Node }[] };
    readonly createWorkflow?: { readonly workflow?: Node };
  } | null;
}

const toRow = ({ id, name, tasks, createdBy }: Node): Row => ({
  id: fromGlobalId(id)?.uuid ?? id,
  name,
  ...(tasks && { tasks: tasks.edges.map(({ node }) => node.key) }),
  ...(createdBy && { author: createdBy.email }),
});

const PAGE_SIZE_MAX = 100;

async function deepCursor(post: Post, organization: Organization, behind: number): Promise<string> {
  const document = `query Walk(${PAGE}) { workflows(first: $first, after: $after) { pageInfo { endCursor } edges { node { id name } } } }`;
  let after: string | null = null;
  for (let left = behind; left > 0; left -= PAGE_SIZE_MAX) {
    const answer = (await post(requestOf(organization, document, { first: Math.min(left, PAGE_SIZE_MAX), after }))) as Answer;
    after = answer.data!.workflows!.pageInfo!.endCursor;
  }
  return after!;
}

/** This project's own server. */
export const tenantry: Contender = {
  name: 'Tenantry',
  path: '/graphql',
  command: ({ runtimeUrl, dataDir, secretKey }, port) => ({
    args: [script],
    env: { NODE_ENV: 'production', DATABASE_URL: runtimeUrl, DATA_DIR: dataDir, SECRET_KEY: secretKey, PORT: String(port) },
  }),
  request: (kind, subject) => requestOf(subject.organization, DOCUMENTS[kind], variablesOf(kind, subject)),
  rowsOf: (_kind, answer) => {
    const { workflow, workflows, createWorkflow } = (answer as Answer).data ?? {};
    const nodes = workflows?.edges.map(({ node }) => node) ?? [workflow ?? createWorkflow?.workflow ?? []].flat();
    return nodes.map(toRow);
  },
  deepCursor,
};
