import { areas } from './areas.ts';
import { type Equivalent, equivalents } from './equivalents.ts';
import type { Judged } from './judge.ts';
import type { Mutant } from './mutant.ts';

const reasons = (list: readonly Equivalent[]): ReadonlyMap<string, string> =>
  new Map(list.flatMap(({ names, reason }) => names.map((name) => [name, reason] as const)));

/** The reason why nothing can notice this mutant, if it is known. */
export const reasonOf = ({ name }: Mutant): string | undefined => reasons(equivalents).get(name);

/** Names in the list of equivalents that no mutant has. */
export function strayEquivalents(all: readonly Mutant[], list: readonly Equivalent[] = equivalents): string[] {
  const names = new Set(all.map(({ name }) => name));
  return [...reasons(list).keys()].filter((name) => !names.has(name));
}

interface Row {
  readonly area: string;
  readonly mutants: number;
  readonly noticed: number;
  readonly equivalent: number;
  readonly survived: number;
}

const rowOf = (area: string, judged: readonly Judged[]): Row => {
  const valid = judged.filter(({ verdict }) => verdict.fate !== 'invalid');
  const quiet = valid.filter(({ verdict }) => verdict.fate === 'survived');
  const equivalent = quiet.filter(({ mutant }) => reasonOf(mutant) !== undefined).length;
  return { area, mutants: valid.length, noticed: valid.length - quiet.length, equivalent, survived: quiet.length - equivalent };
};

const rowsOf = (judged: readonly Judged[]): Row[] => {
  const rows = areas.map(({ name }) => rowOf(name, judged.filter(({ mutant }) => mutant.area === name)));
  return [...rows.filter((row) => row.mutants > 0), rowOf('all', judged)];
};

const HEAD = ['Area', 'Mutants', 'Noticed', 'Equivalent', 'Survived'];
const cellsOf = (row: Row): string[] => [row.area, row.mutants, row.noticed, row.equivalent, row.survived].map(String);

/** The table as a terminal shows it. */
export function tableOf(judged: readonly Judged[]): string {
  const lines = [HEAD, ...rowsOf(judged).map(cellsOf)];
  const width = Math.max(...lines.map(([area]) => area!.length));
  return lines.map(([area, ...figures]) => [area!.padEnd(width), ...figures.map((figure) => figure.padStart(11))].join('')).join('\n');
}

/** Those that nothing noticed and that no line excuses. */
export const survivorsOf = (judged: readonly Judged[]): Mutant[] =>
  judged.filter(({ mutant, verdict }) => verdict.fate === 'survived' && reasonOf(mutant) === undefined).map(({ mutant }) => mutant);

const tableRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const operatorsOf = (judged: readonly Judged[]): string => {
  const counts = new Map<string, number>();
  for (const { mutant, verdict } of judged) {
    if (verdict.fate !== 'invalid') counts.set(mutant.operator, (counts.get(mutant.operator) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name} (${count})`).join(', ');
};

/** The committed report: the same text for the same sources and tests. */
export function reportOf(judged: readonly Judged[]): string {
  const survivors = survivorsOf(judged);
  const excused = equivalents.filter(({ names }) => names.some((name) => judged.some(({ mutant }) => mutant.name === name)));
  return `# Planted bugs

Written by \`npm run prove:mutants\`: every wall between organizations is broken in many small ways, generated from its
source, and the tests of that wall must notice each of them. A mutant that survives is a hole in the tests.

${[tableRow(HEAD), tableRow(HEAD.map((_, index) => (index === 0 ? '---' : '---:'))), ...rowsOf(judged).map((row) => tableRow(cellsOf(row)))].join('\n')}

Ways of breaking them: ${operatorsOf(judged)}.

## Survivors

${survivors.length === 0 ? 'None.' : survivors.map(({ name, shown }) => `- ${name}: \`${shown}\``).join('\n')}

## Equivalent

These change nothing that can be seen from outside; each was looked at, and the reasons are in
\`test/prove/mutants/equivalents.ts\`.

${excused.map(({ reason, names }) => `- ${reason} (${names.length})`).join('\n') || 'None.'}
`;
}
