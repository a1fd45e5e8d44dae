import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definition } from '../harness/world.ts';
import { startServed, type Served } from './served.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const WORKFLOW_LIST = `
  export const query = graphql\`
    query WorkflowListQuery($first: Int!) {
      viewer { kind }
      ...WorkflowList_workflows @arguments(first: $first)
    }
  \`;
  export const list = graphql\`
    fragment WorkflowList_workflows on Query
    @argumentDefinitions(
      first: { type: "Int", defaultValue: 10 }
      after: { type: "String" }
      filter: { type: "WorkflowFilter" }
    )
    @refetchable(queryName: "WorkflowListPaginationQuery") {
      workflows(first: $first, after: $after, filter: $filter) @connection(key: "WorkflowList_workflows") {
        edges { node { id ...WorkflowCard_workflow } }
      }
    }
  \`;
`;
const WORKFLOW_CARD = `
  export const card = graphql\`
    fragment WorkflowCard_workflow on Workflow
    @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
    @refetchable(queryName: "WorkflowCardRefetchQuery") {
      name
      status
      createdAt
      tasks(first: $count, after: $cursor) @connection(key: "WorkflowCard_tasks") { edges { node { key } } }
    }
  \`;
  export const create = graphql\`
    mutation WorkflowCardCreateMutation($input: CreateWorkflowInput!, $connections: [ID!]!) {
      createWorkflow(input: $input) {
        ... on CreateWorkflowSuccess {
          workflow @prependNode(connections: $connections, edgeTypeName: "WorkflowEdge") { ...WorkflowCard_workflow }
        }
        ... on Error { code message }
      }
    }
  \`;
  export const remove = graphql\`
    mutation WorkflowCardDeleteMutation($input: DeleteWorkflowInput!) {
      deleteWorkflow(input: $input) { ... on DeleteWorkflowSuccess { workflowId @deleteRecord } }
    }
  \`;
`;

const projects: string[] = [];
afterAll(() => projects.forEach((dir) => rmSync(dir, { recursive: true })));

/** Compiles a Relay project on schema.graphql; answers with the text of each operation, by name. */
async function compile(
  files: Record<string, string>,
): Promise<{ exitCode: number; output: string; operations: Map<string, string> }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tenantry-relay-'));
  projects.push(dir);
  for (const part of ['src', 'generated']) mkdirSync(path.join(dir, part));
  const scalars = {
    DateTime: 'string',
    EmailAddress: 'string',
    JSON: 'unknown',
    JSONObject: 'Record<string, unknown>',
  };
  const options = {
    src: './src',
    artifactDirectory: './generated',
    language: 'typescript',
    customScalarTypes: scalars,
  };
  writeFileSync(path.join(dir, 'schema.graphql'), readFileSync(path.join(ROOT, 'schema.graphql')));
  writeFileSync(path.join(dir, 'relay.config.json'), JSON.stringify({ ...options, schema: './schema.graphql' }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, 'src', name), text);
  const compiler = fileURLToPath(import.meta.resolve('relay-compiler/cli.js'));
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, 'relay.config.json'], { cwd: dir }, (error, stdout, stderr) => {
      resolve({
        exitCode: error ? 1 : 0,
        output: stdout + stderr,
        operations: operationsIn(path.join(dir, 'generated')),
      });
    });
  });
}

function operationsIn(dir: string): Map<string, string> {
  const texts = readdirSync(dir).map((file) => [file, readFileSync(path.join(dir, file), 'utf8')] as const);
  return new Map(
    texts.flatMap(([file, artifact]) => {
      const text = /"text": (".*")/.exec(artifact)?.[1];
      return text ? [[file.replace('.graphql.ts', ''), JSON.parse(text) as string]] : [];
    }),
  );
}

test('Relay refuses a field that the schema does not have', async () => {
  const { exitCode, output } = await compile({ 'Wrong.ts': 'graphql`query WrongQuery { viewer { password } }`' });
  expect(exitCode).toBe(1);
  expect(output).toContain('password');
});

describe('a page with fragments, connections, refetching and mutations', () => {
  let served: Served;
  let compiled: Awaited<ReturnType<typeof compile>>;
  beforeAll(async () => {
    [served, compiled] = await Promise.all([
      startServed(2),
      compile({ 'WorkflowList.ts': WORKFLOW_LIST, 'WorkflowCard.ts': WORKFLOW_CARD }),
    ]);
  });
  afterAll(() => served.close());

  const send = async (operation: string, variables: Record<string, unknown>) => {
    const { data, errors } = await served.testApp.call(compiled.operations.get(operation)!, variables, {
      as: served.acme.keys.owner,
    });
    expect(errors).toBeUndefined();
    return data;
  };

  test('compiles on schema.graphql without an error', () => {
    expect(compiled).toMatchObject({ exitCode: 0, output: expect.not.stringMatching(/error|warn/i) });
    expect([...compiled.operations.keys()].sort()).toEqual([
      'WorkflowCardCreateMutation',
      'WorkflowCardDeleteMutation',
      'WorkflowCardRefetchQuery',
      'WorkflowListPaginationQuery',
      'WorkflowListQuery',
    ]);
  });

  test('what it compiled to is answered: the first page, and the next ones', async () => {
    const { workflows } = await send('WorkflowListQuery', { first: 3 });
    const next = await send('WorkflowListPaginationQuery', { first: 3, after: workflows.pageInfo.endCursor });
    const ids = [...workflows.edges, ...next.workflows.edges].map(({ node }) => node.id);
    expect(ids).toEqual([...served.workflowIds].reverse());
    expect(next.workflows.pageInfo.hasNextPage).toBe(false);
  });

  test('a fragment is asked for again by the global id of its node, with the next page inside it', async () => {
    const id = served.acme.workflowIds[0]!;
    const { node } = await send('WorkflowCardRefetchQuery', { id, count: 2, cursor: null });
    expect(node).toMatchObject({
      __typename: 'Workflow',
      id,
      name: 'Workflow 0',
      tasks: { pageInfo: { hasNextPage: true } },
    });
    const cursor = node.tasks.pageInfo.endCursor;
    const { node: more } = await send('WorkflowCardRefetchQuery', { id, count: 2, cursor });
    expect(more.tasks.edges).toMatchObject([{ node: { key: 'task2' } }]);
  });

  test('a workflow is made and deleted', async () => {
    const input = { name: 'By Relay', definition: definition('relay') };
    const { createWorkflow } = await send('WorkflowCardCreateMutation', { input, connections: [] });
    const { id } = createWorkflow.workflow;
    const { deleteWorkflow } = await send('WorkflowCardDeleteMutation', { input: { id } });
    expect(deleteWorkflow).toMatchObject({ __typename: 'DeleteWorkflowSuccess', workflowId: id });
  });
});
