import { execFile } from 'node:child_process';
import { chown, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { identifyProcess } from './process-identity.ts';
import type { Place } from './place.ts';

/** A server that runs on the place's directory, found by the file that it keeps there. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

export type Found =
  | { readonly kind: 'running'; readonly postmaster: Postmaster }
  /** `blocking`: the number of the ended server still belongs to some process, and PostgreSQL would take it for alive. */
  | { readonly kind: 'stale'; readonly blocking: boolean }
  | { readonly kind: 'absent' };

const pidFile = (place: Place): string => path.join(place.pgdata, 'postmaster.pid');

const numberIsTaken = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Looks for the place's server: a process counts only when it works in this very directory. */
export const findPostmaster = async (place: Place): Promise<Found> => {
  const text = await readFile(pidFile(place), 'utf8').catch(() => undefined);
  if (text === undefined) return { kind: 'absent' };
  const lines = text.split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isInteger(pid) || pid <= 0) return { kind: 'stale', blocking: false };
  const identity = await identifyProcess(pid);
  if (identity?.workingDirectory === place.pgdata) return { kind: 'running', postmaster: { pid, port } };
  return { kind: 'stale', blocking: numberIsTaken(pid) };
};

const worksHere = async (place: Place, name: string): Promise<boolean> =>
  /^\d+$/.test(name) && (await identifyProcess(Number(name)))?.workingDirectory === place.pgdata;

/** Whether any process still works in the directory: a killed server's children end a moment after it. */
const hasSurvivors = async (place: Place): Promise<boolean> => {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(names.map((name) => worksHere(place, name)));
  return found.includes(true);
};

/**
 * Removes the file of a server that has ended although its number is taken, by its own unreaped remains or by another
 * program; PostgreSQL itself would refuse to start as long as that lasts. Answers whether the way is free.
 */
export const clearStalePidFile = async (place: Place): Promise<boolean> => {
  if (process.platform !== 'linux' || (await hasSurvivors(place))) return false;
  await rm(pidFile(place), { force: true });
  return true;
};

const runPgCtl = (place: Place, args: readonly string[]) => {
  const { uid, gid } = place.account ?? {};
  const options = { uid, gid, cwd: '/', env: { LC_ALL: 'C' } };
  return promisify(execFile)(place.binaries.pgCtl, [...args, '-D', place.pgdata, '-s'], options);
};

const logLimitBytes = 10_000_000;

/** Makes the log file writable for the server, sets a long one aside, and answers its length. */
const prepareLog = async (place: Place): Promise<number> => {
  const size = await stat(place.logFile).then((found) => found.size, () => 0);
  if (size > logLimitBytes) await rename(place.logFile, `${place.logFile}.1`);
  const handle = await open(place.logFile, 'a', 0o600);
  await handle.close();
  if (place.account !== undefined) await chown(place.logFile, place.account.uid, place.account.gid);
  return size > logLimitBytes ? 0 : size;
};

const lastFatal = async (place: Place, offset: number): Promise<string> => {
  const bytes = await readFile(place.logFile).catch(() => Buffer.alloc(0));
  const lines = bytes.subarray(offset).toString('utf8').split('\n');
  const fatal = lines.findLast((line) => /(FATAL|PANIC|could not):?\s/.test(line)) ?? lines.findLast((line) => line !== '');
  return fatal?.replace(/^.*?(FATAL|PANIC):\s*/, '') ?? `see ${place.logFile}`;
};

/** Starts the server, detached from this process; answers undefined when it is ready, or what it died of. */
export const startPostmaster = async (
  place: Place,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<string | undefined> => {
  const offset = await prepareLog(place);
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const serverArgs = [`-p ${port}`, '-c listen_addresses=127.0.0.1', '-c unix_socket_directories=', ...options];
  try {
    await runPgCtl(place, ['start', '-w', '-t', '60', '-l', place.logFile, '-o', serverArgs.join(' ')]);
    return undefined;
  } catch {
    return lastFatal(place, offset);
  }
};

/** Ends the server: open transactions are rolled back, and everything committed is on the disk. */
export const stopPostmaster = async (place: Place): Promise<void> => {
  const found = await findPostmaster(place);
  if (found.kind !== 'running') return;
  const stop = (mode: string) => runPgCtl(place, ['stop', '-w', '-t', '30', '-m', mode]);
  try {
    await stop('fast');
  } catch (error) {
    // It may have ended by itself in the meantime; one that does not end in time is cut off and recovers at the next start.
    if ((await findPostmaster(place)).kind === 'running') await stop('immediate').catch(() => Promise.reject(error));
  }
};
