import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withClient } from '../../src/platform/postgres/client.ts';
import type { TestDatabase } from './database.ts';

/** A pgBouncer that is installed here. */
export interface Program {
  readonly path: string;
  readonly version: string;
  /** Whether it keeps track of prepared statements in transaction mode, as it does from 1.21 on. */
  readonly modern: boolean;
}

/** Where `.ci/run` and whoever wants to try it put a modern one: `bash scripts/modern-pgbouncer.sh <this directory>`. */
export const modernDirectory = fileURLToPath(new URL('../../node_modules/.cache/pgbouncer', import.meta.url));

const howToGet = {
  old: 'none before 1.21 is installed: apt-get install pgbouncer on Debian 12 or older',
  modern: 'none from 1.21 on is here: bash scripts/modern-pgbouncer.sh node_modules/.cache/pgbouncer',
};

const programAt = (file: string): Program | undefined => {
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  const [, version, major, minor] = /((\d+)\.(\d+)\.\d+)/.exec(stdout ?? '') ?? [];
  if (status !== 0 || version === undefined) return undefined;
  return { path: file, version, modern: Number(major) * 1_000 + Number(minor) >= 1_021 };
};

/** The pgBouncer of this age that is here, or in words why there is none and how to get it. */
export const findPgbouncer = (age: 'old' | 'modern'): Program | string => {
  const places = ['pgbouncer', '/usr/sbin/pgbouncer', path.join(modernDirectory, 'pgbouncer')];
  const found = places.map(programAt).find((program) => program?.modern === (age === 'modern'));
  return found ?? howToGet[age];
};

/** A running pgBouncer in transaction mode in front of one database. */
export interface Pgbouncer {
  /** The address of the database through it, as the runtime role. */
  readonly url: string;
  close(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

const through = (url: string, port: number): string => {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(port);
  return changed.href;
};

const answers = async (url: string): Promise<void> => {
  const until = Date.now() + 10_000;
  for (;;) {
    try {
      await withClient(url, (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(50);
    }
  }
};

export interface PgbouncerOptions {
  /** Connections to the server for each kind of login; few, so that whatever stays on one is met by somebody else. */
  readonly poolSize?: number;
}

/** Starts it on a free port of this machine, with room for every client and few connections to the server. */
export const startPgbouncer = async (
  { path: program, modern }: Program,
  database: TestDatabase,
  { poolSize = 2 }: PgbouncerOptions = {},
): Promise<Pgbouncer> => {
  const target = new URL(database.runtimeUrl);
  const port = await freePort();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pgbouncer-'));
  const users = path.join(directory, 'users.txt');
  const settings = [
    '[databases]',
    `${database.name} = host=${target.hostname} port=${target.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = plain',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    'max_client_conn = 500',
    `default_pool_size = ${poolSize}`,
    ...(modern ? ['max_prepared_statements = 200'] : []),
  ];
  const settingsFile = path.join(directory, 'pgbouncer.ini');
  await writeFile(users, `"${target.username}" "${decodeURIComponent(target.password)}"`);
  await writeFile(settingsFile, settings.join('\n'));
  // It refuses to run as root, so root lends it to nobody, who must then be able to read the files.
  for (const file of [directory, users, settingsFile]) await chmod(file, 0o755);
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const bouncer = spawn(program, [...asNobody, settingsFile], { stdio: 'ignore' });
  const ended = once(bouncer, 'exit');
  const url = through(database.runtimeUrl, port);
  const close = async (): Promise<void> => {
    bouncer.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await answers(url);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
};
