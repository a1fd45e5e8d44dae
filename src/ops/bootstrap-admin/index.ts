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
    const former = await withClient(ownerUrl, (client) => inTransaction(client, () => appoint(client, options, passwordHash, tools)));
    write(`${options.email} is an administrator of the platform.`);
    if (former !== null) {
      write(`There was such an identity: it has the new password, its open sessions have ended (${former.sessions}), and links and sign-ins under way are void (${former.tokens}).`);
    }
    write(
      former?.hasSecondFactor
        ? 'Its second factor was left as it is: signing in asks for it.'
        : 'It has no second factor. Sign in, and set one up: who has this password has every organization.',
    );
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

/** What an identity had that was there before. */
interface Former {
  /** How many were open, and are ended. */
  readonly sessions: number;
  /** How many mailed links and half sign-ins would have worked, and are void. */
  readonly tokens: number;
  readonly hasSecondFactor: boolean;
}

/** The right, the password, the end of what was open, and the event that tells of them: all or none. Null for a new identity. */
async function appoint(client: Client, options: BootstrapOptions, passwordHash: string, tools: BootstrapTools): Promise<Former | null> {
  const { email, name, force } = options;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK]);
  await requireFirst(client, options);
  const { rows } = await client.query<{ id: string; isKnown: boolean }>(
    `INSERT INTO iam.users AS u (email, name, password_hash, email_verified_at, system_role) VALUES ($1, $2, $3, now(), 'super_admin')
     ON CONFLICT (email) WHERE status <> 'deleted' DO UPDATE
       SET name = coalesce(excluded.name, u.name), password_hash = excluded.password_hash, system_role = 'super_admin',
           email_verified_at = coalesce(u.email_verified_at, now())
       WHERE u.status = 'active'
     RETURNING u.id, old.id IS NOT NULL AS "isKnown"`,
    [email, name, passwordHash],
  );
  const [appointed] = rows;
  if (appointed === undefined) throw new OperatorError(`The identity of ${email} is suspended: take another address.`);
  const former = appointed.isKnown ? await shutOut(client, appointed.id) : null;
  await record(client, tools, { userId: appointed.id, force });
  return former;
}

/**
 * Whoever has had the identity so far keeps no way in: an open session would act for the platform from now on, and a link
 * that is under way would replace the password. Done as the role of the functions, which alone sees what opens doors.
 */
async function shutOut(client: Client, userId: string): Promise<Former> {
  await client.query(`SET LOCAL ROLE ${definerRole}`);
  const { rowCount: sessions } = await client.query('UPDATE iam.sessions SET ended_at = now() WHERE user_id = $1 AND ended_at IS NULL', [userId]);
  const { rowCount: tokens } = await client.query('UPDATE credentials.tokens SET used_at = now() WHERE user_id = $1 AND used_at IS NULL', [userId]);
  const { rows } = await client.query('SELECT 1 FROM credentials.second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL', [userId]);
  await client.query('RESET ROLE');
  return { sessions: sessions ?? 0, tokens: tokens ?? 0, hasSecondFactor: rows.length > 0 };
}

/** Writes it down as the role that appends events: the owner of the database has no way into a log. */
async function record(client: Client, { eventType, systemOrgId }: BootstrapTools, data: object): Promise<void> {
  const event = { type: eventType, data, metadata: {}, tags: [], actorKind: 'system', source: 'cli' };
  await client.query(`SELECT set_config('app.current_org_id', $1, true)`, [systemOrgId]);
  await client.query(`SET LOCAL ROLE ${definerRole}`);
  await client.query('SELECT events.append_each($1)', [JSON.stringify([{ events: [event], query: null, after: 0 }])]);
  await client.query('RESET ROLE');
}
