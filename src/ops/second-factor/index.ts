import type { Config } from '../../config/index.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import type { Sealing } from '../../platform/crypto/sealing.ts';
import { inTransaction, withClient } from '../../platform/postgres/client.ts';
import { readMigrationFiles } from '../../platform/postgres/migrations/index.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import { assertMigrated } from '../../platform/postgres/startup-checks.ts';
import { requireOwnerUrl } from '../definer.ts';
import { startProgress } from '../progress.ts';
import { help, readOptions } from './options.ts';
import { remove } from './remove.ts';
import { countOthers, reseal, type Resealed } from './reseal.ts';

type SecondFactorConfig = Pick<Config, 'database' | 'dataDir'>;

/** What is a matter of domains, which an operator's command may not know: so it is handed in. */
export interface SecondFactorTools {
  /** What this installation seals with; asked for once the database is there. */
  openSealing(): Sealing;
  /** What the secret of a person is sealed for. */
  contextOf(userId: string): string;
  /** Tells the person by mail that the factor is gone. @throws when the mail was not taken. */
  tell(email: string): Promise<void>;
  /** The type of the event that tells of a removal. */
  readonly eventType: string;
  /** Whose log it is written to: the platform's own organization. */
  readonly systemOrgId: string;
}

/** Where the command writes: what was done on the first, how far it is on the second. */
export interface SecondFactorOutput {
  readonly out: Pick<NodeJS.WriteStream, 'write'>;
  readonly progress: NodeJS.WriteStream;
}

/** What the two things that the command does need. */
interface Bench {
  readonly ownerUrl: string;
  readonly tools: SecondFactorTools;
  readonly progress: NodeJS.WriteStream;
  write(line: string): void;
}

/** How many addresses a line of refusal names. */
const NAMED_AT_MOST = 5;

/**
 * The command `second-factor`.
 *
 * @throws OperatorError with one line: no factor was taken away, or secrets are left that were not sealed.
 */
export async function runSecondFactor(argv: readonly string[], config: SecondFactorConfig, tools: SecondFactorTools, output: SecondFactorOutput): Promise<void> {
  const options = readOptions(argv);
  const write = (line: string): void => void output.out.write(`${line}\n`);
  if (options === null) return write(help);
  const database = await openDatabase(config, { log: write, purpose: 'second-factor', whenHeld: 'join', whenMissing: 'refuse' });
  try {
    const ownerUrl = requireOwnerUrl(database);
    await assertMigrated(database.runtimeUrl, await readMigrationFiles());
    const bench = { ownerUrl, tools, progress: output.progress, write };
    await (options.act === 'remove' ? runRemoval(options.email, bench) : runResealing(bench));
  } finally {
    await database.stop();
  }
}

async function runRemoval(email: string, { ownerUrl, tools, write }: Bench): Promise<void> {
  const { eventType, systemOrgId } = tools;
  const { sessions, challenges } = await withClient(ownerUrl, (client) => inTransaction(client, () => remove(client, { email, eventType, systemOrgId })));
  write(`The second factor of ${email} and its recovery codes are gone: signing in takes the password alone.`);
  write(`Open sessions that counted as having shown it do so no more (${sessions}), and sign-ins that waited for a code are void (${challenges}).`);
  // It is done: a mail that is not taken is no reason to say otherwise.
  await tools.tell(email).then(
    () => write(`${email} is told by mail.`),
    (error: unknown) => write(`The mail that tells ${email} of it could not be sent (${(error as Error).message}): tell the person.`),
  );
}

async function runResealing({ ownerUrl, tools, progress, write }: Bench): Promise<void> {
  const sealing = tools.openSealing();
  await withClient(ownerUrl, async (client) => {
    const before = await countOthers(client, sealing);
    const total = [...before].reduce((sum, [keyId, count]) => (sealing.keyIds.includes(keyId) ? sum + count : sum), 0);
    const shown = total > 0 ? startProgress({ total, unit: 'secrets', output: progress }) : null;
    const resealed = await reseal(client, { sealing, contextOf: tools.contextOf, onBatch: (looked) => shown?.add(looked, true) }).finally(() => shown?.stop());
    write(`Sealed ${resealed.sealed.toLocaleString('en-US')} with the key ${sealing.keyIds[0]}, which is the first.`);
    requireNoneLeft(await countOthers(client, sealing), sealing, resealed);
    write('No secret needs another key any more: what is behind the first in SECOND_FACTOR_KEYS can be taken out.');
  });
}

/** @throws OperatorError that says what is left, and why. */
function requireNoneLeft(others: ReadonlyMap<string, number>, { keyIds }: Sealing, { unreadable }: Resealed): void {
  const gone = [...others].filter(([keyId]) => !keyIds.includes(keyId)).map(([keyId, count]) => `${count} with ${keyId}`);
  if (gone.length > 0) {
    throw new OperatorError(`Secrets are sealed with keys that are not there (${gone.join(', ')}): put them back into SECOND_FACTOR_KEYS, behind the first, and run this again.`);
  }
  if (unreadable.length > 0) {
    const named = [...unreadable.slice(0, NAMED_AT_MOST), ...(unreadable.length > NAMED_AT_MOST ? ['...'] : [])].join(', ');
    throw new OperatorError(`${unreadable.length} do not open, because they were changed in the database (${named}): take those factors away, with "remove".`);
  }
  if (others.size > 0) throw new OperatorError('Servers have sealed more with another key meanwhile: restart every server with the new key, and run this again.');
}
