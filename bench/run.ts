import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../src/kernel/operator-error.ts';
import { authenticationMarkdown, measureAuthentication } from './authentication/index.ts';
import { CASE_NAMES } from './cases.ts';
import { CONTENDERS } from './contenders/index.ts';
import { type FanOutFigure, measureFanOut } from './events/fan-out.ts';
import { type EventBenchOptions, eventsMarkdown, fanOutMarkdown, measureEvents } from './events/index.ts';
import { countWire, enter, type Entrant, type Figure, measure, memoryOf, warmUp } from './contest.ts';
import { help, readOptions, type BenchOptions } from './options.ts';
import { openDataDirectory, type RunningDatabase, seed, startDatabase } from './prepare.ts';
import { profile } from './profile.ts';
import { machine, machineLine, markdown, medians, type Report } from './report.ts';
import { measureStartUp } from './start-up.ts';

const resultsOf = (name: string): string => fileURLToPath(new URL(`./results/${name}.md`, import.meta.url));

/** What is going on goes to standard error, so that standard output has the figures alone. */
const tell = (line: string): void => console.error(line);

async function run(options: BenchOptions): Promise<void> {
  const before = machine();
  if (before.loadBefore > before.cores / 2) tell(`The machine is busy (load ${before.loadBefore.toFixed(1)}): wait for it, or the figures will be poor.`);
  const directory = await openDataDirectory(options);
  try {
    if (options.events) return await runEvents(directory.path, options, before);
    if (options.authentication) return await runAuthentication(directory.path, options, before);
    tell('Seeding ...');
    await seed(directory.path, options);
    const report = options.profile ? await showProfile(directory.path, options) : await contest(directory.path, options, before);
    if (report) await publish(report, options);
  } finally {
    await directory.dispose();
  }
}

async function runEvents(dataDir: string, options: BenchOptions, before: Report['machine']): Promise<void> {
  const { secondsEach, rounds, json, quick } = options;
  const fanOut = await runFanOut(dataDir, options);
  const appendOptions: EventBenchOptions = { secondsEach, rounds, events: quick ? 100_000 : 1_000_000 };
  const figures = await measureEvents(dataDir, appendOptions);
  const text = ['# The log', '', machineLine(before), '', eventsMarkdown(figures, appendOptions), fanOutMarkdown(fanOut)].join('\n');
  console.log(json ? JSON.stringify({ machine: before, ...figures, fanOut }, null, 2) : text);
  if (!quick) await keep('events', text);
}

async function runAuthentication(dataDir: string, options: BenchOptions, before: Report['machine']): Promise<void> {
  const figures = await measureAuthentication(dataDir, options);
  const text = ['# API keys', '', machineLine(before), '', authenticationMarkdown(figures)].join('\n');
  console.log(options.json ? JSON.stringify({ machine: before, ...figures }, null, 2) : text);
  if (!options.quick) await keep('authentication', text);
}

async function runFanOut(dataDir: string, options: BenchOptions): Promise<FanOutFigure> {
  tell('Seeding ...');
  await seed(dataDir, { ...options, organizations: 1, workflows: 1 });
  const database = await startDatabase(dataDir, { ...options, organizations: 1 });
  try {
    tell('Subscribing ...');
    return await measureFanOut(database, options.quick ? { subscribers: 200, events: 10, everyMs: 500 } : { subscribers: 1_000, events: 60, everyMs: 500 });
  } finally {
    await database.stop();
  }
}

async function showProfile(dataDir: string, options: BenchOptions): Promise<null> {
  const database = await startDatabase(dataDir, options);
  try {
    for (const contender of CONTENDERS) console.log(`${contender.name}\n${await profile(contender, database, options.profile!, options)}`);
    return null;
  } finally {
    await database.tidy();
    await database.stop();
  }
}

async function contest(dataDir: string, options: BenchOptions, before: Report['machine']): Promise<Report> {
  tell('Starting, three times ...');
  const startUp = await measureStartUp(dataDir, options.quick ? 1 : 3);
  const database = await startDatabase(dataDir, options);
  try {
    const { organizations, workflows, secondsEach, rounds } = options;
    return {
      date: new Date().toISOString().slice(0, 10),
      machine: before,
      versions: { Tenantry: ownVersion(), Node: process.versions.node, PostgreSQL: database.version },
      options: { organizations, workflows, secondsEach, rounds },
      startUp,
      contenders: await measureAll(database, options),
    };
  } finally {
    await database.stop();
  }
}

const ownVersion = (): string => (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** All contenders run at the same time and are measured by turns, so that what disturbs the machine disturbs all. */
async function measureAll(database: RunningDatabase, options: BenchOptions): Promise<Report['contenders']> {
  const entrants: Entrant[] = [];
  try {
    for (const contender of CONTENDERS) entrants.push(await enter(contender, database));
    const idle = entrants.map(memoryOf);
    for (const entrant of entrants) {
      await warmUp(entrant, database, options);
      // What one contender has created would be a wrong answer of the next.
      await database.tidy();
    }
    const figures = await measureByTurns(entrants, database, options);
    const loaded = entrants.map(memoryOf);
    for (const { server } of entrants.splice(0)) await server.stop();
    tell('Counting statements ...');
    const contenders = [];
    for (const [index, contender] of CONTENDERS.entries()) {
      const own = figures.filter((figure) => figure.contender === contender.name);
      contenders.push({ name: contender.name, wire: await countWire(contender, database), idleMb: idle[index]!, loadedMb: loaded[index]!, figures: medians(own) });
    }
    return contenders;
  } finally {
    for (const { server } of entrants) await server.stop();
    await database.tidy();
  }
}

async function measureByTurns(entrants: readonly Entrant[], database: RunningDatabase, options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    tell(`Round ${round} of ${options.rounds} ...`);
    for (const kind of CASE_NAMES) {
      for (const connections of options.connections) {
        for (const entrant of round % 2 === 0 ? entrants.toReversed() : entrants) {
          figures.push(await measure(entrant, database, kind, connections, options.secondsEach * 1_000, `${round}-${connections}`));
        }
      }
      if (kind === 'create') await database.tidy();
    }
  }
  return figures;
}

async function publish(report: Report, { json, quick }: BenchOptions): Promise<void> {
  console.log(json ? JSON.stringify(report, null, 2) : markdown(report));
  if (!quick) await keep('latest', markdown(report));
}

/** Keeps a report for people to read later. */
async function keep(name: string, text: string): Promise<void> {
  await mkdir(new URL('./results/', import.meta.url), { recursive: true });
  await writeFile(resultsOf(name), text);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) console.log(help);
  else await run(options);
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
