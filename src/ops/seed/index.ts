import path from 'node:path';
import type pg from 'pg';
import type { Config } from '../../config/index.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import { errorCode, withClient } from '../../platform/postgres/client.ts';
import { openDatabase, prepareDatabase, type OpenDatabase } from '../../platform/postgres/open-database.ts';
import { startProgress, type Progress } from '../progress.ts';
import { organizationOf, type LookAlikeOrganization } from './look-alikes.ts';
import { help, readOptions, type SeedOptions } from './options.ts';
import { loadOrganization, type SeedKeys } from './organization.ts';
import { readSeedFile, seedFile, writeSeedFile, type SeededOrganization } from './seed-file.ts';
import { SEED_TABLES } from './tables.ts';

export type { SeedKeys } from './organization.ts';
export { readSeedFile, type SeededOrganization } from './seed-file.ts';

/** Somebody asked the command to end before it was done. */
export class InterruptedError extends OperatorError {
  override readonly name = 'InterruptedError';
}

type SeedConfig = Pick<Config, 'database' | 'dataDir'>;

/**
 * The command `seed`: organizations that look alive, in any number. Run again it adds what is missing.
 *
 * @param argv the words after the command's name.
 * @param keysOf how API keys are made; called once there is something to be made.
 * @param output takes lines for the person.
 * @throws OperatorError with one line; InterruptedError after SIGINT or SIGTERM.
 */
export async function runSeed(
  argv: readonly string[],
  config: SeedConfig,
  keysOf: () => SeedKeys,
  output: NodeJS.WriteStream = process.stdout,
): Promise<void> {
  const write = (line: string): void => void output.write(`${line}\n`);
  const options = readOptions(argv);
  if (options === null) return write(help);
  const interrupted = onInterrupt();
  const database = await openDatabase(config, { log: write, purpose: 'seed', whenHeld: 'join' });
  try {
    for (const name of await prepareDatabase(database)) write(`Applied migration ${name}`);
    const made = await seed({ options, database, keys: keysOf(), dataDir: config.dataDir, interrupted: interrupted.signal, output });
    if (made) await gatherStatistics(database, write);
    write(`${options.organizations} organizations are there; their API keys are in ${path.relative('.', seedFile(config.dataDir))}.`);
  } finally {
    interrupted.dispose();
    await database.stop();
  }
}

/** The first signal ends the command at the next portion, so that an embedded database is stopped; a second one at once. */
function onInterrupt(): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const abort = (): void => controller.abort();
  for (const name of signals) process.once(name, abort);
  return {
    signal: controller.signal,
    dispose: () => signals.forEach((name) => process.off(name, abort)),
  };
}

interface Seeding {
  readonly options: SeedOptions;
  readonly database: OpenDatabase;
  readonly keys: SeedKeys;
  readonly dataDir: string;
  readonly interrupted: AbortSignal;
  readonly output: NodeJS.WriteStream;
}

/** Loads all organizations, one transaction each. Answers whether anything was made. */
async function seed(seeding: Seeding): Promise<boolean> {
  const { options, database, output } = seeding;
  const organizations = Array.from({ length: options.organizations }, (_, index) => organizationOf(index + 1));
  const secrets = ensureSecrets(seeding, organizations);
  const [total, unit] = options.workflows === 0 ? [organizations.length, 'organizations'] : [organizations.length * options.workflows, 'workflows'];
  const progress = startProgress({ total, unit, output });
  try {
    await withClient(database.runtimeUrl, async (client) => {
      for (const organization of organizations) await loadOne(client, seeding, organization, secrets.get(organization.slug)!, progress);
    });
    return progress.made > 0;
  } finally {
    progress.stop();
  }
}

/** Decides on all keys and writes them down before the first one is used: none that works is ever lost. */
function ensureSecrets({ dataDir, keys }: Seeding, organizations: readonly LookAlikeOrganization[]): Map<string, string> {
  const known = new Map(readSeedFile(dataDir).map((organization) => [organization.slug, organization]));
  for (const organization of organizations) {
    const { id, name, slug, members } = organization;
    if (known.has(slug)) continue;
    const entry: SeededOrganization = { name, slug, id: toGlobalId('Organization', id), ownerEmail: members[0]!.email, apiKey: keys.generate() };
    known.set(slug, entry);
  }
  const entries = [...known.values()];
  writeSeedFile(dataDir, entries.sort((a, b) => a.slug.localeCompare(b.slug, 'en', { numeric: true })));
  return new Map(entries.map(({ slug, apiKey }) => [slug, apiKey]));
}

async function loadOne(client: pg.Client, seeding: Seeding, organization: LookAlikeOrganization, secret: string, progress: Progress): Promise<void> {
  const { options, keys, interrupted } = seeding;
  const onWorkflows = (count: number, made: boolean): void => {
    if (interrupted.aborted) throw new InterruptedError('Stopped: what is complete is kept, and the same command carries on.');
    progress.add(count, made);
  };
  try {
    await loadOrganization(client, { organization, options, secret, keys, onWorkflows });
    if (options.workflows === 0) progress.add(1, true);
  } catch (error) {
    throw error instanceof OperatorError ? error : explained(organization.slug, error);
  }
}

/** What can stop a seed that was begun, in one line. */
function explained(slug: string, error: unknown): unknown {
  switch (errorCode(error)) {
    case undefined:
      return error;
    case '23505':
      return new OperatorError(`An organization with the name or slug of ${slug} is there and is not of the seed: rename it, or delete it.`, { cause: error });
    case '42501':
      return new OperatorError('The role of DATABASE_URL may not make temporary tables: grant it TEMPORARY on the database.', { cause: error });
    case '53100':
      return new OperatorError('The disk of the database is full: free some space, and run the same command again.', { cause: error });
    default:
      return new OperatorError(`Loading ${slug} failed (${(error as Error).message}): run the same command again to carry on.`, { cause: error });
  }
}

/** Fresh statistics and a tidy table make the first queries as fast as later ones. Only the owner may do that. */
async function gatherStatistics({ ownerUrl }: OpenDatabase, write: (line: string) => void): Promise<void> {
  if (ownerUrl === undefined) {
    return write('The statistics were left to the server (autovacuum): with MIGRATION_DATABASE_URL set they are fresh at once.');
  }
  const tables = ['iam.organizations', 'iam.users', 'iam.memberships', 'iam.api_keys', ...SEED_TABLES.map(({ name }) => name)];
  await withClient(ownerUrl, (client) => client.query(`VACUUM (ANALYZE) ${tables.join(', ')}`));
}
