import { OperatorError } from '../../kernel/operator-error.ts';
import { asDefiner, type Client, record } from '../definer.ts';
import { type Former, lockOperators, shutOut } from './operators.ts';
import type { AppointOptions } from './options.ts';

export interface Appointment {
  /** The type of the event that tells of it. */
  readonly eventType: string;
  readonly systemOrgId: string;
  readonly passwordHash: string;
}

/** @throws OperatorError when there is an administrator and nobody insists, or when the address is a member's. */
export async function requireAppointable(client: Client, { email, force }: AppointOptions): Promise<void> {
  const { rows } = await client.query(`SELECT 1 FROM iam.users WHERE system_role = 'super_admin' AND status <> 'deleted' LIMIT 1`);
  if (rows.length > 0 && !force) throw new OperatorError('There is an administrator of the platform already: give --force to make another one.');
  await refuseMember(client, email);
}

/**
 * An administrator of the platform is one in every organization and a member of none. Whoever was one would lose its role,
 * its keys and its leave there, with nobody having taken them.
 */
async function refuseMember(client: Client, email: string): Promise<void> {
  const { rows } = await asDefiner(client, () =>
    client.query<{ name: string }>(
      `SELECT o.name FROM iam.users u JOIN iam.memberships m ON m.user_id = u.id JOIN iam.organizations o ON o.id = m.org_id
       WHERE u.email = $1 AND u.status <> 'deleted' AND u.system_role = 'user' AND m.status <> 'left' AND o.status <> 'deleted'
       ORDER BY m.created_at LIMIT 1`,
      [email],
    ),
  );
  if (rows[0] === undefined) return;
  throw new OperatorError(`${email} is a member of "${rows[0].name}", and an administrator of the platform is a member nowhere: take an address of its own.`);
}

/** The right, the password, the end of what was open, and the event that tells of them: all or none. Null for a new identity. */
export async function appoint(client: Client, options: AppointOptions, { eventType, systemOrgId, passwordHash }: Appointment): Promise<Former | null> {
  const { email, name, force } = options;
  await lockOperators(client);
  await requireAppointable(client, options);
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
  await record(client, systemOrgId, { type: eventType, data: { userId: appointed.id, force } });
  return former;
}
