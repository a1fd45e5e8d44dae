import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Made from the models by the package that the lock names: both of them are in the fingerprint already. */
const GENERATED = 'src/platform/postgres/generated';

/** Which sources a report is of. */
export interface Sources {
  /** A hash of all files that the outcome depends on: the same files have the same one, whatever the commit is called. */
  readonly fingerprint: string;
  /** The commit that is checked out, in words; without a repository nothing is known of it. */
  readonly commit: string;
}

export function fingerprintOf(root: string, patterns: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted()) {
    if (file.startsWith(GENERATED)) continue;
    hash.update(`${file}\n`).update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

function commitOf(root: string): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=all', '--', 'src', 'prisma', 'test', 'package-lock.json');
    return `\`${git('rev-parse', '--short', 'HEAD')}\`${changed === '' ? '' : ' and what was changed since'}`;
  } catch {
    return 'unknown';
  }
}

/** Asked before a run begins: while it lasts somebody may go on working. */
export const sourcesOf = (root: string, patterns: readonly string[]): Sources => ({ fingerprint: fingerprintOf(root, patterns), commit: commitOf(root) });
