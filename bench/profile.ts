import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Case } from './cases.ts';
import { enter, warmUp } from './contest.ts';
import type { Contender } from './contenders/contender.ts';
import { runLoad } from './load/load.ts';
import { makeRequests } from './load/subjects.ts';
import type { BenchOptions } from './options.ts';
import type { RunningDatabase } from './prepare.ts';

/** The part of V8's profile that is looked at. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

/** Longer than any warm-up, so that what is profiled is mostly the case itself. */
const PROFILE_SECONDS = 30;
const SHOWN = 25;

/** The package or the folder of the project that a function belongs to. */
const partOf = ({ url, functionName }: Frame): string => {
  if (url === '') return functionName;
  const dependency = url.split('/node_modules/').at(-1)!;
  if (dependency !== url) return dependency.split('/').slice(0, dependency.startsWith('@') ? 2 : 1).join('/');
  const own = /\/(src\/[^/]+(\/postgres\/[^/.]+)?)/.exec(url)?.[1];
  return own ?? url.split('/')[0]!;
};

const placeOf = ({ url, functionName, lineNumber }: Frame): string => {
  const file = url.split('/').slice(-3).join('/');
  return `${functionName || '(anonymous)'} ${url === '' ? '' : `${file}:${lineNumber + 1}`}`.trim();
};

const ranking = (times: ReadonlyMap<string, number>, totalUs: number): string[] =>
  [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, us]) => `${((100 * us) / totalUs).toFixed(1).padStart(6)} %  ${name}`);

/** Where the time went, by package and by function, as shares of the time in which the server worked. */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [parts, places] = [new Map<string, number>(), new Map<string, number>()];
  let totalUs = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id)!;
    const us = timeDeltas[index] ?? 0;
    if (frame.functionName === '(idle)') continue;
    totalUs += us;
    parts.set(partOf(frame), (parts.get(partOf(frame)) ?? 0) + us);
    places.set(placeOf(frame), (places.get(placeOf(frame)) ?? 0) + us);
  }
  return ['By package:', ...ranking(parts, totalUs), '', 'By function:', ...ranking(places, totalUs)].join('\n');
}

/** Runs one case with the profiler of V8 on. */
export async function profile(contender: Contender, database: RunningDatabase, kind: Case, options: BenchOptions): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tenantry-profile-'));
  try {
    const entrant = await enter(contender, database, database.runtimeUrl, ['--cpu-prof', `--cpu-prof-dir=${directory}`]);
    await warmUp(entrant, database, { ...options, warmUpSeconds: 1 });
    const requests = makeRequests(contender, kind, entrant.tenants, 'profile');
    await runLoad({ url: entrant.server.url, requests, connections: 16, durationMs: PROFILE_SECONDS * 1_000 });
    await entrant.server.stop();
    const [file] = await readdir(directory);
    return summarize(JSON.parse(await readFile(path.join(directory, file!), 'utf8')) as CpuProfile);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
