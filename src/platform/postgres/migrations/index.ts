export { type MigrationFiles, migrationsDir, readMigrationFiles } from './files.ts';
export { compareWithLedger, type MigrationState, type MigrationStatus, readLedger } from './ledger.ts';
export { definerRole, ensureRoles, platformRole, runtimeGroup } from './roles.ts';
export { createMigration, createMigrator, type Migrator, type MigratorOptions } from './runner.ts';
