import type pg from 'pg';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { errorCode } from '../client.ts';
import type { MigrationFiles } from './files.ts';
import { runtimeGroup } from './roles.ts';

/** The schema of the bookkeeping; it stays when every migration is taken back. */
export const ledgerSchema = 'app_meta';

/** What was applied, with the checksums that its files had then. */
export interface LedgerEntry {
  readonly name: string;
  readonly upSha256: string;
  readonly downSha256: string;
  readonly appliedAt: Date;
}

/** Makes the bookkeeping as the owner; the runtime role may read it, so that a server can check what it starts on. */
export const ensureLedger = async (client: pg.Client): Promise<void> => {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS ${ledgerSchema};
    CREATE TABLE IF NOT EXISTS ${ledgerSchema}.migration_files (
      name text PRIMARY KEY,
      up_sha256 text NOT NULL,
      down_sha256 text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    GRANT USAGE ON SCHEMA ${ledgerSchema} TO ${runtimeGroup};
    GRANT SELECT ON ${ledgerSchema}.migration_files TO ${runtimeGroup};`);
};

/** What was applied, in order; nothing when there is no bookkeeping yet. */
export const readLedger = async (client: Pick<pg.Client, 'query'>): Promise<LedgerEntry[]> => {
  try {
    const { rows } = await client.query<LedgerEntry>(`
      SELECT name, up_sha256 AS "upSha256", down_sha256 AS "downSha256", applied_at AS "appliedAt"
        FROM ${ledgerSchema}.migration_files ORDER BY name COLLATE "C"`);
    return rows;
  } catch (error) {
    if (['42P01', '3F000'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
};

/** The statements that keep the books, run in the migration's own transaction. Names and checksums need no escaping. */
export const ledgerSql = (files: MigrationFiles) => ({
  applied: `INSERT INTO ${ledgerSchema}.migration_files (name, up_sha256, down_sha256)
            VALUES ('${files.name}', '${files.upSha256}', '${files.downSha256}');`,
  reverted: `DELETE FROM ${ledgerSchema}.migration_files WHERE name = '${files.name}';`,
});

export type MigrationState = 'applied' | 'pending' | 'edited' | 'missing';

/** Where one migration stands: `edited` after it was applied, `missing` from the files although it was applied. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: MigrationState;
  readonly appliedAt: Date | undefined;
}

const isEdited = (files: MigrationFiles, entry: LedgerEntry): boolean =>
  files.upSha256 !== entry.upSha256 || files.downSha256 !== entry.downSha256;

/** Compares files with what was applied, in order of the names. */
export const compareWithLedger = (
  files: readonly MigrationFiles[],
  ledger: readonly LedgerEntry[],
): MigrationStatus[] => {
  const applied = new Map(ledger.map((entry) => [entry.name, entry]));
  const known = new Set(files.map(({ name }) => name));
  const statuses = files.map((file): MigrationStatus => {
    const entry = applied.get(file.name);
    if (entry === undefined) return { name: file.name, state: 'pending', appliedAt: undefined };
    return { name: file.name, state: isEdited(file, entry) ? 'edited' : 'applied', appliedAt: entry.appliedAt };
  });
  const missing = ledger
    .filter(({ name }) => !known.has(name))
    .map(({ name, appliedAt }): MigrationStatus => ({ name, state: 'missing', appliedAt }));
  return [...statuses, ...missing].sort((left, right) => (left.name < right.name ? -1 : 1));
};

/**
 * Refuses to go on from a database that these files did not make. Numbers have no gap, so a migration that was put
 * before an applied one shows as well: the applied one's file has another name then.
 *
 * @throws OperatorError naming the first migration that was edited or is missing.
 */
export const assertConsistent = (statuses: readonly MigrationStatus[]): void => {
  for (const { name, state } of statuses) {
    if (state === 'missing') {
      throw new OperatorError(`Migration ${name} is applied but its files are missing: restore them (an older checkout?).`);
    }
    if (state === 'edited') {
      throw new OperatorError(
        `Migration ${name} was edited after it was applied: restore its files, and make the change in a new migration.`,
      );
    }
  }
};
