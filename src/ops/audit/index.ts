import type { Config } from '../../config/index.ts';
import { type FileReport, type KeyRing, openKeyRing } from '../../platform/chain/index.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { startProgress } from '../progress.ts';
import { withTenants } from '../tenants.ts';
import { compareFile, compareHash } from './compare.ts';
import { findLogs, type KnownLog } from './logs.ts';
import { help, readOptions, type VerifyOptions } from './options.ts';
import { describeLog, tell, type Write } from './report.ts';
import { verifyFile } from './verify-file.ts';
import { type LogReport, verifyLog } from './verify-log.ts';
import { verifySchema } from './verify-schema.ts';

type VerifyConfig = Pick<Config, 'audit' | 'database' | 'dataDir' | 'secretKey'>;

/** Where the command writes: what was found on the first, how far it is on the second. */
export interface VerifyOutput {
  readonly out: Pick<NodeJS.WriteStream, 'write'>;
  readonly progress: NodeJS.WriteStream;
}

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
  const { progress } = output;
  const file = options.file === undefined ? undefined : await verifyFile(options.file, keys, progress, write);
  const found = file?.check.found ?? 0;
  if (file && options.organization === undefined) return found === 0;
  return found + (await verifyDatabase(config, { options, keys, file, progress, write })) === 0;
}

interface Task {
  readonly options: VerifyOptions;
  readonly keys: KeyRing;
  readonly file: FileReport | undefined;
  readonly progress: NodeJS.WriteStream;
  readonly write: Write;
}

/** How many faults there are in what guards the logs, and in the logs. */
async function verifyDatabase(config: VerifyConfig, task: Task): Promise<number> {
  const { options, write } = task;
  const database = await openDatabase(config, { log: write, purpose: 'verify', whenHeld: 'join', whenMissing: 'refuse' });
  try {
    // First: what the rest is asked by may be what was changed.
    const faults = await verifySchema(database);
    tell(write, 'the database', { findings: faults, found: faults.length }, 'its functions, triggers and policies of the log, as the migrations have them');
    const logs = await findLogs(database, options.organization);
    return await withTenants(database, async ({ db, asOrganization }) => {
      let found = faults.length;
      for (const log of logs) found += await asOrganization(log.orgId, () => verifyOne(db, log, task));
      if (logs.length === 0) write('There are no organizations yet.');
      return found;
    });
  } finally {
    await database.stop();
  }
}

async function verifyOne(db: TenantClient, log: KnownLog, task: Task): Promise<number> {
  const { options, keys, file, write } = task;
  const compared = file ? await compareFile(db, keys, log.orgId, file) : [];
  for (const known of options.known) compared.push(...(await compareHash(db, keys, known, 'the checkpoint that was kept')));
  const report = await readLog(db, log, task);
  const { check } = report;
  for (const message of compared) check.find(0, message);
  const isEmpty = check.position === 0 && check.found === 0;
  if (options.strict && isEmpty) check.find(0, 'there is no log: nothing was ever recorded, or all of it was taken away');
  else if (options.strict && check.signedThrough < check.position) {
    check.find(check.signedThrough + 1, `what comes after position ${check.signedThrough} is not signed`);
  }
  if (isEmpty && !options.strict) write(`${log.name}: NO LOG: nothing was ever recorded, or all of it was taken away; with --strict this is a fault.`);
  else tell(write, log.name, check, describeLog(report));
  return check.found;
}

async function readLog(db: TenantClient, { orgId, name }: KnownLog, { options, keys, progress: output }: Task): Promise<LogReport> {
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    return await verifyLog({
      db,
      keys,
      orgId,
      sinceCheckpoint: options.sinceCheckpoint,
      onTotal: (total) => {
        progress?.stop();
        if (total > 0) progress = startProgress({ total, unit: `events of ${name}`, output });
      },
      onEvents: (count) => progress?.add(count, true),
    });
  } finally {
    progress?.stop();
  }
}
