import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { identifyProcess } from './process-identity.ts';

/*
 * The lock is a directory of claims, one file for each process that has or wants the data directory. A process writes
 * its claim first and looks second: it has the lock when no other living process has a claim. Of two processes the one
 * that writes later sees the other, so both can never have it; both may see each other, and then both step back and
 * try again. Names are never used twice, so that anybody may remove the claim of a dead process at any time. One lock
 * file that is taken over when its process is dead could not do that: between reading and replacing it, another
 * process may have replaced it.
 */

/** Who has the data directory. */
export interface LockHolder {
  readonly pid: number;
  /** Tells the process from a later one with the same number. */
  readonly birth: string;
  /** What it does, in one word for people: serve, migrate, ... */
  readonly purpose: string;
  readonly since: string;
}

export interface ServerLock {
  readonly release: () => Promise<void>;
}

const claimsDir = (dataDir: string): string => path.join(dataDir, 'lock');

const parseClaim = (text: string): LockHolder | undefined => {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return undefined;
  }
};

/** The process of a claim if it still lives; a dead one's claim is removed. */
const livingClaimant = async (file: string): Promise<LockHolder | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const holder = parseClaim(text);
  const identity = holder === undefined ? undefined : await identifyProcess(holder.pid);
  if (holder !== undefined && identity?.birth === holder.birth) return holder;
  await rm(file, { force: true });
  return undefined;
};

/** The claims of living processes, by file. */
const livingClaims = async (directory: string): Promise<Map<string, LockHolder>> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.claim'));
  const claims = new Map<string, LockHolder>();
  for (const name of names) {
    const file = path.join(directory, name);
    const holder = await livingClaimant(file);
    if (holder !== undefined) claims.set(file, holder);
  }
  return claims;
};

/** Written under another name and renamed, so that nobody reads half a claim and takes its process for dead. */
const writeClaim = async (directory: string, holder: LockHolder): Promise<string> => {
  const file = path.join(directory, `${holder.pid}-${randomBytes(8).toString('hex')}.claim`);
  const draft = `${file}.new`;
  await writeFile(draft, `${JSON.stringify(holder)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return file;
};

/** A claim that outlasts this is no attempt any more. */
const attemptMs = 50;

const tryAcquire = async (dataDir: string, purpose: string): Promise<ServerLock | LockHolder> => {
  const directory = claimsDir(dataDir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const birth = (await identifyProcess(process.pid))?.birth ?? '';
  const self = { pid: process.pid, birth, purpose, since: new Date().toISOString() };
  for (;;) {
    const own = await writeClaim(directory, self);
    const others = await livingClaims(directory);
    others.delete(own);
    if (others.size === 0) return { release: () => rm(own, { force: true }) };
    await rm(own, { force: true });
    await sleep(attemptMs + randomInt(attemptMs));
    for (const [file, holder] of await livingClaims(directory)) if (others.has(file)) return holder;
  }
};

export const isHolder = (result: ServerLock | LockHolder): result is LockHolder => 'pid' in result;

const heldError = (dataDir: string, holder: LockHolder): OperatorError =>
  new OperatorError(
    `${dataDir} is in use by process ${holder.pid} (${holder.purpose}, since ${holder.since}): ` +
      'stop that one first, or set another DATA_DIR (and PORT) for a second server.',
  );

/** Takes the data directory, or ends with a line that names the process that has it. */
export const refuseHeld = async (dataDir: string, purpose: string): Promise<ServerLock> => {
  const result = await tryAcquire(dataDir, purpose);
  if (isHolder(result)) throw heldError(dataDir, result);
  return result;
};

/** Waits until the data directory is free, or is held by a process of that purpose; gives up after `timeoutMs`. */
export const awaitServerLock = async (
  dataDir: string,
  options: { purpose: string; joins: string; timeoutMs: number },
): Promise<ServerLock | LockHolder> => {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const result = await tryAcquire(dataDir, options.purpose);
    if (!isHolder(result) || result.purpose === options.joins) return result;
    if (performance.now() > deadline) throw heldError(dataDir, result);
    await sleep(attemptMs);
  }
};
