import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestDatabase } from './database.ts';

const script = fileURLToPath(new URL('../../src/seed.ts', import.meta.url));

/** The secret that the API keys of the seed depend on; an app that shall know them is given the same. */
export const SEED_SECRET = 'a secret for the seed, long enough for the check';

/** Starts the command `seed` on a test's own database, as a person would. */
export const spawnSeed = (database: TestDatabase, dataDir: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      DATABASE_URL: database.runtimeUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      SECRET_KEY: SEED_SECRET,
    },
  });

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end. */
export const runSeedCommand = async (database: TestDatabase, dataDir: string, args: readonly string[]): Promise<Ended> => {
  const child = spawnSeed(database, dataDir, args);
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (piece: Buffer) => (text.stdout += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (text.stderr += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
};
