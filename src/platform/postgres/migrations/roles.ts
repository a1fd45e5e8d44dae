import pg from 'pg';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { errorCode, inTransaction, userOf, withClient } from '../client.ts';
import { scramVerifier } from '../scram.ts';

/** The group that every right of the running product is granted to. */
export const runtimeGroup = 'tenantry_runtime';
/** Owns the few functions that look before the tenant is known. */
export const definerRole = 'tenantry_definer';
/** Owns the few functions that count across organizations for the operators of the platform. */
export const platformRole = 'tenantry_platform';

/** They own functions and nothing else: nobody signs in as one of them. */
const functionOwners = [definerRole, platformRole];
/** None of these may be stronger than a role that row level security holds. */
const heldRoles = [runtimeGroup, ...functionOwners];

const facts = `
  SELECT me.rolsuper AS "superuser",
         EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text) AS "group",
         ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($2::text[])) AS "owners",
         EXISTS (SELECT FROM pg_roles WHERE rolname = $3) AS "login",
         EXISTS (SELECT FROM pg_roles WHERE rolname = ANY ($2::text[] || $1::text) AND (rolsuper OR rolbypassrls OR rolcanlogin)) AS "tooStrong",
         EXISTS (SELECT FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
                  WHERE r.rolname = $1::text AND m.rolname = $3) AS "loginInGroup",
         ARRAY(SELECT r.rolname::text FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid
                  WHERE r.rolname = ANY ($2::text[]) AND member = me.oid AND set_option) AS "ownerMaySet"
    FROM pg_roles me WHERE me.rolname = current_user`;

interface Step {
  readonly sql: string;
  /** The same statement for a person, with a blank for the password. */
  readonly shown: string;
}

interface Logins {
  readonly owner: string;
  readonly runtime: string;
  readonly runtimePassword: string;
}

const createLogin = ({ runtime, runtimePassword }: Logins): Step => {
  const start = `CREATE ROLE ${pg.escapeIdentifier(runtime)} LOGIN PASSWORD`;
  return { sql: `${start} ${pg.escapeLiteral(scramVerifier(runtimePassword))}`, shown: `${start} '...'` };
};

/** The statements that are still to be run, in their order. */
const planSteps = async (client: pg.Client, logins: Logins): Promise<Step[]> => {
  const { rows } = await client.query(facts, [runtimeGroup, functionOwners, logins.runtime]);
  const found = rows[0];
  if (found.tooStrong) {
    const cure = heldRoles.map((role) => `ALTER ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS;`).join(' ');
    throw new OperatorError(
      `${heldRoles.join(' or ')} may sign in, is a superuser or bypasses row level security: as a superuser run "${cure}".`,
    );
  }
  const owner = pg.escapeIdentifier(logins.owner);
  const runtime = pg.escapeIdentifier(logins.runtime);
  const plain = (needed: boolean, sql: string): Step[] => (needed ? [{ sql, shown: sql }] : []);
  return [
    ...plain(!found.group, `CREATE ROLE ${runtimeGroup} NOLOGIN`),
    ...functionOwners.flatMap((role) => [
      ...plain(!found.owners.includes(role), `CREATE ROLE ${role} NOLOGIN`),
      // SET lets migrations give functions to the role; INHERIT would give its policies to the owner.
      ...plain(
        !found.superuser && !found.ownerMaySet.includes(role),
        `GRANT ${role} TO ${owner} WITH SET TRUE, INHERIT FALSE`,
      ),
    ]),
    ...(found.login ? [] : [createLogin(logins)]),
    ...plain(!found.loginInGroup, `GRANT ${runtimeGroup} TO ${runtime}`),
  ];
};

const deniedError = (logins: Logins, steps: readonly Step[], cause: unknown): OperatorError => {
  const statements = steps.map(({ shown }) => `${shown};`).join(' ');
  return new OperatorError(
    `The role ${logins.owner} of MIGRATION_DATABASE_URL may not set up the other roles: ` +
      `give it CREATEROLE, or run as a superuser "${statements}".`,
    { cause },
  );
};

const applyOnce = async (client: pg.Client, logins: Logins): Promise<void> =>
  inTransaction(client, async () => {
    const steps = await planSteps(client, logins);
    try {
      for (const { sql } of steps) await client.query(sql);
    } catch (error) {
      throw errorCode(error) === '42501' ? deniedError(logins, steps, error) : error;
    }
  });

/** Roles are the cluster's, so no lock of a database holds them: what fails like this was done by a quicker runner. */
const overtaken = ['42710', '23505', 'XX000'];

const loginsOf = (ownerUrl: string, runtimeUrl: string): Logins => {
  const logins = {
    owner: userOf(ownerUrl),
    runtime: userOf(runtimeUrl),
    runtimePassword: decodeURIComponent(new URL(runtimeUrl).password),
  };
  if (logins.owner === logins.runtime) {
    throw new OperatorError(
      `DATABASE_URL and MIGRATION_DATABASE_URL name the same role ${logins.owner}: ` +
        'the server needs one of its own that owns nothing; name another in DATABASE_URL and it is created.',
    );
  }
  return logins;
};

/**
 * Makes the cluster's roles as the owner where they are missing: the runtime group, the owners of functions and the login
 * role named in `runtimeUrl` (with the password there). What exists is left as it is.
 *
 * @throws OperatorError with the SQL to run when the owner may not, or when a role is stronger than it must be.
 */
export const ensureRoles = async (ownerUrl: string, runtimeUrl: string): Promise<void> => {
  const logins = loginsOf(ownerUrl, runtimeUrl);
  await withClient(ownerUrl, async (client) => {
    for (let left = 3; ; left -= 1) {
      try {
        return await applyOnce(client, logins);
      } catch (error) {
        if (left === 0 || !overtaken.includes(errorCode(error) ?? '')) throw error;
      }
    }
  });
};
