import { OperatorError } from '../../kernel/operator-error.ts';
import { type Client, record } from '../definer.ts';
import { type Former, lockOperators, shutOut } from './operators.ts';
import type { DismissOptions } from './options.ts';

export interface Dismissal {
  /** The type of the event that tells of it. */
  readonly eventType: string;
  readonly systemOrgId: string;
}

/**
 * Takes the right back, ends what was open and writes it down: all or none. The identity stays, as anybody's.
 *
 * @throws OperatorError for whoever is none, and for the last one when nobody insists.
 */
export async function dismiss(client: Client, { email, force }: DismissOptions, { eventType, systemOrgId }: Dismissal): Promise<Former> {
  await lockOperators(client);
  const { rows } = await client.query<{ id: string; others: number }>(
    `SELECT u.id, (SELECT count(*)::integer FROM iam.users o WHERE o.system_role = 'super_admin' AND o.status = 'active' AND o.id <> u.id) AS others
     FROM iam.users u WHERE u.email = $1 AND u.status <> 'deleted' AND u.system_role = 'super_admin' FOR UPDATE OF u`,
    [email],
  );
  const [operator] = rows;
  if (operator === undefined) throw new OperatorError(`${email} is no administrator of the platform: there is nothing to take back.`);
  if (operator.others === 0 && !force) {
    throw new OperatorError(`${email} is the last administrator of the platform: appoint another one first, or give --force.`);
  }
  await client.query(`UPDATE iam.users SET system_role = 'user' WHERE id = $1`, [operator.id]);
  const former = await shutOut(client, operator.id);
  await record(client, systemOrgId, { type: eventType, data: { userId: operator.id, force } });
  return former;
}
