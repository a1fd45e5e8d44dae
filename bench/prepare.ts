import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../src/kernel/operator-error.ts';
import { readSeedFile } from '../src/ops/seed/index.ts';
import { withClient } from '../src/platform/postgres/client.ts';
import { startEmbedded } from '../src/platform/postgres/embedded/index.ts';
import type { BenchOptions } from './options.ts';
import { deleteCreated, readTenant, type Tenant } from './truth.ts';

const seedScript = fileURLToPath(new URL('../src/seed.ts', import.meta.url));

/** Where the database is kept during the run. */
export interface DataDirectory {
  readonly path: string;
  /** Deletes it, unless it was asked to be kept. */
  dispose(): Promise<void>;
}

export async function openDataDirectory({ dataDir }: BenchOptions): Promise<DataDirectory> {
  if (dataDir !== undefined) return { path: dataDir, dispose: () => Promise.resolve() };
  const temporary = await mkdtemp(path.join(tmpdir(), 'tenantry-bench-'));
  // The account that runs the database may have to pass through here.
  await chmod(temporary, 0o711);
  return { path: path.join(temporary, 'data'), dispose: () => rm(temporary, { recursive: true, force: true }) };
}

/** Fills the directory's embedded database by the command that anybody uses. Its progress goes to standard error. */
export async function seed(dataDir: string, { organizations, workflows }: BenchOptions): Promise<void> {
  const args = [seedScript, '--organizations', String(organizations), '--workflows', String(workflows)];
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, { env: { PATH, HOME, DATA_DIR: dataDir }, stdio: ['ignore', process.stderr, process.stderr] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new OperatorError('The database could not be seeded: the reason is above.');
}

/** The database of the run, and what is in it. */
export interface RunningDatabase {
  readonly runtimeUrl: string;
  readonly dataDir: string;
  readonly secretKey: string;
  readonly tenants: readonly Tenant[];
  /** The process that all processes of the server descend from. */
  readonly pid: number;
  readonly version: string;
  /** Takes back what the create case has made. */
  tidy(): Promise<void>;
  stop(): Promise<void>;
}

/** The process of a database server that all its other processes descend from. */
export async function postmasterPid(superuserUrl: string): Promise<number> {
  const { rows } = await withClient(superuserUrl, (client) => client.query<{ file: string }>(`SELECT pg_read_file('postmaster.pid') AS file`));
  return Number(rows[0]!.file.split('\n')[0]);
}

/** Starts the seeded database for all contenders, and reads what they must answer. */
export async function startDatabase(dataDir: string, options: BenchOptions): Promise<RunningDatabase> {
  const log = (line: string): void => console.error(line);
  const { runtimeUrl, superuserUrl, stop } = await startEmbedded({ dataDir, log, purpose: 'bench' });
  const seeded = readSeedFile(dataDir).slice(0, options.organizations);
  const tenants: Tenant[] = [];
  for (const organization of seeded) tenants.push(await readTenant(runtimeUrl, organization));
  const pid = await postmasterPid(superuserUrl());
  const version = await withClient(superuserUrl(), async (client) => (await client.query('SHOW server_version')).rows[0].server_version as string);
  const tidy = async (): Promise<void> => {
    for (const tenant of tenants) await deleteCreated(runtimeUrl, tenant);
    await withClient(superuserUrl(), (client) => client.query('VACUUM (ANALYZE) workflow.workflows, workflow.workflow_versions, workflow.tasks'));
  };
  const secretKey = (await readFile(path.join(dataDir, 'secret.key'), 'utf8')).trim();
  return { runtimeUrl, dataDir, secretKey, tenants, pid, version, tidy, stop };
}
