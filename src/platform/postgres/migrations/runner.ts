import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunnerOption } from 'node-pg-migrate';
import type pg from 'pg';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { withClient } from '../client.ts';
import { type MigrationFiles, migrationsDir, readMigrationFiles } from './files.ts';
import {
  assertConsistent,
  compareWithLedger,
  ensureLedger,
  ledgerSchema,
  ledgerSql,
  type MigrationStatus,
  readLedger,
} from './ledger.ts';

type Direction = 'up' | 'down';

export interface MigratorOptions {
  /** The owner role's address; direct, because the lock belongs to a session. */
  readonly ownerUrl: string;
  /** The product's own migrations unless told otherwise. */
  readonly dir?: string;
}

export interface Migrator {
  /** Applies what is pending, all or nothing; answers the names. */
  up(): Promise<string[]>;
  /** Takes back the last `count` migrations (1; Infinity for all), all or nothing; answers the names. */
  down(count?: number): Promise<string[]>;
  status(): Promise<MigrationStatus[]>;
  pending(): Promise<string[]>;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const lineOf = (sql: string, position: unknown): string => {
  const offset = Number(position);
  return offset > 0 ? ` (line ${sql.slice(0, offset).split('\n').length})` : '';
};

/** Runs the library with a loader that appends the bookkeeping to each migration, so that both stand or fall together. */
const runWith = async (
  client: pg.Client,
  dir: string,
  files: readonly MigrationFiles[],
  direction: Direction,
  count: number,
): Promise<string[]> => {
  let current: MigrationFiles | undefined;
  const units = files.map((file) => ({
    id: path.join(dir, `${file.name}.sql`),
    filePaths: [],
    actions: {
      up: (builder: { sql(text: string): void }) => {
        current = file;
        builder.sql(file.upSql);
        builder.sql(ledgerSql(file).applied);
      },
      down: (builder: { sql(text: string): void }) => {
        current = file;
        builder.sql(file.downSql);
        builder.sql(ledgerSql(file).reverted);
      },
    },
  }));
  const runnerOptions: RunnerOption = {
    // Our own client, because the library's would end the process when its connection is lost.
    dbClient: client,
    dir,
    direction,
    count,
    migrationsSchema: ledgerSchema,
    migrationsTable: 'migrations',
    migrationLoaderStrategies: [{ extensions: ['.sql'], loader: async () => units }],
    // Ours is held already, and covers the check of the files as well.
    noLock: true,
    singleTransaction: true,
    logger: silent,
  };
  // Loaded when there is something to do, which at most starts there is not.
  const { runner: runMigrations } = await import('node-pg-migrate');
  try {
    return (await runMigrations(runnerOptions)).map(({ name }) => name);
  } catch (error) {
    if (current === undefined) throw error;
    const sql = direction === 'up' ? current.upSql : current.downSql;
    const { message, position } = error as { message: string; position?: string };
    throw new OperatorError(
      `Migration ${current.name}.${direction}.sql failed and everything was rolled back: ` +
        `${message}${lineOf(sql, position)}.`,
      { cause: error },
    );
  }
};

/** Holds the session lock around reading the books and acting on them: of several runners one acts, the others wait. */
const locked = async <Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> => {
  const key = `hashtextextended('tenantry migrations', 0)`;
  await client.query(`SELECT pg_advisory_lock(${key})`);
  try {
    return await work();
  } finally {
    await client.query(`SELECT pg_advisory_unlock(${key})`).catch(() => undefined);
  }
};

/** Applies and takes back migrations as the owner role; the roles of `ensureRoles` must be there. */
export const createMigrator = ({ ownerUrl, dir = migrationsDir }: MigratorOptions): Migrator => {
  const run = (direction: Direction, count: number): Promise<string[]> =>
    withClient(ownerUrl, (client) =>
      locked(client, async () => {
        const files = await readMigrationFiles(dir);
        await ensureLedger(client);
        const statuses = compareWithLedger(files, await readLedger(client));
        assertConsistent(statuses);
        const wanted = direction === 'up' ? 'pending' : 'applied';
        if (!statuses.some(({ state }) => state === wanted)) return [];
        return runWith(client, dir, files, direction, count);
      }),
    );
  const status = async (): Promise<MigrationStatus[]> => {
    const files = await readMigrationFiles(dir);
    return withClient(ownerUrl, async (client) => compareWithLedger(files, await readLedger(client)));
  };

  return {
    up: () => run('up', Number.POSITIVE_INFINITY),
    down: (count = 1) => run('down', count),
    status,
    pending: async () => (await status()).filter(({ state }) => state === 'pending').map(({ name }) => name),
  };
};

/**
 * Writes the two empty halves of the next migration and answers their paths.
 *
 * @param name lower-case words with underscores.
 */
export const createMigration = async (name: string, dir: string = migrationsDir): Promise<string[]> => {
  if (!/^[a-z][a-z0-9_]{2,80}$/.test(name)) {
    throw new OperatorError(`"${name}" is no name for a migration: use lower-case words with underscores, like add_invoices.`);
  }
  const next = String((await readMigrationFiles(dir)).length + 1).padStart(4, '0');
  const write = async (direction: Direction, text: string): Promise<string> => {
    const file = path.join(dir, `${next}_${name}.${direction}.sql`);
    await writeFile(file, text, { flag: 'wx' });
    return file;
  };
  return [
    await write('up', `-- Say here what this is for. A table comes with its policies and grants in the same file.\n`),
    await write('down', `-- Takes back everything that ${next}_${name}.up.sql does.\n`),
  ];
};
