import type pg from 'pg';
import { OperatorError } from '../../kernel/operator-error.ts';
import { withClient } from './client.ts';
import { compareWithLedger, definerRole, type MigrationFiles, platformRole, readLedger } from './migrations/index.ts';

/** The PostgreSQL schemas whose objects the runtime role must not own. */
const productSchemas = ['app', 'app_meta', 'credentials', 'events', 'iam', 'platform', 'workflow'];

const leastVersion = 18;

/** Their members read, write or run files of the server, which is as good as being a superuser. */
const serverFileRoles = ['pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'];

interface RoleFacts {
  readonly login: string;
  readonly serverVersion: string;
  readonly serverVersionNumber: number;
  readonly superuser: boolean;
  readonly bypassesRowSecurity: boolean;
  readonly createsRoles: boolean;
  readonly replicates: boolean;
}

const roleQuery = `
  SELECT session_user AS "login",
         current_setting('server_version') AS "serverVersion",
         current_setting('server_version_num')::int AS "serverVersionNumber",
         rolsuper AS "superuser",
         rolbypassrls AS "bypassesRowSecurity",
         rolcreaterole AS "createsRoles",
         rolreplication AS "replicates"
    FROM pg_roles WHERE rolname = session_user`;

/** The roles that the login is a member of, by whatever way, and what makes one of them too strong. */
const membershipQuery = `
  SELECT r.rolname AS "role",
         CASE WHEN r.rolsuper THEN 'a superuser'
              WHEN r.rolbypassrls THEN 'one that bypasses row level security'
              WHEN r.rolcreaterole THEN 'one that makes roles'
              WHEN r.rolname = $1 THEN 'the owner of the lookup functions'
              WHEN r.rolname = $2 THEN 'the owner of the functions that look across organizations'
              ELSE 'one that reaches the server''s files' END AS "why"
    FROM pg_roles r
   WHERE r.rolname <> session_user AND pg_has_role(session_user, r.oid, 'MEMBER')
     AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolname IN ($1, $2) OR r.rolname = ANY ($3))
   ORDER BY r.rolsuper DESC, r.rolbypassrls DESC, r.rolcreaterole DESC, r.rolname LIMIT 1`;

/** An object that the login owns, itself or through a role that it is a member of: owners switch policies off. */
const ownedQuery = `
  WITH owned (kind, name, owner) AS (
    SELECT 'schema', nspname::text, nspowner FROM pg_namespace WHERE nspname = ANY ($1)
    UNION ALL
    SELECT 'relation', format('%I.%I', nspname, relname), relowner
      FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = ANY ($1)
    UNION ALL
    SELECT 'function', format('%I.%I', nspname, proname), proowner
      FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = ANY ($1)
    UNION ALL
    SELECT 'type', format('%I.%I', nspname, typname), typowner
      FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = ANY ($1) AND typcategory <> 'A'
    UNION ALL
    SELECT 'database', datname::text, datdba FROM pg_database WHERE datname = current_database())
  SELECT kind, name, pg_get_userbyid(owner) AS "owner" FROM owned
   WHERE pg_has_role(session_user, owner, 'MEMBER') ORDER BY kind, name LIMIT 1`;

const mend = 'use a role of its own, as "npm run migrate -- up" makes it from DATABASE_URL';

const refuseRole = (login: string, what: string): OperatorError =>
  new OperatorError(`The role ${login} of DATABASE_URL ${what}, so the database could not keep tenants apart: ${mend}.`);

const checkAttributes = (facts: RoleFacts): void => {
  if (facts.superuser) throw refuseRole(facts.login, 'is a superuser');
  if (facts.bypassesRowSecurity) throw refuseRole(facts.login, 'bypasses row level security (BYPASSRLS)');
  if (facts.createsRoles) throw refuseRole(facts.login, 'may make roles (CREATEROLE)');
  if (facts.replicates) throw refuseRole(facts.login, 'may replicate the whole server (REPLICATION)');
};

const checkRole = async (client: pg.Client): Promise<void> => {
  // A role is asking, so there is one.
  const facts = (await client.query<RoleFacts>(roleQuery)).rows[0]!;
  if (facts.serverVersionNumber < leastVersion * 10_000) {
    throw new OperatorError(
      `DATABASE_URL is a PostgreSQL ${facts.serverVersion}, and ${leastVersion} or later is needed: upgrade that server.`,
    );
  }
  checkAttributes(facts);
  const strong = (await client.query(membershipQuery, [definerRole, platformRole, serverFileRoles])).rows[0];
  if (strong !== undefined) throw refuseRole(facts.login, `is a member of ${strong.role}, ${strong.why}`);
  const owned = (await client.query(ownedQuery, [productSchemas])).rows[0];
  if (owned === undefined) return;
  const through = owned.owner === facts.login ? '' : ` as a member of ${owned.owner}`;
  throw refuseRole(facts.login, `owns the ${owned.kind} ${owned.name}${through}`);
};

/**
 * Refuses a server older than PostgreSQL 18, and a runtime role that row level security would not hold: superuser,
 * BYPASSRLS, CREATEROLE, REPLICATION, an owner of anything in the product's schemas, or a member of such a role.
 *
 * @throws OperatorError with one line.
 */
export const assertRuntimeRole = async (runtimeUrl: string): Promise<void> => withClient(runtimeUrl, checkRole);

/**
 * The name of the database, quoted for SQL, if the runtime role may make temporary objects there. It needs none, and
 * PostgreSQL gives that right to everybody. No function takes anything from them, so it is one wall less and no reason to refuse.
 */
export const findTemporaryRight = async (runtimeUrl: string): Promise<string | undefined> =>
  withClient(runtimeUrl, async (client) => {
    const sql = `SELECT quote_ident(current_database()) AS name WHERE has_database_privilege(session_user, current_database(), 'TEMPORARY')`;
    return (await client.query<{ name: string }>(sql)).rows[0]?.name;
  });

/**
 * Refuses a database that is not exactly at these migrations; works with the runtime role.
 *
 * @throws OperatorError that names what is pending, unknown or edited.
 */
export const assertMigrated = async (url: string, files: readonly MigrationFiles[]): Promise<void> => {
  const statuses = compareWithLedger(files, await withClient(url, readLedger));
  const named = (state: string): string[] => statuses.filter((status) => status.state === state).map(({ name }) => name);
  const [missing, edited, pending] = [named('missing'), named('edited'), named('pending')];
  if (missing.length > 0) {
    throw new OperatorError(
      `The database has migrations that this version does not know (${missing.join(', ')}): ` +
        'start the version that made them, or take them back with that version\'s "npm run migrate -- down".',
    );
  }
  if (edited.length > 0) {
    throw new OperatorError(`Migrations were edited after they were applied (${edited.join(', ')}): restore their files.`);
  }
  if (pending.length > 0) {
    throw new OperatorError(
      `The database lacks ${pending.length} migration${pending.length === 1 ? '' : 's'} (${pending.join(', ')}): ` +
        'run "npm run migrate -- up" with MIGRATION_DATABASE_URL set to the owner role.',
    );
  }
};
