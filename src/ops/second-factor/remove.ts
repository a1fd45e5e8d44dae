import { OperatorError } from '../../kernel/operator-error.ts';
import { asDefiner, type Client, record } from '../definer.ts';

export interface Removal {
  /** In lower case. */
  readonly email: string;
  /** The type of the event that tells of it. */
  readonly eventType: string;
  readonly systemOrgId: string;
}

/** What went with the factor. */
export interface Removed {
  /** How many open sessions counted as having shown it. */
  readonly sessions: number;
  /** How many sign-ins waited for a code. */
  readonly challenges: number;
}

/**
 * Takes a factor away as a whole, and writes it down: all or none. Inside a transaction.
 *
 * @throws OperatorError for an address that nobody has, and for somebody who has set up none.
 */
export async function remove(client: Client, { email, eventType, systemOrgId }: Removal): Promise<Removed> {
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM iam.users WHERE email = $1 AND status <> 'deleted'`, [email]);
  const [person] = rows;
  if (person === undefined) throw new OperatorError(`Nobody has the address ${email}: there is nothing to take away.`);
  const removed = await asDefiner(client, () => removeFactorOf(client, person.id));
  if (removed === null) throw new OperatorError(`${email} has set up no second factor: there is nothing to take away.`);
  await record(client, systemOrgId, { type: eventType, data: { userId: person.id } });
  return removed;
}

async function removeFactorOf(client: Client, userId: string): Promise<Removed | null> {
  // Its recovery codes go with it, by their foreign key. One that was never confirmed goes too: its seal may be in the way.
  const { rowCount: factors } = await client.query('DELETE FROM credentials.second_factors WHERE user_id = $1', [userId]);
  if (factors === 0) return null;
  // Before the sessions: a sign-in opens its session first and then uses up its challenge. So one that has found the challenge
  // open has a session that is seen here, and any other is refused.
  const { rowCount: challenges } = await client.query(
    `UPDATE credentials.tokens SET used_at = now() WHERE user_id = $1 AND purpose = 'second_factor' AND used_at IS NULL AND expires_at > now()`,
    [userId],
  );
  const { rowCount: sessions } = await client.query(
    'UPDATE iam.sessions SET second_factor_at = NULL WHERE user_id = $1 AND ended_at IS NULL AND second_factor_at IS NOT NULL',
    [userId],
  );
  return { sessions: sessions ?? 0, challenges: challenges ?? 0 };
}
