import { cpus, loadavg, totalmem } from 'node:os';
import { CASE_NAMES, CASES, type Case } from './cases.ts';
import type { Figure, Wire } from './contest.ts';
import { median } from './measure/statistics.ts';
import type { BenchOptions } from './options.ts';
import type { StartUp } from './start-up.ts';

/** Everything that one run found out. */
export interface Report {
  readonly date: string;
  /** `loadBefore`: how many processes wanted a core in the minute before; with more than a few tenths the figures are poor. */
  readonly machine: { readonly cores: number; readonly memoryGb: number; readonly loadBefore: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Pick<BenchOptions, 'organizations' | 'workflows' | 'secondsEach' | 'rounds'>;
  readonly startUp: StartUp;
  readonly contenders: readonly {
    readonly name: string;
    readonly wire: Wire;
    readonly idleMb: number;
    readonly loadedMb: number;
    readonly figures: readonly Figure[];
  }[];
}

export const machine = (): Report['machine'] => ({
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  loadBefore: loadavg()[0]!,
});

/** The machine of a run, for people. */
export const machineLine = ({ cores, memoryGb, loadBefore }: Report['machine']): string =>
  `${cores} cores and ${memoryGb} GB; load before the run ${loadBefore.toFixed(2)}.`;

/** The medians over the rounds of one case. */
export function medians(figures: readonly Figure[]): Figure[] {
  const groups = Object.values(Object.groupBy(figures, (figure) => `${figure.case} ${figure.connections}`)) as Figure[][];
  return groups.map((group) => {
    const middle = (field: 'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'serverUs' | 'databaseUs'): number => median(group.map((figure) => figure[field]));
    return {
      ...group[0]!,
      requestsPerSecond: middle('requestsPerSecond'),
      p50Ms: middle('p50Ms'),
      p99Ms: middle('p99Ms'),
      serverUs: middle('serverUs'),
      databaseUs: middle('databaseUs'),
      failures: group.reduce((sum, figure) => sum + figure.failures, 0),
    };
  });
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`,
  ...rows.map((cells) => `| ${cells.join(' | ')} |`),
];

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const short = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
const count = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

const HEAD = ['query', 'connections', 'requests/s', 'p50 ms', 'p99 ms', 'server µs', 'database µs', 'statements', 'round trips'];

const rowOf = (figure: Figure, wire: Wire): string[] => {
  const { statements, roundTrips } = wire[figure.case];
  const failed = figure.failures > 0 ? ` (${figure.failures} failed)` : '';
  return [
    CASES[figure.case] + failed,
    String(figure.connections),
    whole(figure.requestsPerSecond),
    short(figure.p50Ms),
    short(figure.p99Ms),
    whole(figure.serverUs),
    whole(figure.databaseUs),
    count(statements),
    count(roundTrips),
  ];
};

const order = (a: Figure, b: Figure): number => CASE_NAMES.indexOf(a.case) - CASE_NAMES.indexOf(b.case) || a.connections - b.connections;

/** Throughput beside that of the first contender, when there are others. */
const ratios = ({ contenders }: Report): string[] => {
  const [first, ...others] = contenders;
  if (first === undefined || others.length === 0) return [];
  const rateOf = (figures: readonly Figure[], kind: Case): number => figures.find((figure) => figure.case === kind && figure.connections === 16)?.requestsPerSecond ?? Number.NaN;
  const rows = CASE_NAMES.map((kind) => [CASES[kind], ...contenders.map(({ figures }) => short(rateOf(figures, kind) / rateOf(first.figures, kind)))]);
  return ['## Throughput at 16 connections, the first one being 1', '', ...table(['query', ...contenders.map(({ name }) => name)], rows), ''];
};

/** The report for people. */
export function markdown(report: Report): string {
  const { machine: { cores, memoryGb, loadBefore }, versions, options, startUp } = report;
  const { organizations, workflows, secondsEach, rounds } = options;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ');
  const lines = [
    `# Benchmark of ${report.date}`,
    '',
    `${cores} cores and ${memoryGb} GB, shared by server, database and load. ${named}.`,
    `${organizations} organizations of ${whole(workflows)} workflows of 5 tasks, called by turns; medians of ${rounds} rounds of ${secondsEach} s.`,
    `Before it began, ${short(loadBefore)} other processes wanted a core.`,
    'Processor time is per request. Statements are what is executed on the wire, the one that sets the tenant included.',
    '',
    ...ratios(report),
  ];
  for (const { name, wire, idleMb, loadedMb, figures } of report.contenders) {
    lines.push(`## ${name}`, '', ...table(HEAD, figures.toSorted(order).map((figure) => rowOf(figure, wire))), '');
    lines.push(`Resident memory of the server: ${whole(idleMb)} MB before the load, ${whole(loadedMb)} MB after it.`, '');
  }
  lines.push(
    '## Starting by itself, with the embedded database',
    '',
    `First answer after ${whole(startUp.firstAnswerMs)} ms; idle, the server takes ${whole(startUp.idleMb)} MB and its database ${whole(startUp.databaseIdleMb)} MB.`,
  );
  return `${lines.join('\n')}\n`;
}
