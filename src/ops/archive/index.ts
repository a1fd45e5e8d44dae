import type { Config } from '../../config/index.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import {
  type Archive,
  beginLine,
  BrokenChainError,
  checkFile,
  type ChainStart,
  endLine,
  eventLine,
  FIRST_HASH,
  type KeyRing,
  openKeyRing,
  readHash,
  readLastArchive,
  type Signed,
  signedLine,
  signLog,
  signStatement,
  verifyStatement,
  walkChain,
} from '../../platform/chain/index.ts';
import { errorCode, inTransaction, withClient } from '../../platform/postgres/client.ts';
import { readMigrationFiles } from '../../platform/postgres/migrations/index.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import { assertMigrated } from '../../platform/postgres/startup-checks.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { findLogs } from '../audit/logs.ts';
import { withTenants } from '../tenants.ts';
import { type ArchiveOptions, help, readOptions } from './options.ts';
import { writeFile, type Written } from './write-file.ts';

type ArchiveConfig = Pick<Config, 'audit' | 'database' | 'dataDir' | 'secretKey'>;
type Write = (line: string) => void;

/**
 * The command `events:archive`.
 *
 * @param write takes lines for the person.
 * @throws OperatorError with one line; then nothing was taken away.
 */
export async function runArchive(argv: readonly string[], config: ArchiveConfig, write: Write): Promise<void> {
  const options = readOptions(argv);
  if (options === null) return write(help);
  const database = await openDatabase(config, { log: write, purpose: 'archive', whenHeld: 'join', whenMissing: 'refuse' });
  try {
    const keys = openKeyRing(config);
    const { ownerUrl } = database;
    if (ownerUrl === undefined) throw new OperatorError('MIGRATION_DATABASE_URL is missing: set it to the address of the role that owns the database.');
    await assertMigrated(database.runtimeUrl, await readMigrationFiles());
    const [log] = await findLogs(database, options.organization);
    await withTenants(database, ({ db, asOrganization }) =>
      asOrganization(log!.orgId, () => archive({ db, keys, ownerUrl, orgId: log!.orgId, options, write })),
    );
  } finally {
    await database.stop();
  }
}

interface Task {
  readonly db: TenantClient;
  readonly keys: KeyRing;
  readonly ownerUrl: string;
  readonly orgId: string;
  readonly options: ArchiveOptions;
  readonly write: Write;
}

async function archive(task: Task): Promise<void> {
  const { db, keys, orgId, options, write } = task;
  const start = await startOf(task);
  const last = await lastBefore(db, options.before);
  if (last === null || last <= start.position) {
    return write(`Nothing of ${options.organization} was recorded before ${options.before.toISOString()}: nothing was archived.`);
  }
  await requireConsumed(db, last);
  await sign(task, last);
  const written = await writeFile(options.file, linesOf(task, start, last), (draft, sent) => verify(draft, sent, keys, last));
  const count = last - start.position;
  const told = `${count.toLocaleString('en-US')} events, from position ${start.position + 1} to ${last}, are in ${options.file}`;
  if (options.dryRun) return write(`${told}. Nothing was taken away.`);
  const hash = (await readHash(db, last)) ?? '';
  const record = signStatement<Archive>(keys, {
    kind: 'archive',
    organization: orgId,
    position: last,
    hash,
    ...written,
    signedAt: new Date().toISOString(),
  });
  await takeAway(task, record);
  write(`${told} and no longer in the log. SHA-256 ${written.checksum}. Keep the file: what it holds is nowhere else.`);
}

/** Where the log goes on from now: after what was archived before, if that was signed. */
async function startOf({ db, keys, orgId }: Task): Promise<ChainStart> {
  const before = await readLastArchive(db);
  if (before === null) return { organization: orgId, position: 0, hash: FIRST_HASH };
  if (verifyStatement(keys, before) === 'right') return { organization: orgId, position: before.statement.position, hash: before.statement.hash };
  throw new OperatorError(`The record of the archive up to position ${before.statement.position} is not validly signed: run "npm run audit:verify" to see what is wrong.`);
}

/** The last position whose event was recorded before a time; times never go back along the log. */
async function lastBefore(db: TenantClient, before: Date): Promise<number | null> {
  const event = await db.event.findFirst({
    where: { createdAt: { lt: before } },
    orderBy: [{ createdAt: 'desc' }, { position: 'desc' }],
    select: { position: true },
  });
  return event && Number(event.position);
}

/** What a consumer has not seen yet must not go. */
async function requireConsumed(db: TenantClient, through: number): Promise<void> {
  const behind = await db.processingMark.findFirst({ where: { position: { lt: BigInt(through) } }, orderBy: { position: 'asc' } });
  if (behind === null) return;
  throw new OperatorError(
    `The consumer "${behind.consumer}" has come to position ${behind.position} and would miss events up to ${through}: ` +
      'let it catch up, or archive with an earlier --before.',
  );
}

async function sign({ db, keys }: Task, through: number): Promise<void> {
  try {
    await signLog({ db, keys, now: () => new Date() }, through);
  } catch (error) {
    if (error instanceof BrokenChainError) throw new OperatorError(error.message, { cause: error });
    throw error;
  }
}

async function* linesOf({ db, keys, orgId }: Task, start: ChainStart, through: number): AsyncGenerator<string, void> {
  yield beginLine({ organization: orgId, after: start.position, hash: start.hash });
  let { position, hash } = start;
  for await (const item of walkChain(db, { after: start.position, through })) {
    if (item.kind === 'event') ({ position, hash } = item.event);
    yield item.kind === 'event' ? eventLine(hash, item.event.body) : signedLine(item.signed);
  }
  yield endLine({ position, hash, keys: keys.publicKeys });
}

/** Reads the file once more, as whoever gets it would; what is recorded of it is what came back. */
async function verify(draft: string, sent: Written, keys: KeyRing, through: number): Promise<void> {
  const report = await checkFile(draft, keys);
  const isAsSent = report?.checksum === sent.checksum && report.bytes === sent.bytes && report.check.position === through;
  const finding = report?.check.findings[0]?.message ?? (isAsSent ? undefined : 'what was read is not what was written');
  if (finding !== undefined) throw new OperatorError(`The archive is not what it should be, and nothing was taken away: ${finding}. Run "npm run audit:verify".`);
}

/** The record, the removal, and the event that tells of them: all or none. */
async function takeAway({ ownerUrl, orgId }: Task, { statement, signature }: Signed<Archive>): Promise<void> {
  const { position, hash, checksum, bytes, keyId, signedAt } = statement;
  await withClient(ownerUrl, (client) =>
    inTransaction(client, async () => {
      await client.query(`SELECT set_config('app.current_org_id', $1, true), set_config('statement_timeout', '0', true)`, [orgId]);
      await client.query('SELECT events.archive($1, $2, $3, $4, $5, $6, $7)', [
        position,
        Buffer.from(hash, 'hex'),
        Buffer.from(checksum, 'hex'),
        bytes,
        keyId,
        Buffer.from(signature),
        signedAt,
      ]);
    }),
  ).catch((error: unknown) => {
    if (errorCode(error) !== 'DCB02' && errorCode(error) !== '23505') throw error;
    throw new OperatorError(`The log has changed while its archive was written (${(error as Error).message}): nothing was taken away, run the command again with another file.`, { cause: error });
  });
}
