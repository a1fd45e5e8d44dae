import type { Sources } from '../sources.ts';
import { areas } from './areas.ts';
import { type Equivalent, equivalents } from './equivalents.ts';
import type { Judged } from './judge.ts';
import type { Mutant } from './mutant.ts';
import { BEFORE_THE_FIRST } from './workshop.ts';

const reasons = (list: readonly Equivalent[]): ReadonlyMap<string, string> =>
  new Map(list.flatMap(({ names, reason }) => names.map((name) => [name, reason] as const)));

/** The reason why nothing can notice this mutant, if it is known. */
export const reasonOf = ({ name }: Mutant): string | undefined => reasons(equivalents).get(name);

/** Names in the list of equivalents that no mutant has. */
export function strayEquivalents(all: readonly Mutant[], list: readonly Equivalent[] = equivalents): string[] {
  const names = new Set(all.map(({ name }) => name));
  return [...reasons(list).keys()].filter((name) => !names.has(name));
}

/** Those that are excused and that a test notices after all. */
export const unneededEquivalents = (judged: readonly Judged[]): Mutant[] =>
  judged.filter(({ mutant, verdict }) => verdict.fate === 'noticed' && reasonOf(mutant) !== undefined).map(({ mutant }) => mutant);

/** Those that nothing noticed and that no line excuses. */
export const survivorsOf = (judged: readonly Judged[]): Mutant[] =>
  judged.filter(({ mutant, verdict }) => verdict.fate === 'survived' && reasonOf(mutant) === undefined).map(({ mutant }) => mutant);

/** What a run has found out, and of what. */
export interface Outcome {
  readonly sources: Sources;
  readonly generated: readonly Mutant[];
  /** Null when all that were generated were to be tried. */
  readonly sample: { readonly size: number; readonly seed: string } | null;
  /** Those that were tried. */
  readonly judged: readonly Judged[];
}

/** How a run ended in which no test failed: so much was broken that it says little about the tests. */
const stopOf = ({ verdict }: Judged): string | undefined => {
  if (verdict.fate === 'stopped') return verdict.how;
  return verdict.fate === 'noticed' && verdict.by.endsWith(BEFORE_THE_FIRST) ? verdict.by : undefined;
};

const HEAD = ['Area', 'Generated', 'Tried', 'Noticed', 'Stopped', 'Equivalent', 'Survived'];

const rowOf = (area: string, generated: readonly Mutant[], judged: readonly Judged[]): string[] => {
  const count = (fate: Judged['verdict']['fate']): number => judged.filter((one) => one.verdict.fate === fate && stopOf(one) === undefined).length;
  const stopped = judged.filter((one) => stopOf(one) !== undefined).length;
  const survived = survivorsOf(judged).length;
  return [area, ...[generated.length, judged.length, count('noticed'), stopped, count('survived') - survived, survived].map(String)];
};

const rowsOf = ({ generated, judged }: Outcome): string[][] => [
  ...areas.map(({ name }) => rowOf(name, generated.filter(({ area }) => area === name), judged.filter(({ mutant }) => mutant.area === name))),
  rowOf('all', generated, judged),
];

/** The table as a terminal shows it. */
export function tableOf(outcome: Outcome): string {
  const lines = [HEAD, ...rowsOf(outcome)];
  const width = Math.max(...lines.map(([area]) => area!.length));
  return lines.map(([area, ...figures]) => [area!.padEnd(width), ...figures.map((figure) => figure.padStart(11))].join('')).join('\n');
}

/** How many were tried of how many, and who chose them. */
export function extentOf({ generated, sample, judged }: Outcome): string {
  const figures = `${judged.length} of the ${generated.length} generated mutants were tried`;
  if (sample === null) return judged.length === generated.length ? `All ${generated.length} generated mutants were tried.` : `Only ${figures}.`;
  const { size, seed } = sample;
  const chosen = `spread over the areas and chosen by the seed "${seed}"`;
  return judged.length === size ? `A sample: ${figures}, ${chosen}.` : `Part of a sample: ${figures}, out of ${size} ${chosen}.`;
}

const tableRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const listOf = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n') || 'None.';
const lineOf = ({ name, shown }: Mutant): string => `${name}: \`${shown}\``;

const operatorsOf = (judged: readonly Judged[]): string => {
  const counts = new Map<string, number>();
  for (const { mutant, verdict } of judged) {
    if (verdict.fate !== 'invalid') counts.set(mutant.operator, (counts.get(mutant.operator) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name} (${count})`).join(', ');
};

/** The committed report: the same text for the same sources, tests and sample. */
export function reportOf(outcome: Outcome): string {
  const { judged } = outcome;
  const quiet = judged.filter(({ verdict }) => verdict.fate === 'survived');
  const excused = equivalents.map(({ reason, names }) => ({ reason, count: quiet.filter(({ mutant }) => names.includes(mutant.name)).length }));
  const stopped = judged.flatMap((one) => (stopOf(one) === undefined ? [] : [`${lineOf(one.mutant)} (${stopOf(one)})`]));
  const invalid = judged.filter(({ verdict }) => verdict.fate === 'invalid').length;
  return `# Planted bugs

**${extentOf(outcome)}**

Written by \`npm run prove:mutants\`: every wall between organizations is broken in many small ways, generated from its
source, and the tests of that wall must notice each of them. A mutant that survives is a hole in the tests; of one that
was not tried nothing is known. What an earlier run found out counts as long as the changed file and the test that
noticed it are the same.

The sources: commit ${outcome.sources.commit}; fingerprint: \`${outcome.sources.fingerprint}\`.
\`npm run prove:mutants -- --fingerprint\` prints that of the sources as they are. Made again before a release, not with
every change.

${[tableRow(HEAD), tableRow(HEAD.map((_, index) => (index === 0 ? '---' : '---:'))), ...rowsOf(outcome).map(tableRow)].join('\n')}

Noticed: a test failed. Stopped: no test failed, but what they need could not be set up, the run came to no end, or
nothing started any more.
${invalid === 0 ? '' : `Invalid: of ${invalid} that were tried the database refused the changed migration, so that there was nothing to notice.\n`}
Ways of breaking them: ${operatorsOf(judged)}.

## Survivors

${listOf(survivorsOf(judged).map(lineOf))}

## Stopped

${listOf(stopped)}

## Equivalent

These change nothing that can be seen from outside; each was looked at, and the names are in
\`test/prove/mutants/equivalents.ts\`.

${listOf(excused.filter(({ count }) => count > 0).map(({ reason, count }) => `${reason} (${count})`))}
`;
}
