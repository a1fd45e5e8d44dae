import path from 'node:path';
import { parseArgs } from 'node:util';
import { OperatorError } from '../src/kernel/operator-error.ts';
import { CASE_NAMES, type Case, WORKFLOWS_NEEDED } from './cases.ts';

/** How the benchmark is run. */
export interface BenchOptions {
  readonly organizations: number;
  readonly workflows: number;
  /** How long each measurement takes. */
  readonly secondsEach: number;
  readonly warmUpSeconds: number;
  /** Medians are taken over these. */
  readonly rounds: number;
  readonly connections: readonly number[];
  /** A directory to keep, absolute; undefined for one that is thrown away. */
  readonly dataDir: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
  /** The case whose use of the processor is shown function by function, instead of measuring. */
  readonly profile: Case | undefined;
  /** Appends to the log are measured, and nothing else. */
  readonly events: boolean;
  /** API keys are measured, and nothing else. */
  readonly authentication: boolean;
}

const full = { organizations: 10, workflows: 2_000, secondsEach: 5, warmUpSeconds: 4, rounds: 3 };
const quick = { organizations: 3, workflows: 1_200, secondsEach: 1, warmUpSeconds: 1, rounds: 1 };

export const help = [
  'npm run bench -- [options]',
  '',
  '  --quick                   A short run: less data, one short round; bench/results/latest.md stays as it is.',
  '  --json                    Prints the figures as JSON.',
  `  --profile <case>          Shows where the server's processor time goes: ${CASE_NAMES.join(', ')}.`,
  '  --events                  Measures appends to the log instead, beside commits of single rows.',
  '  --authentication          Measures API keys instead: remembered ones, and right ones beside a flood of wrong ones.',
  '  --data-dir <directory>    Keeps the database there, and uses it again.',
  `  --organizations <number>  How many are called by turns; ${full.organizations} when nothing is said.`,
  `  --workflows <number>      In each of them, from ${WORKFLOWS_NEEDED} on; ${full.workflows} when nothing is said.`,
  `  --seconds <number>        How long each measurement takes; ${full.secondsEach} when nothing is said.`,
  `  --rounds <number>         How often each is repeated; ${full.rounds} when nothing is said.`,
].join('\n');

const wrong = (message: string): OperatorError => new OperatorError(`${message} Write --help to see all options.`);

const numberOf = (name: string, text: string | undefined, least: number, most: number, otherwise: number): number => {
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(`--${name} is "${text.slice(0, 40)}": it must be a whole number from ${least} to ${most}.`);
};

const readArguments = (argv: readonly string[]) => {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
  const numbers = { organizations: text, workflows: text, seconds: text, rounds: text } as const;
  const options = { ...numbers, quick: flag, json: flag, events: flag, authentication: flag, profile: text, 'data-dir': text, help: { ...flag, short: 'h' } } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: false }).values;
  } catch (error) {
    throw wrong(`${(error as Error).message.split(/[.\n]/, 1)[0]}.`);
  }
};

const caseOf = (text: string | undefined): Case | undefined => {
  if (text === undefined) return undefined;
  const found = CASE_NAMES.find((name) => name === text);
  if (found === undefined) throw wrong(`--profile is "${text.slice(0, 40)}": it must be one of ${CASE_NAMES.join(', ')}.`);
  return found;
};

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions(argv: readonly string[]): BenchOptions | null {
  const values = readArguments(argv);
  if (values.help) return null;
  const usual = values.quick ? quick : full;
  return {
    organizations: numberOf('organizations', values.organizations, 2, 10_000, usual.organizations),
    workflows: numberOf('workflows', values.workflows, WORKFLOWS_NEEDED, 100_000, usual.workflows),
    secondsEach: numberOf('seconds', values.seconds, 1, 3_600, usual.secondsEach),
    warmUpSeconds: usual.warmUpSeconds,
    rounds: numberOf('rounds', values.rounds, 1, 100, usual.rounds),
    connections: [1, 16],
    dataDir: values['data-dir'] === undefined ? undefined : path.resolve(values['data-dir']),
    quick: values.quick ?? false,
    json: values.json ?? false,
    profile: caseOf(values.profile),
    events: values.events ?? false,
    authentication: values.authentication ?? false,
  };
}
