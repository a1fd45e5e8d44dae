import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../../../kernel/operator-error.ts';

/** One migration: `NNNN_name.up.sql` and `NNNN_name.down.sql`. */
export interface MigrationFiles {
  /** `NNNN_name`. */
  readonly name: string;
  readonly upSql: string;
  readonly downSql: string;
  /** Hexadecimal; line ends do not count, because a checkout may change them. */
  readonly upSha256: string;
  readonly downSha256: string;
}

/** The product's own migrations. */
export const migrationsDir = fileURLToPath(new URL('../../../../prisma/migrations/', import.meta.url));

const fileName = /^(\d{4}_[a-z][a-z0-9_]*)\.(up|down)\.sql$/;

// A file that ends the transaction itself would leave half a migration behind when a later statement fails.
const transactionControl = /^\s*(begin|commit|rollback|start)\s*(work|transaction)?\s*;/im;

const sha256 = (text: string): string => createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');

const checkText = (file: string, sql: string): void => {
  if (sql.trim() === '') throw new OperatorError(`Migration file ${file} is empty: write it, or remove the migration.`);
  const found = transactionControl.exec(sql.replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, ''));
  if (found === null) return;
  throw new OperatorError(
    `Migration file ${file} has "${found[0].trim()}": take it out, each migration runs in a transaction already.`,
  );
};

const readPair = async (dir: string, name: string): Promise<MigrationFiles> => {
  const read = async (direction: string): Promise<string> => {
    const file = `${name}.${direction}.sql`;
    const sql = await readFile(path.join(dir, file), 'utf8');
    checkText(file, sql);
    return sql;
  };
  const [upSql, downSql] = await Promise.all([read('up'), read('down')]);
  return { name, upSql, downSql, upSha256: sha256(upSql), downSha256: sha256(downSql) };
};

const checkPairs = (found: ReadonlySet<string>, names: readonly string[]): void => {
  for (const name of names) {
    for (const [direction, other] of [['up', 'down'], ['down', 'up']]) {
      if (found.has(`${name}.${direction}.sql`)) continue;
      throw new OperatorError(`Migration ${name}.${other}.sql has no ${name}.${direction}.sql: write it beside.`);
    }
  }
};

const checkNumbers = (names: readonly string[]): void => {
  for (const [index, name] of names.entries()) {
    const expected = String(index + 1).padStart(4, '0');
    if (name.startsWith(`${expected}_`)) continue;
    throw new OperatorError(`Migration ${name} is out of order: the next number is ${expected}, without gap or double.`);
  }
};

/**
 * Reads the migrations of a directory, in their order.
 *
 * @throws OperatorError for a name of another form, a half without its other half, a gap or a double in the numbers,
 * an empty file, and a file that ends the transaction.
 */
export const readMigrationFiles = async (dir: string = migrationsDir): Promise<MigrationFiles[]> => {
  const entries = (await readdir(dir)).filter((entry) => !entry.startsWith('.'));
  const names = new Set<string>();
  for (const entry of entries) {
    const name = fileName.exec(entry)?.[1];
    if (name === undefined) {
      throw new OperatorError(`${entry} is no migration: name it NNNN_words.up.sql or NNNN_words.down.sql.`);
    }
    names.add(name);
  }
  const sorted = [...names].sort();
  checkPairs(new Set(entries), sorted);
  checkNumbers(sorted);
  return Promise.all(sorted.map((name) => readPair(dir, name)));
};
