import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../../kernel/operator-error.ts';

/** The operating system's user that PostgreSQL runs as when this process is root. */
export interface OsAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
const accountName = 'postgres';

const lookUp = async (): Promise<OsAccount | undefined> => {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', accountName]), run('id', ['-g', accountName])]);
    return { name: accountName, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

const create = async (): Promise<void> => {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', accountName]);
  } catch (error) {
    throw new OperatorError(
      `PostgreSQL does not run as root, and the user "${accountName}" could not be made: ` +
        `create it (useradd --system ${accountName}), or start as an ordinary user.`,
      { cause: error },
    );
  }
};

/** Undefined unless this process is root: then an account of its own is found or made, as PostgreSQL refuses root. */
export const findDatabaseAccount = async (): Promise<OsAccount | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await lookUp();
  if (existing !== undefined) return existing;
  await create();
  return lookUp();
};

const canEnter = async (account: OsAccount, directory: string): Promise<boolean> => {
  const { uid, gid } = account;
  return run('/bin/sh', ['-c', 'test -x "$0"', directory], { uid, gid, cwd: '/' }).then(() => true, () => false);
};

/** The first directory on the way to `target`, itself included, that the account cannot enter; undefined when none. */
export const firstClosedDirectory = async (account: OsAccount, target: string): Promise<string | undefined> => {
  if (await canEnter(account, target)) return undefined;
  const names = target.split(path.sep).filter((name) => name !== '');
  for (const index of names.keys()) {
    const ancestor = path.sep + names.slice(0, index + 1).join(path.sep);
    if (!(await canEnter(account, ancestor))) return ancestor;
  }
  return undefined;
};
