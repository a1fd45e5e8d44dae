import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Area, areas } from './areas.ts';
import { type Mutant, nameChanges } from './mutant.ts';
import { changesOf, parses } from './operators/syntax.ts';
import { sqlChangesOf } from './sql/statements.ts';

const filesOf = (root: string, { files }: Area): string[] =>
  [...new Set(files.flatMap((pattern) => globSync(pattern, { cwd: root })))].filter((file) => !file.endsWith('.test.ts')).sort();

const mutantsOf = (root: string, area: Area, file: string): Mutant[] => {
  const source = readFileSync(path.join(root, file), 'utf8');
  const changes = area.sqlOperators ? sqlChangesOf(source, area.sqlOperators) : changesOf(file, source, area.operators!);
  // What changes nothing, or is no program, is not a mutant: nothing could notice or run it. SQL is judged by the database.
  return nameChanges(area.name, file, source, changes).filter((mutant) => mutant.source !== source && (file.endsWith('.sql') || parses(file, mutant.source)));
};

/** Every mutant of the project, from the sources as they are now. One that two areas make belongs to the first. */
export function generateMutants(root: string): Mutant[] {
  const mutants = areas.flatMap((area) => filesOf(root, area).flatMap((file) => mutantsOf(root, area, file)));
  const names = new Set<string>();
  return mutants.filter(({ name }) => !names.has(name) && names.add(name));
}
