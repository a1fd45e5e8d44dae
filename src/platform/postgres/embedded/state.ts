import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OperatorError } from '../../../kernel/operator-error.ts';

const stateSchema = z.object({
  superuserPassword: z.string(),
  ownerPassword: z.string(),
  runtimePassword: z.string(),
  /** The port of the last start; it is taken again when it is free, so that a person's own client finds it. */
  port: z.number().optional(),
  /** Where the server's files are, when the data directory is out of the database account's reach. */
  home: z.string().optional(),
});

/** What must outlive the process, kept in `DATA_DIR/database.json` with mode 0600. */
export type EmbeddedState = z.output<typeof stateSchema>;

const stateFile = (dataDir: string): string => path.join(dataDir, 'database.json');

const newPassword = (): string => randomBytes(24).toString('hex');

/** The kept state, or undefined before the first start. */
export const readState = async (dataDir: string): Promise<EmbeddedState | undefined> => {
  const file = stateFile(dataDir);
  try {
    return stateSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatorError(`${file} cannot be read: restore it from a backup, or move ${dataDir} away to begin anew.`, {
      cause: error,
    });
  }
};

/** Written beside and renamed, so that a crash leaves the old state or the new one. */
export const writeState = async (dataDir: string, state: EmbeddedState): Promise<void> => {
  const file = stateFile(dataDir);
  const draft = `${file}.new`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(draft, file);
};

export const newState = (home: string | undefined): EmbeddedState => ({
  superuserPassword: newPassword(),
  ownerPassword: newPassword(),
  runtimePassword: newPassword(),
  ...(home === undefined ? {} : { home }),
});
