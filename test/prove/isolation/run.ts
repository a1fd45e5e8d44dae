import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../../harness/cluster.ts';
import { useCluster } from '../../harness/current-cluster.ts';
import { runCommand } from '../command.ts';
import { isolationSources, type Notes, openNotes } from './notes.ts';
import type { Effort, Part, PartContext, PartResult } from './part.ts';
import { PARTS } from './parts/index.ts';
import { describeSchema, faultsOf, leaksOf, notesOf, type Outcome, reportOf, tableOf } from './report.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const REPORT = path.join(ROOT, 'docs/isolation-report.md');

const USAGE = `npm run prove:isolation -- [options]
Attacks every field, argument and input of the schema from beside a look-alike organization.
  --effort bounded|full    bounded is what the tests run; only a full run is kept or reported (full)
  --part NAME              only this part; may be given several times
  --resume                 with full effort: run only what was not run with the sources as they are
  --report                 with full effort: write the report although not all parts ran, with what is known of the
                           others from runs before; a full run of all parts always writes it
  --fingerprint            run nothing, print the fingerprint of the sources: that of the report, if it is of them
Parts: ${PARTS.map(({ name }) => name).join(', ')}.`;

interface Options {
  readonly effort: Effort;
  readonly parts: readonly Part[];
  /** Whether the report is written although not all parts ran. */
  readonly report: boolean;
  readonly resume: boolean;
}

/** A text when only that is to be printed. Throws one line for what cannot be read. */
function readOptions(): Options | string {
  const { values } = parseArgs({
    options: {
      effort: { type: 'string', default: 'full' },
      part: { type: 'string', multiple: true },
      report: { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
      fingerprint: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return USAGE;
  if (values.fingerprint) return isolationSources(ROOT).fingerprint;
  const { effort, part: names = PARTS.map(({ name }) => name) } = values;
  if (effort !== 'bounded' && effort !== 'full') throw new Error(`There is no effort "${effort}".`);
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}".`);
  return { effort, parts: PARTS.filter(({ name }) => names.includes(name)), report: values.report && effort === 'full', resume: values.resume && effort === 'full' };
}

const onTerminal = process.stderr.isTTY;

const TENTHS = 10;

/** Says how far a part is: on a terminal in one line that is written over, elsewhere in a line for each tenth. */
const showProgress = (part: Part): PartContext['progress'] => {
  let tenth = 0;
  return (done, total) => {
    if (onTerminal && done % 10 === 0) process.stderr.write(`\r\u001B[K${part.name}: ${done} of ${total}`);
    if (onTerminal || Math.floor((done * TENTHS) / total) === tenth) return;
    tenth = Math.floor((done * TENTHS) / total);
    process.stderr.write(`${part.name}: ${done} of ${total}\n`);
  };
};

/** One part, or why it came to no end: the others are run all the same. */
async function runPart(part: Part, effort: Effort): Promise<PartResult> {
  const startedAt = Date.now();
  process.stderr.write(`${part.name} ...${onTerminal ? '' : '\n'}`);
  const result = await part.run({ effort, progress: showProgress(part) }).catch((error: Error): PartResult => {
    process.stderr.write(`${part.name} FAILED: ${error.message}\n`);
    return { attacked: 0, cases: 0, leaks: [], exempted: [], notes: [], failure: error.message };
  });
  process.stderr.write(`${onTerminal ? '\r\u001B[K' : ''}${part.name}: ${result.leaks.length} leaks in ${result.cases} cases, ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  return result;
}

async function runParts({ effort, parts, resume }: Options, notes: Notes): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const part of parts) {
    const known = resume ? notes.recall(part) : null;
    if (known?.isCurrent) {
      process.stderr.write(`${part.name}: known from a run before\n`);
      outcomes.push({ part, ...known });
      continue;
    }
    const result = await runPart(part, effort);
    if (effort === 'full' && result.failure === undefined && result.cases > 0) notes.remember(part, result);
    outcomes.push({ part, result, date: new Date().toISOString().slice(0, 10), isCurrent: true });
  }
  return outcomes;
}

function recalled(part: Part, notes: Notes): Outcome[] {
  const note = notes.recall(part);
  return note ? [{ part, ...note }] : [];
}

/** Says what was found. True when there is nothing against it. */
async function conclude(outcomes: readonly Outcome[], { effort, parts, report }: Options, notes: Notes): Promise<boolean> {
  const complete = effort === 'full' && parts.length === PARTS.length;
  const against = [...leaksOf(outcomes), ...faultsOf(outcomes, complete)];
  console.log(tableOf(outcomes));
  for (const note of outcomes.flatMap(notesOf)) console.log(note);
  for (const line of against) console.log(`FAILED ${line}`);
  if ((complete || report) && against.length === 0) {
    const ran = new Map(outcomes.map((outcome) => [outcome.part, outcome]));
    const known = PARTS.flatMap((part) => ran.get(part) ?? recalled(part, notes));
    const unknown = PARTS.filter((part) => !known.some((outcome) => outcome.part === part));
    await writeFile(REPORT, reportOf(known, unknown, await describeSchema(path.join(ROOT, 'schema.graphql')), notes.sources));
    console.log(`Written: ${path.relative(ROOT, REPORT)}`);
  }
  return against.length === 0;
}

async function prove(options: Options): Promise<boolean> {
  const cluster = await startCluster();
  try {
    useCluster(cluster.address);
    const notes = openNotes(ROOT);
    return await conclude(await runParts(options, notes), options, notes);
  } finally {
    await cluster.stop();
  }
}

await runCommand(USAGE, readOptions, prove);
