import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../../kernel/operator-error.ts';
import type { Place } from './place.ts';

const major = '18';
const draftPrefix = 'postgres.initdb-';

const flags = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=icu',
  '--icu-locale=und',
  // macOS knows C.UTF-8 only since version 15.
  process.platform === 'darwin' ? '--locale=en_US.UTF-8' : '--locale=C.UTF-8',
];

const versionIn = async (pgdata: string): Promise<string | undefined> =>
  readFile(path.join(pgdata, 'PG_VERSION'), 'utf8').then((text) => text.trim(), () => undefined);

/** Whether the server's directory is there and whole. */
export const isInitialised = async (place: Place): Promise<boolean> => {
  const version = await versionIn(place.pgdata);
  if (version === major) return true;
  if (version !== undefined) {
    throw new OperatorError(
      `${place.pgdata} was made by PostgreSQL ${version}, and this is ${major}: ` +
        'set another DATA_DIR, or dump with the old version and load into a new one.',
    );
  }
  const names = await readdir(place.pgdata).catch(() => []);
  if (names.length === 0) return false;
  throw new OperatorError(`${place.pgdata} is no PostgreSQL directory: move it away, or set another DATA_DIR.`);
};

const giveTo = async (place: Place, file: string): Promise<void> => {
  if (place.account !== undefined) await chown(file, place.account.uid, place.account.gid);
};

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const runInitdb = async (place: Place, draft: string, passwordFile: string, extraFlags: readonly string[]) => {
  const args = [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...flags, ...extraFlags];
  const { uid, gid } = place.account ?? {};
  try {
    await promisify(execFile)(place.binaries.initdb, args, { uid, gid, cwd: '/', env: { LC_ALL: 'C' } });
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error).trim();
    throw new OperatorError(`The embedded database could not be made in ${place.home}: ${said}`, { cause: error });
  }
};

/** Of a start that was killed, initdb itself may still be at work for a moment: its directory is removed under it. */
const removeLeftovers = async (place: Place): Promise<void> => {
  const leftovers = (await readdir(place.home)).filter((name) => name.startsWith(draftPrefix));
  const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };
  await Promise.all(leftovers.map((name) => rm(path.join(place.home, name), options)));
};

/**
 * Makes the server's directory. It is made under another name and renamed when it is whole, so that one that was
 * interrupted half-way is never taken for a database; what such an attempt left is removed.
 */
export const initialise = async (place: Place, password: string, extraFlags: readonly string[]): Promise<void> => {
  await removeLeftovers(place);
  const draft = path.join(place.home, `${draftPrefix}${randomBytes(4).toString('hex')}`);
  const passwordFile = `${draft}.password`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await giveTo(place, draft);
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    await giveTo(place, passwordFile);
    await runInitdb(place, draft, passwordFile, extraFlags);
    await rename(draft, place.pgdata);
    await syncDirectory(place.home);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
};
