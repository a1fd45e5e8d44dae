import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/index.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import { startEmbedded } from './embedded/index.ts';
import { createMigrator, ensureRoles, readMigrationFiles } from './migrations/index.ts';
import { assertMigrated, assertRuntimeRole } from './startup-checks.ts';

/** The database that the configuration names, reachable but not yet checked. */
export interface OpenDatabase {
  readonly runtimeUrl: string;
  /** Undefined when only the runtime role is known: then nothing can be migrated. */
  readonly ownerUrl: string | undefined;
  /** A direct address for LISTEN. */
  readonly listenUrl: string;
  readonly embedded: boolean;
  /** Ends the embedded server if this process owns it; nothing else to do. */
  readonly stop: () => Promise<void>;
}

export interface OpenOptions {
  /** Takes lines for the operator. */
  readonly log: (line: string) => void;
  /** What this process does, in one word; the server's is `serve`. */
  readonly purpose: string;
  /** See `EmbeddedOptions`; it means nothing for a database of one's own. */
  readonly whenHeld: 'refuse' | 'join';
  /** Whether an embedded database is made where there is none; what only looks at one has nothing to do with a new one. */
  readonly whenMissing?: 'make' | 'refuse';
}

type DatabaseConfig = Pick<Config, 'database' | 'dataDir'>;

/**
 * Answers the addresses of the configured database, and starts the embedded one when none is configured.
 *
 * @throws OperatorError with one line.
 */
export const openDatabase = async (config: DatabaseConfig, options: OpenOptions): Promise<OpenDatabase> => {
  const { url, listenUrl, migrationUrl } = config.database;
  if (url !== undefined) {
    const stop = async (): Promise<void> => undefined;
    return { runtimeUrl: url, ownerUrl: migrationUrl, listenUrl: listenUrl ?? url, embedded: false, stop };
  }
  if (options.whenMissing === 'refuse' && !existsSync(path.join(config.dataDir, 'postgres', 'PG_VERSION'))) {
    throw new OperatorError(`There is no database in ${config.dataDir}: give the DATA_DIR or the DATABASE_URL that the server was started with.`);
  }
  const { ownerUrl, runtimeUrl, stop } = await startEmbedded({ dataDir: config.dataDir, ...options });
  return { runtimeUrl, ownerUrl, listenUrl: runtimeUrl, embedded: true, stop };
};

/**
 * Brings the database to this version's migrations, or checks that it is there when the owner role is not known; then
 * checks the runtime role. Answers the names of the migrations that were applied.
 *
 * @throws OperatorError with one line.
 */
export const prepareDatabase = async (database: OpenDatabase): Promise<string[]> => {
  const { ownerUrl, runtimeUrl } = database;
  let applied: string[] = [];
  if (ownerUrl === undefined) {
    await assertRuntimeRole(runtimeUrl);
  } else {
    await ensureRoles(ownerUrl, runtimeUrl);
    await assertRuntimeRole(runtimeUrl);
    applied = await createMigrator({ ownerUrl }).up();
  }
  await assertMigrated(runtimeUrl, await readMigrationFiles());
  return applied;
};
