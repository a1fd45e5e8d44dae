import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Judged } from './judge.ts';
import type { Mutant } from './mutant.ts';

/** What a run found out, kept beside the packages so that an interrupted one can go on. */
interface Note {
  readonly name: string;
  /** A hash of the changed file: another text is another mutant. */
  readonly source: string;
  readonly verdict: Judged['verdict'];
}

const fileOf = (root: string): string => path.join(root, 'node_modules/.cache/tenantry-mutants.json');
const hashOf = ({ source }: Mutant): string => createHash('sha256').update(source).digest('hex');

const read = (root: string): Note[] => {
  try {
    return JSON.parse(readFileSync(fileOf(root), 'utf8')) as Note[];
  } catch {
    return [];
  }
};

/** Whether a test has named what is wrong. What survived may be noticed by a test that came since. */
const isSettled = (verdict: Judged['verdict']): boolean => verdict.fate === 'noticed' && !verdict.by.startsWith('(');

/** What is known of these mutants from runs before. */
export function recall(root: string, mutants: readonly Mutant[]): Judged[] {
  const notes = new Map(read(root).map((note) => [`${note.name} ${note.source}`, note.verdict]));
  return mutants.flatMap((mutant) => {
    const verdict = notes.get(`${mutant.name} ${hashOf(mutant)}`);
    return verdict !== undefined && isSettled(verdict) ? [{ mutant, verdict }] : [];
  });
}

export function remember(root: string, { mutant, verdict }: Judged): void {
  const others = read(root).filter(({ name }) => name !== mutant.name);
  mkdirSync(path.dirname(fileOf(root)), { recursive: true });
  writeFileSync(fileOf(root), JSON.stringify([...others, { name: mutant.name, source: hashOf(mutant), verdict }]));
}
