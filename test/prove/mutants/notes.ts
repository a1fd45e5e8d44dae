import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Judged } from './judge.ts';
import type { Mutant } from './mutant.ts';
import { hashOfTest } from './test-text.ts';

/** What a run found out, kept beside the packages so that an interrupted one can go on. */
interface Note {
  readonly name: string;
  /** A hash of the changed file: another text is another mutant. */
  readonly source: string;
  /** A hash of the test that noticed it: when that is weakened, it may notice it no longer. */
  readonly test?: string | undefined;
  readonly verdict: Judged['verdict'];
}

const fileOf = (root: string): string => path.join(root, 'node_modules/.cache/tenantry-mutants.json');
const hashOf = ({ source }: Mutant): string => createHash('sha256').update(source).digest('hex');

/** Asked once for each test: a run works with the tests that it began with. */
const hashes = new Map<string, string>();

const testHashOf = (root: string, { verdict }: Pick<Judged, 'verdict'>): string | undefined => {
  if (verdict.fate !== 'noticed') return undefined;
  const file = verdict.by.split(' > ')[0]!;
  const hash = hashes.get(file) ?? hashOfTest(root, file);
  hashes.set(file, hash);
  return hash;
};

const read = (root: string): Note[] => {
  try {
    return JSON.parse(readFileSync(fileOf(root), 'utf8')) as Note[];
  } catch {
    return [];
  }
};

/** What is known of these mutants from runs before. What no test noticed may be noticed by one that came since. */
export function recall(root: string, mutants: readonly Mutant[]): Judged[] {
  const notes = new Map(read(root).map((note) => [`${note.name} ${note.source}`, note]));
  return mutants.flatMap((mutant) => {
    const note = notes.get(`${mutant.name} ${hashOf(mutant)}`);
    return note !== undefined && note.test === testHashOf(root, note) ? [{ mutant, verdict: note.verdict }] : [];
  });
}

export function remember(root: string, judged: Judged): void {
  const { mutant, verdict } = judged;
  const others = read(root).filter(({ name }) => name !== mutant.name);
  mkdirSync(path.dirname(fileOf(root)), { recursive: true });
  const note: Note = { name: mutant.name, source: hashOf(mutant), test: testHashOf(root, judged), verdict };
  // Put in its place as a whole: another run may be reading it.
  const half = `${fileOf(root)}.${process.pid}`;
  writeFileSync(half, JSON.stringify([...others, note]));
  renameSync(half, fileOf(root));
}
