import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buildSchema, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { EXEMPTIONS } from './exemptions.ts';
import type { Note } from './notes.ts';
import type { Sources } from '../sources.ts';
import type { Part, PartResult } from './part.ts';

/** A part with what it found out. */
export interface Outcome extends Note {
  readonly part: Part;
}

const leftOutOf = ({ leftOut = [] }: PartResult): string[] => leftOut.map((what) => `LEFT OUT: ${what}`);

/** What a part has to say besides its figures, beginning with what it did not do. */
export const notesOf = ({ part, result }: Outcome): string[] => [...leftOutOf(result), ...result.notes].map((note) => `${part.name}: ${note}`);

/** What the run as a whole has against it, besides leaks: parts that attacked nothing, exemptions that are not needed. */
export function faultsOf(outcomes: readonly Outcome[], allRan: boolean): string[] {
  const used = new Set(outcomes.flatMap(({ result }) => result.exempted));
  return [
    ...outcomes.flatMap(({ part, result }) => (result.failure === undefined ? [] : [`The part "${part.name}" came to no end: ${result.failure}`])),
    ...outcomes.filter(({ result }) => result.failure === undefined && (result.attacked === 0 || result.cases === 0) && leftOutOf(result).length === 0).map(({ part }) => `The part "${part.name}" attacked nothing.`),
    ...[...used].filter((name) => !EXEMPTIONS.some((exemption) => exemption.name === name)).map((name) => `The exemption "${name}" is not in the reviewed list.`),
    ...(allRan ? EXEMPTIONS.filter(({ name }) => !used.has(name)).map(({ name }) => `The exemption "${name}" is not needed any more: take it out.`) : []),
  ];
}

/** How large the schema is and which it is: a report about another one is noticed by these. */
export async function describeSchema(file: string): Promise<{ size: string; hash: string }> {
  const text = await readFile(file, 'utf8');
  const types = Object.values(buildSchema(text).getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  const outputs = types.filter((type) => isObjectType(type) || isInterfaceType(type)).flatMap((type) => Object.values(type.getFields()));
  const inputs = types.filter(isInputObjectType).flatMap((type) => Object.values(type.getFields()));
  const args = outputs.flatMap((field) => field.args);
  return {
    size: `${types.length} types, ${outputs.length} fields, ${args.length} arguments, ${inputs.length} input fields`,
    hash: createHash('sha256').update(text).digest('hex'),
  };
}

const COLUMNS = ['part', 'attacked', 'cases', 'leaks', 'exemptions'] as const;

const rowOf = ({ part, result }: Outcome): string[] => [part.name, ...[result.attacked, result.cases, result.leaks.length, result.exempted.length].map(String)];

/** The table for a terminal. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = [[...COLUMNS], ...outcomes.map(rowOf)];
  const widths = COLUMNS.map((_, place) => Math.max(...rows.map((row) => row[place]!.length)));
  return rows.map((row) => row.map((cell, place) => (place === 0 ? cell.padEnd(widths[place]!) : cell.padStart(widths[place]!))).join('  ')).join('\n');
}

/** Every leak, one line each. */
export const leaksOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.flatMap(({ part, result }) => result.leaks.map(({ where, what }) => `${part.name}: ${where}: ${what}`));

const escaped = (text: string): string => text.replaceAll('|', '\\|');
const tableRow = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;

/** The committed report; what was not run for it is named. */
export function reportOf(outcomes: readonly Outcome[], notRun: readonly Part[], schema: { size: string; hash: string }, sources: Sources): string {
  const used = EXEMPTIONS.filter(({ name }) => outcomes.some(({ result }) => result.exempted.includes(name)));
  const lines = [
    '# Isolation report',
    '',
    'Written by `npm run prove:isolation`, which attacks every field, argument and input of the schema from one organization that has a look-alike beside it. It is of the commit below, and made again when the schema changes and before a release, not with every change.',
    '',
    `The sources: commit ${sources.commit}; fingerprint: \`${sources.fingerprint}\`. \`npm run prove:isolation -- --fingerprint\` prints that of the sources as they are.`,
    '',
    `The schema: ${schema.size}; SHA-256 of \`schema.graphql\`: \`${schema.hash}\`.`,
    '',
    tableRow(['Part', 'Guarantee', 'Attacked', 'Cases', 'Leaks', 'Run on']),
    '|---|---|---:|---:|---:|---|',
    ...outcomes.map(({ part, result, date, isCurrent }) =>
      tableRow([part.name, part.guarantee, ...[result.attacked, result.cases, result.leaks.length].map(String), isCurrent ? date : `${date}, before the last change of the sources`]),
    ),
    '',
    ...(notRun.length === 0 ? [] : ['Not run in full for this report (the tests run a bounded form):', '', ...notRun.map(({ name, guarantee }) => `- ${name}: ${guarantee}`), '']),
    '"Attacked" counts fields, arguments and input fields, doors or mechanisms; each is attacked in many cases.',
    '',
    '## Exemptions',
    '',
    'What looks like a leak and is meant to be so; the list is `test/prove/isolation/exemptions.ts`, and one that is not needed any more fails the run.',
    '',
    tableRow(['Position', 'Who', 'Reason', 'Requirement']),
    '|---|---|---|---|',
    ...used.map(({ position, callers, reason, requirement }) => tableRow([`\`${position}\``, callers?.join(', ') ?? 'everybody', reason, requirement])),
    '',
    '## Notes',
    '',
    ...outcomes.flatMap(notesOf).map((note) => `- ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}
