import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SDK = path.join(ROOT, 'src/sdk/index.ts');

const projects: string[] = [];
afterAll(() => projects.forEach((dir) => rmSync(dir, { recursive: true })));

/** Compiles files in a project of their own, and answers with the errors, one a line. */
async function compile(
  files: Record<string, string>,
  compilerOptions: object,
  include: string[] = [],
): Promise<string[]> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tenantry-types-'));
  projects.push(dir);
  const shared = { strict: true, noEmit: true, target: 'es2024', allowImportingTsExtensions: true };
  const config = { compilerOptions: { ...shared, ...compilerOptions }, include: [`${dir}/*.ts`, ...include] };
  writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify(config));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
  return new Promise((resolve) => {
    execFile(path.join(ROOT, 'node_modules/.bin/tsc'), ['--project', dir, '--pretty', 'false'], (_, stdout) => {
      resolve(stdout.split('\n').filter((line) => line.includes('error TS')));
    });
  });
}

const FOR_NODE = {
  lib: ['es2024'],
  module: 'nodenext',
  types: ['node'],
  typeRoots: [path.join(ROOT, 'node_modules/@types')],
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
};
const FOR_BROWSERS = { lib: ['es2024', 'dom'], module: 'preserve', moduleResolution: 'bundler', types: [] };

const USED_RIGHTLY = `
import { createClient, createWorkflowMutation, expectSuccess, paginate } from '${SDK}';
import { viewerQuery, workflowQuery, workflowsQuery } from '${SDK}';
const client = createClient({ url: '/graphql' });
const { viewer } = await client.request(viewerQuery);
export const role: 'OWNER' | 'ADMIN' | 'MANAGER' | 'MEMBER' | 'CUSTOMER' | 'VIEWER' | null | undefined = viewer?.role;
const { workflow } = await client.request(workflowQuery, { id: 'wf' }, { signal: AbortSignal.timeout(1) });
export const definition: Readonly<Record<string, unknown>> | undefined = workflow?.versions.edges[0]?.node.definition;
const input = { name: 'x', definition: { any: ['json', 1, null] } };
const made = await client.request(createWorkflowMutation, { input });
export const version: number = expectSuccess(made.createWorkflow).workflow.currentVersion;
for await (const { createdAt } of paginate(client, workflowsQuery, {}, (data) => data.workflows)) {
  createdAt.slice(0, 10);
}
`;

describe('what is right compiles', () => {
  test('the SDK and the examples, strictly, for Node by type stripping', async () => {
    const include = [path.join(ROOT, 'src/sdk'), path.join(ROOT, 'examples')];
    expect(await compile({ 'used.ts': USED_RIGHTLY }, FOR_NODE, include)).toEqual([]);
  });

  test('the SDK, strictly, in a project for browsers that knows nothing of Node', async () => {
    expect(await compile({ 'used.ts': USED_RIGHTLY }, FOR_BROWSERS)).toEqual([]);
  });
});

const PREFACE = `
import * as sdk from '${SDK}';
const client = sdk.createClient({ url: '/graphql' });
`;

/** What is wrong, the line that does it, and what the compiler must say. */
const WRONG: [string, string, string][] = [
  ['a field that was not asked for', '(await client.request(sdk.viewerQuery)).viewer?.password', 'TS2339'],
  ['a field of something that may be null', '(await client.request(sdk.viewerQuery)).viewer.kind', 'TS2531'],
  ['no variables where some are needed', 'await client.request(sdk.workflowQuery)', 'TS2554'],
  ['a variable of the wrong type', 'await client.request(sdk.workflowQuery, { id: 1 })', 'TS2322'],
  ['a variable that does not exist', "await client.request(sdk.workflowQuery, { id: 'x', orgId: 'y' })", 'TS2353'],
  [
    'an input without a required field',
    "await client.request(sdk.createWorkflowMutation, { input: { name: 'x' } })",
    'TS2741',
  ],
  [
    'an enum value that does not exist',
    "await client.request(sdk.workflowsQuery, { filter: { status: { eq: 'ON' } } })",
    'TS2322',
  ],
  [
    'a success that was not told from a failure',
    '(await client.request(sdk.deleteWorkflowMutation, { input: { id: "x" } })).deleteWorkflow.workflowId',
    'TS2339',
  ],
  [
    'a member of a result without its answer',
    `export const text = ({ deleteWorkflow: result }: sdk.DeleteWorkflowMutation): string => {
      switch (result.__typename) {
        case 'DeleteWorkflowSuccess': return 'gone';
        case 'NotFoundError': return 'never was';
        case 'ConflictError': return 'is running';
      }
    };`,
    'TS2366',
  ],
  [
    'a failure that nobody can read',
    "sdk.expectSuccess({} as { __typename: 'NotFoundError' } | { __typename: 'Done'; id: string })",
    'TS2345',
  ],
  ['a result without a type name', 'sdk.expectSuccess({} as { code: string } | { id: string })', 'TS2345'],
  ['an error code that does not exist', "({} as sdk.TenantryError).code === 'NOT_FUOND'", 'TS2367'],
  [
    'paging with a variable that does not exist',
    'sdk.paginate(client, sdk.workflowsQuery, { frist: 1 }, (data) => data.workflows)',
    'TS2561',
  ],
  ['paging a document without $after', 'sdk.paginate(client, sdk.workflowQuery, { id: "x" }, () => null)', 'TS2345'],
  [
    'paging what is no connection',
    'sdk.paginate(client, sdk.workflowsQuery, {}, (data) => data.workflows.pageInfo)',
    'TS2739',
  ],
  ['a document that was not generated', "sdk.graphql('query New { viewer { kind } }')", 'TS2769'],
  ['a parsed document', "await client.request({ kind: 'Document', definitions: [] })", 'TS2322'],
];

describe('what is wrong does not compile', () => {
  let errors: string[];
  beforeAll(async () => {
    const files = WRONG.map(([, line], index) => [`wrong-${index}.ts`, `${PREFACE}${line};\nexport {};\n`]);
    errors = await compile(Object.fromEntries(files), FOR_NODE);
  });

  test.each(WRONG.map(([title, , code], index) => ({ title, code, file: `wrong-${index}.ts` })))(
    '$title: $code',
    ({ code, file }) => {
      const found = errors.filter((line) => line.includes(`${file}(`)).map((line) => /error (TS\d+)/.exec(line)?.[1]);
      expect(found).toEqual([code]);
    },
  );

  test('and nothing else in these files is wrong', () => {
    expect(errors).toHaveLength(WRONG.length);
  });
});
