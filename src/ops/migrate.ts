import path from 'node:path';
import type { Config } from '../config/index.ts';
import { OperatorError } from '../kernel/operator-error.ts';
import { withClient } from '../platform/postgres/client.ts';
import {
  compareWithLedger,
  createMigration,
  createMigrator,
  ensureRoles,
  type Migrator,
  readLedger,
  readMigrationFiles,
} from '../platform/postgres/migrations/index.ts';
import { openDatabase, type OpenDatabase } from '../platform/postgres/open-database.ts';

const usage = 'npm run migrate -- up | down [n|all] | status | create <name>';

type Write = (line: string) => void;

const withDatabase = async <Result>(
  config: Pick<Config, 'database' | 'dataDir'>,
  write: Write,
  work: (database: OpenDatabase) => Promise<Result>,
): Promise<Result> => {
  const database = await openDatabase(config, { log: write, purpose: 'migrate', whenHeld: 'join' });
  // An interrupted migration is rolled back by the server; what is left to do is to stop an embedded one that we started.
  const interrupted = (): void => void database.stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    return await work(database);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await database.stop();
  }
};

/** The migrator of the owner role, with the roles that migrations name in place. */
const migratorOf = async ({ ownerUrl, runtimeUrl }: OpenDatabase): Promise<Migrator> => {
  if (ownerUrl === undefined) {
    throw new OperatorError('MIGRATION_DATABASE_URL is missing: set it to the address of the role that owns the database.');
  }
  await ensureRoles(ownerUrl, runtimeUrl);
  return createMigrator({ ownerUrl });
};

const parseCount = (text: string | undefined): number => {
  if (text === undefined) return 1;
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new OperatorError(`"${text}" is not a number of migrations: give 1 or more, or "all".`);
};

const report = (verb: string, names: readonly string[], write: Write): void => {
  if (names.length === 0) write(`Nothing to ${verb === 'Applied' ? 'apply' : 'take back'}.`);
  for (const name of names) write(`${verb} ${name}`);
};

const printStatus = async (database: OpenDatabase, write: Write): Promise<void> => {
  const files = await readMigrationFiles();
  const statuses = compareWithLedger(files, await withClient(database.runtimeUrl, readLedger));
  const width = Math.max(...statuses.map(({ name }) => name.length));
  for (const { name, state, appliedAt } of statuses) {
    write(`${name.padEnd(width)}  ${state.padEnd(8)}  ${appliedAt?.toISOString() ?? ''}`.trimEnd());
  }
};

/**
 * The command `migrate`. Without DATABASE_URL it works on the embedded database, beside a server that runs.
 *
 * @param argv the words after the command's name.
 * @param write takes lines for the person.
 * @throws OperatorError with one line.
 */
export const runMigrate = async (
  argv: readonly string[],
  config: Pick<Config, 'database' | 'dataDir'>,
  write: Write,
): Promise<void> => {
  const [command, argument] = argv;
  switch (command) {
    case 'up':
      return withDatabase(config, write, async (database) =>
        report('Applied', await (await migratorOf(database)).up(), write),
      );
    case 'down': {
      const count = parseCount(argument);
      return withDatabase(config, write, async (database) =>
        report('Took back', await (await migratorOf(database)).down(count), write),
      );
    }
    case 'status':
      return withDatabase(config, write, (database) => printStatus(database, write));
    case 'create': {
      const files = await createMigration(argument ?? '');
      return files.forEach((file) => write(`Wrote ${path.relative('.', file)}`));
    }
    default:
      throw new OperatorError(`migrate has no command ${command === undefined ? 'given' : `"${command}"`}; write: ${usage}`);
  }
};
