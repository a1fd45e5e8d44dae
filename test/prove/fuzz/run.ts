import { parseArgs } from 'node:util';
import { startCluster } from '../../harness/cluster.ts';
import { useCluster } from '../../harness/current-cluster.ts';
import { runCommand } from '../command.ts';
import { type Finding, fuzz, type FuzzResult } from './fuzz.ts';

const USAGE = `npm run prove:fuzz -- [options]
Sends requests that nobody would think of to a server of its own, and expects an answer with a code to each.
  --runs N    how many (100000); a few hundred for a first look
  --seed N    the same seed sends the same requests; one is drawn and printed without it`;

/** How much the heap may grow over the second half: caches are full by then, and leaks go on. */
const HEAP_GROWTH_MAX_BYTES = 20_000_000;
/** A shorter run measures how the caches fill. */
const HEAP_JUDGED_FROM_RUNS = 50_000;
/** A document of 2,000 tokens is the most that is checked in one go. */
const BLOCKED_MAX_MS = 1_000;

interface Options {
  readonly runs: number;
  readonly seed: number;
}

function readNumber(name: string, text: string, min: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && Number.isSafeInteger(number)) return number;
  throw new Error(`--${name} takes a whole number from ${min} on, not "${text}".`);
}

/** The usage when only that is asked for. Throws one line for what cannot be read. */
function readOptions(): Options | string {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return USAGE;
  const runs = readNumber('runs', values.runs, 1);
  return { runs, seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : readNumber('seed', values.seed, 0) };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, number]) => `${name} ${number}`).join(', ');

const shown = ({ problem, request, log }: Finding): string =>
  `FOUND: ${problem}\n  ${JSON.stringify(request).slice(0, 3_000)}\n  ${JSON.stringify(log).slice(0, 1_500)}`;

const longestOf = (measures: FuzzResult['measures']): number => Math.max(0, ...measures.map(({ blockedMs }) => blockedMs));

function problemsOf({ findings, measures }: FuzzResult, runs: number): string[] {
  const problems = findings.length === 0 ? [] : [`${findings.length} answers are wrong; the last one of a worker is the smallest`];
  const [, , middle, , end] = measures.map(({ heapBytes }) => heapBytes);
  const grown = (end ?? 0) - (middle ?? 0);
  if (runs >= HEAP_JUDGED_FROM_RUNS && grown > HEAP_GROWTH_MAX_BYTES) problems.push(`the heap has grown by ${megabytes(grown)}`);
  const blockedMs = longestOf(measures);
  if (blockedMs > BLOCKED_MAX_MS) problems.push(`the event loop was blocked for ${Math.round(blockedMs)} ms`);
  return problems;
}

/** Whether nothing was found. */
async function prove({ runs, seed }: Options): Promise<boolean> {
  const cluster = await startCluster();
  try {
    useCluster(cluster.address);
    console.log(`Seed ${seed}, ${runs} requests.`);
    const progress = (done: number): void => {
      if (done % 5_000 === 0) console.log(`${done} sent`);
    };
    const result = await fuzz({ runs, seed, progress, found: (finding) => console.error(shown(finding)) });
    console.log(`Sent ${result.sent}: ${listed(result.byKind)}`);
    console.log(`Status: ${listed(result.byStatus)}`);
    console.log(`Codes: ${listed(result.byCode)}`);
    console.log(`Heap after collection, after each fifth: ${result.measures.map(({ heapBytes }) => megabytes(heapBytes)).join(', ')}`);
    console.log(`Longest block of the event loop: ${Math.round(longestOf(result.measures))} ms of processor time`);
    const problems = problemsOf(result, runs);
    console.log(problems.length === 0 ? 'Nothing was found.' : `NOT WELL: ${problems.join('; ')}.`);
    return problems.length === 0;
  } finally {
    await cluster.stop();
  }
}

await runCommand(USAGE, readOptions, prove);
