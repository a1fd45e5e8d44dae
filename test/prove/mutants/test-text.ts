import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

/** The files of a test: its own, and those below test/ that it imports, directly or through others. */
function filesOf(root: string, file: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(file) || !existsSync(path.join(root, file))) return found;
  found.add(file);
  const { module } = parseSync(file, readFileSync(path.join(root, file), 'utf8'));
  const exported = module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest ?? []));
  const named = [...module.staticImports.map(({ moduleRequest }) => moduleRequest), ...exported].map(({ value }) => value);
  const relative = named.filter((name) => name.startsWith('.')).map((name) => path.join(path.dirname(file), name));
  for (const each of relative) if (each.startsWith('test/') && each.endsWith('.ts')) filesOf(root, each, found);
  return found;
}

/** A hash of all that a test consists of: when it changes, the test may notice less than it did. */
export function hashOfTest(root: string, file: string): string {
  const hash = createHash('sha256');
  for (const each of [...filesOf(root, file)].sort()) hash.update(`${each}\n${readFileSync(path.join(root, each), 'utf8')}`);
  return hash.digest('hex');
}
