import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { staleFiles } from '../../scripts/generated.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'tenantry-generated-'));
  for (const part of ['schema.graphql', 'src/sdk/generated'])
    cpSync(path.join(ROOT, part), path.join(copy, part), { recursive: true });
});
afterAll(() => rmSync(copy, { recursive: true }));

test('schema.graphql and the types of the SDK are what the code generates now, byte by byte', async () => {
  expect(await staleFiles()).toEqual([]);
});

test('a file that was changed, is missing or left over is noticed', async () => {
  appendFileSync(path.join(copy, 'schema.graphql'), '\n');
  rmSync(path.join(copy, 'src/sdk/generated/gql.ts'));
  writeFileSync(path.join(copy, 'src/sdk/generated/old.ts'), '');
  expect(await staleFiles(copy)).toEqual(['schema.graphql', 'src/sdk/generated/gql.ts', 'src/sdk/generated/old.ts']);
});
