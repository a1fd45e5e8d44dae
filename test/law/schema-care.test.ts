import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { breakingChanges, undeclared } from '../../scripts/breaking-changes.ts';

const schema = readFileSync('schema.graphql', 'utf8');
const directory = mkdtempSync(path.join(tmpdir(), 'tenantry-schema-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the linter of `npm run schema:lint` says of a schema; the rules it was broken by. */
function lint(text: string): string[] {
  const file = path.join(directory, 'schema.graphql');
  writeFileSync(file, text);
  const hook = path.resolve('scripts/schema-lint/one-graphql.js');
  const config = path.resolve('scripts/schema-lint/eslint.config.js');
  const eslint = path.resolve('node_modules/eslint/bin/eslint.js');
  try {
    execFileSync(process.execPath, ['--import', hook, eslint, '--format', 'json', '--config', config, 'schema.graphql'], { cwd: directory, stdio: 'pipe' });
    return [];
  } catch (error) {
    const [report] = JSON.parse(String((error as { stdout: Buffer }).stdout)) as { messages: { ruleId: string | null; message: string }[] }[];
    return report!.messages.map(({ ruleId, message }) => ruleId?.replace('@graphql-eslint/', '') ?? message);
  }
}

describe('the linter of the schema', () => {
  test('has nothing to say of the committed one', () => expect(lint(schema)).toEqual([]));

  test('finds each fault that is planted', () => {
    const faults: Readonly<Record<string, (text: string) => string>> = {
      'require-description': (text) => text.replace(/"""[^"]*"""\s+ACTIVE\b/, 'ACTIVE'),
      'require-nullable-result-in-root': (text) => text.replace('CreateWorkflowResult @semanticNonNull', 'CreateWorkflowResult!'),
      'naming-convention': (text) => text.replaceAll('createWorkflow(', 'create_workflow('),
      'relay-edge-types': (text) => text.replace('edges: [WorkflowEdge!]!', 'edges: [Workflow!]!'),
    };
    let planted = schema;
    for (const plant of Object.values(faults)) {
      const before = planted;
      planted = plant(before);
      expect(planted).not.toBe(before);
    }
    expect(lint(planted)).toEqual(expect.arrayContaining(Object.keys(faults)));
  });
});

describe('a change that breaks clients', () => {
  const withoutName = schema.replace(/(type Workflow implements[^]*?)\n {2}"""[^"]*"""\n {2}name: String!\n/, '$1\n');

  test('is found', async () => {
    expect(withoutName).not.toBe(schema);
    expect(await breakingChanges(schema, withoutName)).toEqual(["Field 'name' was removed from object type 'Workflow'"]);
  });

  test('passes only when it is declared word by word', () => {
    const changes = ["Field 'a' was removed", "Field 'b' was removed"];
    expect(undeclared(changes, "# Changes\n\n- Field 'a' was removed\n- Field 'b' was changed\n")).toEqual(["Field 'b' was removed"]);
  });

  test('is not what only adds', async () => {
    expect(await breakingChanges(withoutName, schema)).toEqual([]);
  });
});
