import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { OperatorError } from '../../kernel/operator-error.ts';

const contents = z.object({
  organizations: z.array(
    z.object({ name: z.string(), slug: z.string(), id: z.string(), ownerEmail: z.string(), apiKey: z.string() }),
  ),
});

/** An organization of the seed, and the key by which to call as it; `id` is the global id. */
export type SeededOrganization = z.output<typeof contents>['organizations'][number];

/** Where the API keys are. */
export const seedFile = (dataDir: string): string => path.join(dataDir, 'seed.json');

/**
 * What is in `DATA_DIR/seed.json`, in the order of the organizations; nothing before the first seed.
 *
 * @throws OperatorError when the file cannot be read.
 */
export function readSeedFile(dataDir: string): SeededOrganization[] {
  const file = seedFile(dataDir);
  try {
    return contents.parse(JSON.parse(readFileSync(file, 'utf8'))).organizations;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new OperatorError(`${file} cannot be read: move it away, and the organizations get new keys.`, { cause: error });
  }
}

/**
 * Writes the file with mode 0600, beside and renamed: a crash leaves the old one or the new one.
 *
 * @throws OperatorError when it cannot be written.
 */
export function writeSeedFile(dataDir: string, organizations: readonly SeededOrganization[]): void {
  const file = seedFile(dataDir);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify({ organizations }, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    throw new OperatorError(`Cannot write ${file}: make DATA_DIR writable.`, { cause: error });
  }
}
