import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ClusterAddress, startCluster } from '../../harness/cluster.ts';
import { runCommand } from '../command.ts';
import { fingerprintOf, sourcesOf } from '../sources.ts';
import { generateMutants } from './generate.ts';
import { areaOf, type Judged, judgeMutants } from './judge.ts';
import type { Mutant } from './mutant.ts';
import { recall, remember } from './notes.ts';
import { extentOf, type Outcome, reasonOf, reportOf, strayEquivalents, survivorsOf, tableOf, unneededEquivalents } from './report.ts';
import { sampleOf } from './select.ts';
import { openWorkshop, type Verdict } from './workshop.ts';

const USAGE = `npm run prove:mutants -- [options]
  --only TEXT     only mutants whose area or name has this text; may be given several times
  --sample N      only N of them, spread over the areas
  --seed TEXT     another sample (1)
  --workers N     how many are tried at a time (2)
  --resume        do not try again what a test noticed in a run before, when the code and that test are the same
  --minutes N     begin none after so many minutes; those left count as in a run before, or as not tried
  --report        write docs/mutants-report.md for a sample too; a run of all always does
  --trust         do not run the tests unbroken first
  --list          show the mutants and try none
  --fingerprint   print what the report calls the sources, and try none`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** What mutants are made from, and what notices them. */
const SOURCES = ['src/**/*.ts', 'prisma/**/*.{sql,prisma}', 'test/**/*.ts', 'package-lock.json'];

const readArguments = () =>
  parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      resume: { type: 'boolean', default: false },
      minutes: { type: 'string', default: 'Infinity' },
      report: { type: 'boolean', default: false },
      trust: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      fingerprint: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

type Options = ReturnType<typeof readArguments>;

/** A text when only that is to be printed. Throws one line for what cannot be read. */
function readOptions(): Options | string {
  const options = readArguments();
  if (options.help) return USAGE;
  return options.fingerprint ? fingerprintOf(root, SOURCES) : options;
}

const select = (all: readonly Mutant[], { only, sample, seed }: Options): readonly Mutant[] => {
  const named = only ? all.filter(({ name, area }) => only.some((text) => `${area} | ${name}`.includes(text))) : all;
  return sample === undefined ? named : sampleOf(named, Number(sample), seed);
};

const whatOf = (verdict: Verdict): string => {
  if (verdict.fate === 'noticed') return `by ${verdict.by}`;
  if (verdict.fate === 'stopped') return verdict.how;
  return verdict.fate === 'invalid' ? verdict.why : 'by nothing';
};

const describe = ({ mutant, verdict }: Judged): string => {
  if (verdict.fate !== 'survived') return `${verdict.fate.padEnd(10)} ${mutant.name}\n            ${whatOf(verdict)}`;
  return `${reasonOf(mutant) === undefined ? 'SURVIVED  ' : 'equivalent'} ${mutant.name} (line ${mutant.line}): ${mutant.shown}`;
};

/** Whether the tests pass as long as nothing is broken; without that a failure would mean nothing. */
async function checkUnchanged(mutants: readonly Mutant[], cluster: ClusterAddress): Promise<void> {
  const workshop = await openWorkshop(root, cluster);
  const killers = [...new Set(mutants.flatMap((mutant) => areaOf(mutant).killers))];
  const verdict = await workshop.tryUnchanged(killers);
  await workshop.close();
  if (verdict.fate !== 'survived') throw new Error(`The tests fail before anything is broken: ${whatOf(verdict)}.`);
}

/** Whether a test has named what is wrong. Everything else is tried again, as far as there is time. */
const isSettled = ({ verdict }: Judged): boolean => verdict.fate === 'noticed';

/** Tries the mutants, and answers with those of which something is known. */
async function judge(mutants: readonly Mutant[], options: Options): Promise<Judged[]> {
  const endsAtMs = Date.now() + Number(options.minutes) * 60_000;
  const known = new Map((options.resume ? recall(root, mutants) : []).map((judged) => [judged.mutant, judged]));
  const left = mutants.filter((mutant) => !known.has(mutant) || !isSettled(known.get(mutant)!));
  if (options.resume) console.log(`${mutants.length - left.length} are known from a run before.`);
  if (left.length > 0 && Date.now() < endsAtMs) {
    const cluster = await startCluster();
    try {
      if (!options.trust) await checkUnchanged(left, cluster.address);
      let done = 0;
      const onVerdict = (judged: Judged): void => {
        done += 1;
        known.set(judged.mutant, judged);
        remember(root, judged);
        console.log(`${done}/${left.length} ${describe(judged)}`);
      };
      await judgeMutants(left, { root, cluster: cluster.address, workers: Number(options.workers), endsAtMs, onVerdict });
    } finally {
      await cluster.stop();
    }
  }
  return mutants.flatMap((mutant) => known.get(mutant) ?? []);
}

/** Whether every mutant that was tried was noticed or is excused, and every excuse is for a mutant and needed. */
async function prove(options: Options): Promise<boolean> {
  const sources = sourcesOf(root, SOURCES);
  const all = generateMutants(root);
  const mutants = select(all, options);
  if (options.list) {
    for (const { area, name, line, shown } of mutants) console.log(`${area} | ${name} (line ${line}): ${shown}`);
    return true;
  }
  const judged = await judge(mutants, options);
  const sample = options.sample === undefined ? null : { size: mutants.length, seed: options.seed };
  const outcome: Outcome = { sources, generated: all, sample, judged };
  const survivors = survivorsOf(judged);
  const stray = strayEquivalents(all);
  const unneeded = unneededEquivalents(judged);
  console.log(`\n${tableOf(outcome)}\n\n${extentOf(outcome)}`);
  for (const { name, line, shown } of survivors) console.log(`SURVIVED ${name} (line ${line}): ${shown}`);
  for (const name of stray) console.log(`No mutant is called "${name}": take the line out of equivalents.ts.`);
  for (const { name } of unneeded) console.log(`A test notices "${name}": take the line out of equivalents.ts.`);
  const isWhole = options.only === undefined && options.sample === undefined;
  if (isWhole || options.report) writeFileSync(path.join(root, 'docs/mutants-report.md'), reportOf(outcome));
  return survivors.length === 0 && stray.length === 0 && unneeded.length === 0;
}

// Runs of the tests that are under way end with this process: they listen for its exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

await runCommand(USAGE, readOptions, prove);
