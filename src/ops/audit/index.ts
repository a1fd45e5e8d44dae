import { stat } from 'node:fs/promises';
import type { Config } from '../../config/index.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import { type ChainCheck, checkFile, type FileReport, type KeyRing, openKeyRing, readHash } from '../../platform/chain/index.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import { startProgress } from '../seed/progress.ts';
import { withTenants } from '../tenants.ts';
import { findLogs, type KnownLog } from './logs.ts';
import { help, readOptions, type VerifyOptions } from './options.ts';
import { type LogReport, verifyLog } from './verify-log.ts';

type VerifyConfig = Pick<Config, 'audit' | 'database' | 'dataDir' | 'secretKey'>;

/** Where the command writes: what was found on the first, how far it is on the second. */
export interface VerifyOutput {
  readonly out: Pick<NodeJS.WriteStream, 'write'>;
  readonly progress: NodeJS.WriteStream;
}

const grouped = (value: number): string => value.toLocaleString('en-US');

/**
 * The command `audit:verify`. Answers whether nothing is wrong.
 *
 * @throws OperatorError with one line when it could not be verified.
 */
export async function runVerify(argv: readonly string[], config: VerifyConfig, output: VerifyOutput): Promise<boolean> {
  const write = (line: string): void => void output.out.write(`${line}\n`);
  const options = readOptions(argv);
  if (options === null) {
    write(help);
    return true;
  }
  const keys = openKeyRing(config);
  if (options.keys) {
    for (const { keyId, publicKey } of keys.publicKeys) write(`${keyId}  ${publicKey}${keyId === keys.keyId ? '  (signs now)' : ''}`);
    return true;
  }
  const file = options.file === undefined ? undefined : await verifyFile(options.file, keys, output, write);
  if (file && options.organization === undefined) return file.check.found === 0;
  return verifyLogs(config, options, keys, file, output, write);
}

type Write = (line: string) => void;

async function verifyFile(file: string, keys: KeyRing, { progress: stream }: VerifyOutput, write: Write): Promise<FileReport> {
  const { size } = await stat(file).catch((error: unknown) => {
    throw new OperatorError(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): mend its name.`);
  });
  const progress = startProgress({ total: size, unit: 'bytes', output: stream });
  try {
    const report = await checkFile(file, keys, (count) => progress.add(count, true));
    if (!report) throw new OperatorError(`The file ${file} is no export and no archive of a log: its first line says what it is, and this one does not.`);
    const { check, after, organization } = report;
    tell(write, file, check, `${events(check, after)} of the organization ${organization}, signed up to position ${grouped(check.signedThrough)}`);
    return report;
  } finally {
    progress.stop();
  }
}

async function verifyLogs(
  config: VerifyConfig,
  options: VerifyOptions,
  keys: KeyRing,
  file: FileReport | undefined,
  output: VerifyOutput,
  write: Write,
): Promise<boolean> {
  const database = await openDatabase(config, { log: write, purpose: 'verify', whenHeld: 'join' });
  try {
    const logs = await findLogs(database, options.organization);
    return await withTenants(database, async ({ db, asOrganization }) => {
      let found = file?.check.found ?? 0;
      for (const log of logs) {
        found += await asOrganization(log.orgId, async () => {
          const check = file ? await compare(db, log, file) : undefined;
          const report = await verifyOne({ log, options, keys, output, db });
          for (const message of check ?? []) report.check.find(file!.check.position, message);
          tell(write, log.name, report.check, summary(report));
          return report.check.found;
        });
      }
      if (logs.length === 0) write('There are no events yet.');
      return found === 0;
    });
  } finally {
    await database.stop();
  }
}

interface One {
  readonly log: KnownLog;
  readonly options: VerifyOptions;
  readonly keys: KeyRing;
  readonly output: VerifyOutput;
  readonly db: Parameters<typeof verifyLog>[0]['db'];
}

async function verifyOne({ log, options, keys, output, db }: One): Promise<LogReport> {
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    const report = await verifyLog({
      db,
      keys,
      orgId: log.orgId,
      sinceCheckpoint: options.sinceCheckpoint,
      onTotal: (total) => {
        if (total > 0) progress = startProgress({ total, unit: `events of ${log.name}`, output: output.progress });
      },
      onEvents: (count) => progress?.add(count, true),
    });
    const { check } = report;
    if (options.strict && check.signedThrough < check.position) {
      check.find(check.signedThrough + 1, `what comes after position ${check.signedThrough} is not signed`);
    }
    return report;
  } finally {
    progress?.stop();
  }
}

/** Whether the log has, where the file ends, what the file has there. */
async function compare(db: One['db'], { orgId }: KnownLog, { check, organization }: FileReport): Promise<string[]> {
  if (organization !== orgId) return [`the file is of the organization ${organization}, and this log of ${orgId}`];
  const hash = await readHash(db, check.position);
  if (hash === check.hash) return [];
  const archived = await db.eventArchive.findFirst({ where: { position: { gte: BigInt(check.position) } } });
  if (hash === null && archived) return [];
  return [`the file and the log differ at or before position ${check.position}: one of them was changed`];
}

function events({ position, events: count }: ChainCheck, after: number): string {
  if (count === 0) return `no events after position ${grouped(after)}`;
  return `${grouped(count)} events from position ${grouped(after + 1)} to ${grouped(position)}`;
}

function summary({ check, after, last }: LogReport): string {
  const unsigned = check.position - check.signedThrough;
  const signed = last ? `signed up to position ${grouped(check.signedThrough)} (${last.statement.signedAt})` : 'never signed';
  return `${events(check, after)}, ${signed}${unsigned > 0 && last ? `, ${grouped(unsigned)} not yet` : ''}`;
}

function tell(write: Write, name: string, check: ChainCheck, what: string): void {
  write(`${name}: ${check.found === 0 ? 'whole' : 'BROKEN'}: ${what}.`);
  for (const { message } of check.findings) write(`  ${message}`);
  if (check.found > check.findings.length) write(`  and ${grouped(check.found - check.findings.length)} more`);
}
