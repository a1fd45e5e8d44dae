import { randomBytes } from 'node:crypto';
import { access, chmod, constants, cp, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { binariesIn, findBinaries, type PostgresBinaries } from './binaries.ts';
import { findDatabaseAccount, firstClosedDirectory, type OsAccount } from './os-account.ts';
import type { EmbeddedState } from './state.ts';

/** Where an embedded server lives, what runs it and as whom. */
export interface Place {
  /** The product's data directory, absolute and with links resolved. */
  readonly dataDir: string;
  /** Holds the server's directory and its log: the data directory, unless that is out of the account's reach. */
  readonly home: string;
  readonly pgdata: string;
  readonly logFile: string;
  readonly binaries: PostgresBinaries;
  /** Undefined when the server runs as the same user as this process. */
  readonly account: OsAccount | undefined;
}

/** Outside every home directory: what root uses when the checkout is in a directory closed to others, as /root is. */
const sharedHome = '/var/lib/tenantry';

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
};

/** The line for a data directory that cannot be used. */
export const unwritableError = (dataDir: string, cause: unknown): OperatorError => {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const reason = reasons[code] ?? (code || String(cause));
  return new OperatorError(
    `Cannot write to the data directory ${dataDir} (${reason}): ` +
      `let the user ${userInfo().username} write there, or set DATA_DIR to another directory.`,
    { cause },
  );
};

/** Makes the data directory when it is missing, and checks that it can be written. */
export const prepareDataDir = async (dataDir: string): Promise<string> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(dataDir);
  } catch (error) {
    throw unwritableError(dataDir, error);
  }
};

/** A copy of PostgreSQL's programs that every account may run, made once for each version of them. */
const copyBinaries = async (from: PostgresBinaries): Promise<PostgresBinaries> => {
  const { mtimeMs, size } = await stat(path.join(from.nativeDir, 'bin', 'postgres'));
  const target = path.join(sharedHome, `postgres-${size}-${Math.round(mtimeMs)}`);
  const exists = await access(target).then(() => true, () => false);
  if (!exists) {
    const draft = `${target}.${randomBytes(4).toString('hex')}`;
    await cp(from.nativeDir, draft, { recursive: true, verbatimSymlinks: true });
    // Whoever is quicker wins; the other copy is the same.
    await rename(draft, target).catch(() => rm(draft, { recursive: true }));
  }
  return binariesIn(target);
};

const openToOthers = async (directory: string): Promise<void> => {
  const { mode } = await stat(directory);
  if ((mode & 0o011) !== 0o011) await chmod(directory, (mode & 0o777) | 0o011);
};

const makeHome = async (home: string): Promise<string> => {
  await mkdir(home, { recursive: true, mode: 0o711 });
  return realpath(home);
};

/** Where the server's files are to be for an account that may be unable to enter the data directory. */
const findHome = async (
  account: OsAccount,
  dataDir: string,
  kept: EmbeddedState | undefined,
  log: (line: string) => void,
): Promise<string> => {
  await openToOthers(dataDir);
  const closed = await firstClosedDirectory(account, dataDir);
  if (closed === undefined) return dataDir;
  if (kept !== undefined) {
    throw new OperatorError(
      `The user ${account.name}, which runs the database, can no longer enter ${closed}: ` +
        `open it with "chmod o+x ${closed}", or start as the directory's own user.`,
    );
  }
  const home = await makeHome(path.join(sharedHome, randomBytes(6).toString('hex')));
  log(`The user ${account.name}, which runs the database, cannot enter ${closed}: the database is kept in ${home}.`);
  return home;
};

/**
 * Finds out where the server's files and programs can be.
 *
 * Root cannot run PostgreSQL, so another account does, and that one may be unable to enter the checkout. Opening
 * directories that are not ours would be wrong: files and programs then go to a place that it can enter.
 */
export const findPlace = async (
  dataDir: string,
  kept: EmbeddedState | undefined,
  log: (line: string) => void,
): Promise<Place> => {
  const [account, packaged] = await Promise.all([findDatabaseAccount(), findBinaries()]);
  let home = kept?.home === undefined ? dataDir : await makeHome(kept.home);
  let binaries = packaged;
  if (account !== undefined) {
    if (home === dataDir) home = await findHome(account, dataDir, kept, log);
    if ((await firstClosedDirectory(account, binaries.pgCtl)) !== undefined) binaries = await copyBinaries(packaged);
  }
  const [pgdata, logFile] = [path.join(home, 'postgres'), path.join(home, 'postgres.log')];
  return { dataDir, home, pgdata, logFile, binaries, account };
};
