import type { Config } from '../../config/index.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import { inTransaction, withClient } from '../../platform/postgres/client.ts';
import { definerRole } from '../../platform/postgres/migrations/index.ts';
import { openDatabase, prepareDatabase } from '../../platform/postgres/open-database.ts';
import { askPassword, readPiped, type Terminal } from './ask-password.ts';
import { type BootstrapOptions, help, readOptions } from './options.ts';

type Client = Parameters<Parameters<typeof withClient>[1]>[0];
type BootstrapConfig = Pick<Config, 'database' | 'dataDir'>;

/** What is a matter of domains, which an operator's command may not know: so it is handed in. */
export interface BootstrapTools {
  /** @throws OperatorError that says what is wrong with the password. */
  checkPassword(password: string, owner: { readonly email: string; readonly name: string | null }): Promise<void>;
  hash(password: string): Promise<string>;
  /** The type of the event that tells of the appointment. */
  readonly eventType: string;
  /** Whose log it is written to: the platform's own organization. */
  readonly systemOrgId: string;
}

/** A word that nobody else locks: of several that run at once each sees what the others have done. */
const LOCK = 'tenantry bootstrap-admin';

/**
 * The command `bootstrap-admin`.
 *
 * @throws OperatorError with one line; then nobody was appointed.
 */
export async function runBootstrap(argv: readonly string[], config: BootstrapConfig, tools: BootstrapTools, { input, output }: Terminal): Promise<void> {
  const options = readOptions(argv);
  const write = (line: string): void => void output.write(`${line}\n`);
  if (options === null) return write(help);
  const database = await openDatabase(config, { log: write, purpose: 'bootstrap-admin', whenHeld: 'join' });
  try {
    const { ownerUrl } = database;
    if (ownerUrl === undefined) throw new OperatorError('MIGRATION_DATABASE_URL is missing: set it to the address of the role that owns the database.');
    await prepareDatabase(database);
    // Before anybody is asked for a password that would be of no use.
    await withClient(ownerUrl, (client) => requireFirst(client, options));
    const password = options.passwordFromStdin ? await readPiped(input) : await askPassword({ input, output });
    await tools.checkPassword(password, options);
    const passwordHash = await tools.hash(password);
    await withClient(ownerUrl, (client) => inTransaction(client, () => appoint(client, options, passwordHash, tools)));
    write(`${options.email} is an administrator of the platform. Sign in, and set up a second factor: who has this password has every organization.`);
  } finally {
    await database.stop();
  }
}

/** @throws OperatorError when there is an administrator and nobody insists. */
async function requireFirst(client: Client, { force }: BootstrapOptions): Promise<void> {
  if (force) return;
  const { rows } = await client.query(`SELECT 1 FROM iam.users WHERE system_role = 'super_admin' AND status <> 'deleted' LIMIT 1`);
  if (rows.length > 0) throw new OperatorError('There is an administrator of the platform already: give --force to make another one.');
}

/** The right, the password and the event that tells of them: all or none. */
async function appoint(client: Client, options: BootstrapOptions, passwordHash: string, tools: BootstrapTools): Promise<void> {
  const { email, name, force } = options;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK]);
  await requireFirst(client, options);
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO iam.users AS u (email, name, password_hash, email_verified_at, system_role) VALUES ($1, $2, $3, now(), 'super_admin')
     ON CONFLICT (email) WHERE status <> 'deleted' DO UPDATE
       SET name = coalesce(excluded.name, u.name), password_hash = excluded.password_hash, system_role = 'super_admin',
           email_verified_at = coalesce(u.email_verified_at, now())
       WHERE u.status = 'active'
     RETURNING id`,
    [email, name, passwordHash],
  );
  const [appointed] = rows;
  if (appointed === undefined) throw new OperatorError(`The identity of ${email} is suspended: take another address.`);
  await record(client, tools, { userId: appointed.id, force });
}

/** Writes it down as the role that appends events: the owner of the database has no way into a log. */
async function record(client: Client, { eventType, systemOrgId }: BootstrapTools, data: object): Promise<void> {
  const event = { type: eventType, data, metadata: {}, tags: [], actorKind: 'system', source: 'cli' };
  await client.query(`SELECT set_config('app.current_org_id', $1, true)`, [systemOrgId]);
  await client.query(`SET LOCAL ROLE ${definerRole}`);
  await client.query('SELECT events.append_each($1)', [JSON.stringify([{ events: [event], query: null, after: 0 }])]);
  await client.query('RESET ROLE');
}
