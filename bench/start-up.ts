import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { uuidOf } from '../src/kernel/ids.ts';
import { readSeedFile } from '../src/ops/seed/index.ts';
import { startEmbedded } from '../src/platform/postgres/embedded/index.ts';
import { tenantry } from './contenders/tenantry.ts';
import { rssMb, sharedRssMb } from './measure/processes.ts';
import { median } from './measure/statistics.ts';
import { postmasterPid } from './prepare.ts';
import { startServer } from './server-process.ts';

/** How the server starts by itself, with the embedded database, as `npm start` does on a directory that is there. */
export interface StartUp {
  /** From the start of the process to its first answer out of the database. */
  readonly firstAnswerMs: number;
  /** Resident memory of the server's process, some seconds after its first answer. */
  readonly idleMb: number;
  /** Memory of the embedded database at the same time. */
  readonly databaseIdleMb: number;
}

const SETTLE_MS = 5_000;

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));

async function startOnce(dataDir: string): Promise<StartUp> {
  const { id, slug, apiKey } = readSeedFile(dataDir)[0]!;
  const subject = { organization: { id: uuidOf('Organization', id)!, slug, apiKey }, workflowId: '', deepCursor: '', newName: '' };
  const server = await startServer({
    command: (port) => ({ args: [script], env: { DATA_DIR: dataDir, PORT: String(port), DEMO_DATA: 'off' } }),
    path: tenantry.path,
    firstRequest: tenantry.request('list', subject),
  });
  try {
    await sleep(SETTLE_MS);
    const { superuserUrl } = await startEmbedded({ dataDir, log: () => undefined, purpose: 'bench', whenHeld: 'join' });
    const postmaster = await postmasterPid(superuserUrl());
    return { firstAnswerMs: server.firstAnswerMs, idleMb: rssMb(server.pid), databaseIdleMb: sharedRssMb(postmaster) };
  } finally {
    await server.stop();
  }
}

/** Starts the server so many times, one after the other, and gives the medians. */
export async function measureStartUp(dataDir: string, times: number): Promise<StartUp> {
  const starts: StartUp[] = [];
  for (let time = 0; time < times; time += 1) starts.push(await startOnce(dataDir));
  const middle = (field: keyof StartUp): number => median(starts.map((start) => start[field]));
  return { firstAnswerMs: middle('firstAnswerMs'), idleMb: middle('idleMb'), databaseIdleMb: middle('databaseIdleMb') };
}
