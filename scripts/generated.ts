import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from '@graphql-codegen/cli';
import codegenConfig from '../codegen.ts';
import { printedSchema } from '../src/graphql/print.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCHEMA_FILE = 'schema.graphql';
const SDK_DIR = 'src/sdk/generated/';

/**
 * The generated files that are not what would be generated now: changed, missing, or left over. They are looked for
 * below `root`; what they should be always comes from this tree.
 */
export async function staleFiles(root = ROOT): Promise<string[]> {
  const expected = new Map([[SCHEMA_FILE, printedSchema()], ...(await generatedSdk())]);
  const stale = [...expected]
    .filter(([file, content]) => read(path.join(root, file)) !== content)
    .map(([file]) => file);
  return [...stale, ...leftOver(root, expected)];
}

/** The files of the SDK as codegen would write them now, by path from the root. Nothing is written. */
async function generatedSdk(): Promise<[string, string][]> {
  const generated: unknown = await generate({ ...codegenConfig, cwd: ROOT, silent: true }, false);
  const files = generated as { filename: string; content: string }[];
  return files.map(({ filename, content }) => [path.relative(ROOT, path.resolve(ROOT, filename)), content]);
}

function leftOver(root: string, expected: ReadonlyMap<string, string>): string[] {
  const dir = path.join(root, SDK_DIR);
  const found = existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: 'utf8' }) : [];
  return found.map((file) => SDK_DIR + file).filter((file) => !expected.has(file));
}

function read(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
