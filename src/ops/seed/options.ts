import { readArguments, wrongOption } from '../read-arguments.ts';

/** How much demo data there shall be. */
export interface SeedOptions {
  readonly organizations: number;
  /** In each organization. */
  readonly workflows: number;
  /** In each workflow. */
  readonly tasks: number;
}

interface Limit {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
  readonly what: string;
}

const limits: Readonly<Record<keyof SeedOptions, Limit>> = {
  organizations: { least: 1, most: 10_000, otherwise: 10, what: 'How many organizations: load-0001, load-0002, ...' },
  workflows: { least: 0, most: 100_000, otherwise: 2_000, what: 'How many workflows each of them has.' },
  tasks: { least: 1, most: 50, otherwise: 5, what: 'How many tasks each workflow has.' },
};

const names = Object.keys(limits) as (keyof SeedOptions)[];

const grouped = (value: number): string => value.toLocaleString('en');

const helpLine = (name: keyof SeedOptions): string => {
  const { least, most, otherwise, what } = limits[name];
  const option = `  --${name} <number>`.padEnd(27);
  return `${option}${what} ${least} to ${grouped(most)}, ${grouped(otherwise)} when nothing is said.`;
};

/** What `--help` answers. */
export const help = [
  'npm run seed -- [--organizations <number>] [--workflows <number>] [--tasks <number>]',
  '',
  'Fills the database with organizations that look alive: members, workflows with their versions and tasks, schedules',
  'and executions. Their API keys are written to seed.json in DATA_DIR.',
  '',
  ...names.map(helpLine),
  '',
  'It works on the embedded database, beside a server that runs, or on DATABASE_URL. What is there is kept: a run that',
  'was cut short is carried on by the same command, and larger numbers add what is missing.',
].join('\n');

const numberOf = (name: keyof SeedOptions, text: string | undefined): number => {
  const { least, most, otherwise } = limits[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrongOption(`--${name} is "${text.slice(0, 40)}": it must be a whole number from ${least} to ${grouped(most)}.`);
};

const text = { type: 'string' } as const;
const options = { organizations: text, workflows: text, tasks: text, help: { type: 'boolean', short: 'h' } } as const;

/**
 * The options of the command, or null when help is asked for.
 *
 * @throws OperatorError with one line for an unknown option and for a number out of its limits.
 */
export function readOptions(argv: readonly string[]): SeedOptions | null {
  const values = readArguments(argv, options);
  if (values.help) return null;
  const [organizations, workflows, tasks] = names.map((name) => numberOf(name, values[name]));
  return { organizations: organizations!, workflows: workflows!, tasks: tasks! };
}
