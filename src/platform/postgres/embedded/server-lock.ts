import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { identifyProcess } from './process-identity.ts';

/** Who has the data directory. */
export interface LockHolder {
  readonly pid: number;
  readonly birth: string;
  /** What it does, in one word for people: serve, migrate, ... */
  readonly purpose: string;
  readonly since: string;
}

export interface ServerLock {
  release(): Promise<void>;
}

const lockFile = (dataDir: string): string => path.join(dataDir, 'server.lock');

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const readText = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const parseHolder = (text: string): LockHolder | undefined => {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return undefined;
  }
};

/** The holder that wrote this text, if it still lives: a later process with the same number is not it. */
const livingHolder = async (text: string): Promise<LockHolder | undefined> => {
  const holder = parseHolder(text);
  if (holder === undefined) return undefined;
  const identity = await identifyProcess(holder.pid);
  return identity?.birth === holder.birth ? holder : undefined;
};

/**
 * Takes a dead holder's file away. Somebody quicker may have done so and have put a file of his own there in the
 * meantime: then that one is put back.
 */
const clearStale = async (file: string, staleText: string): Promise<void> => {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
    if ((await readText(aside)) !== staleText) await link(aside, file).catch(() => undefined);
  } catch (error) {
    if (!isMissing(error)) throw error;
  } finally {
    await rm(aside, { force: true });
  }
};

/** Written beside and linked into place, so that nobody ever reads half a lock. Answers whether it was free. */
const tryLink = async (file: string, text: string): Promise<boolean> => {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o644, flag: 'wx' });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

/**
 * Takes the data directory for this process, or tells who has it. A lock whose process has ended is taken over, also
 * when its number has been given to another process since.
 */
const tryAcquireServerLock = async (dataDir: string, purpose: string): Promise<ServerLock | LockHolder> => {
  const file = lockFile(dataDir);
  const self = await identifyProcess(process.pid);
  const nonce = randomBytes(6).toString('hex');
  const since = new Date().toISOString();
  const text = `${JSON.stringify({ pid: process.pid, birth: self?.birth ?? '', purpose, since, nonce })}\n`;
  for (;;) {
    if (await tryLink(file, text)) {
      const release = async (): Promise<void> => {
        if ((await readText(file)) === text) await rm(file, { force: true });
      };
      return { release };
    }
    const found = await readText(file);
    if (found === undefined) continue;
    const holder = await livingHolder(found);
    if (holder !== undefined) return holder;
    await clearStale(file, found);
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
  const result = await tryAcquireServerLock(dataDir, purpose);
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
    const result = await tryAcquireServerLock(dataDir, options.purpose);
    if (!isHolder(result) || result.purpose === options.joins) return result;
    if (performance.now() > deadline) throw heldError(dataDir, result);
    await sleep(50);
  }
};
