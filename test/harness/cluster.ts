import { randomBytes } from 'node:crypto';
import { glob, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { identifyProcess } from '../../src/platform/postgres/embedded/process-identity.ts';
import { createMigrator, ensureRoles, runtimeGroup } from '../../src/platform/postgres/migrations/index.ts';

/** What a test file needs to reach the cluster; it crosses a process border, so it is plain data. */
export interface ClusterAddress {
  readonly superuserUrl: string;
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
  /** A login with the runtime's grants that row level security does not hold: switches the third wall off. */
  readonly bypassUrl: string;
  /** The migrated database that every test database is a copy of. */
  readonly template: string;
}

const templateDatabase = 'tenantry_template';

const bypassRole = 'tenantry_test_bypass';
const directoryPrefix = 'tenantry-test-';

/** Safe only where nothing has to survive: a test cluster is thrown away. */
const throwawaySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
};

const isAlive = async (pid: number): Promise<boolean> => (await identifyProcess(pid)) !== undefined;

/** Ends the servers that a killed run has left below a directory; a number that belongs to another process is let be. */
const endServersBelow = async (dataDir: string): Promise<void> => {
  for await (const file of glob('**/postmaster.pid', { cwd: dataDir })) {
    const pid = Number((await readFile(path.join(dataDir, file), 'utf8')).split('\n')[0]);
    if ((await identifyProcess(pid))?.workingDirectory !== path.join(dataDir, path.dirname(file))) continue;
    process.kill(pid, 'SIGQUIT');
    while (await isAlive(pid)) await sleep(20);
  }
};

/** Removes what runs that were killed have left; the number of the run's process is in the directory's name. */
const removeLeftovers = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(directoryPrefix) ? Number(name.slice(directoryPrefix.length).split('-')[0]) : Number.NaN;
    if (!Number.isInteger(pid) || (await isAlive(pid))) continue;
    const dataDir = path.join(tmpdir(), name);
    // Another run may be at it too: what one of them leaves, the next removes.
    await endServersBelow(dataDir).then(() => rm(dataDir, { recursive: true, force: true })).catch(() => undefined);
  }
};

/** The same server's address for another database. */
export const onDatabase = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

const createBypassRole = async (cluster: EmbeddedDatabase): Promise<string> => {
  const password = randomBytes(12).toString('hex');
  await withClient(cluster.superuserUrl('postgres'), async (client) => {
    await client.query(`CREATE ROLE ${bypassRole} LOGIN BYPASSRLS PASSWORD ${pg.escapeLiteral(password)}`);
    await client.query(`GRANT ${runtimeGroup} TO ${bypassRole}`);
  });
  const url = new URL(cluster.runtimeUrl);
  url.username = bypassRole;
  url.password = password;
  return url.href;
};

/** Makes a database of this name from the migrations of a directory (the product's own), for others to be copied from. */
export const createTemplate = async (
  { superuserUrl, ownerUrl }: Pick<ClusterAddress, 'superuserUrl' | 'ownerUrl'>,
  name: string,
  migrations: { readonly dir?: string } = {},
): Promise<void> => {
  await withClient(superuserUrl, (client) => client.query(`CREATE DATABASE ${name} OWNER tenantry_owner`));
  await createMigrator({ ownerUrl: onDatabase(ownerUrl, name), ...migrations }).up();
  // A database that somebody is connected to cannot be copied.
  await withClient(superuserUrl, (client) => client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`));
};

export interface TestCluster {
  readonly address: ClusterAddress;
  readonly stop: () => Promise<void>;
}

/** Starts a PostgreSQL of its own in a temporary directory, with the roles and the migrated template. */
export const startCluster = async (): Promise<TestCluster> => {
  await removeLeftovers();
  const dataDir = await mkdtemp(path.join(tmpdir(), `${directoryPrefix}${process.pid}-`));
  const cluster = await startEmbedded({
    dataDir,
    log: () => undefined,
    settings: throwawaySettings,
    initdbFlags: ['--no-sync'],
  });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await ensureRoles(cluster.ownerUrl, cluster.runtimeUrl);
    const bypassUrl = await createBypassRole(cluster);
    const { ownerUrl, runtimeUrl } = cluster;
    const superuserUrl = cluster.superuserUrl('postgres');
    await createTemplate({ superuserUrl, ownerUrl }, templateDatabase);
    return { address: { superuserUrl, ownerUrl, runtimeUrl, bypassUrl, template: templateDatabase }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
