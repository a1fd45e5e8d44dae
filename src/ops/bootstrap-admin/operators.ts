import { asDefiner, type Client } from '../definer.ts';

/** A word that nobody else locks: of several commands that run at once each sees what the others have done. */
const LOCK = 'tenantry bootstrap-admin';

/** Holds up every other command until the transaction ends. */
export async function lockOperators(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK]);
}

/** What an identity had that was there before. */
export interface Former {
  /** How many were open, and are ended. */
  readonly sessions: number;
  /** How many mailed links and half sign-ins would have worked, and are void. */
  readonly tokens: number;
  readonly hasSecondFactor: boolean;
}

/**
 * Whoever has had the identity so far keeps no way in: an open session would act for the platform from now on, or have done
 * so until now, and a link that is under way would replace the password.
 */
export function shutOut(client: Client, userId: string): Promise<Former> {
  return asDefiner(client, async () => {
    const { rowCount: sessions } = await client.query('UPDATE iam.sessions SET ended_at = now() WHERE user_id = $1 AND ended_at IS NULL', [userId]);
    const { rowCount: tokens } = await client.query('UPDATE credentials.tokens SET used_at = now() WHERE user_id = $1 AND used_at IS NULL', [userId]);
    const { rows } = await client.query('SELECT 1 FROM credentials.second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL', [userId]);
    return { sessions: sessions ?? 0, tokens: tokens ?? 0, hasSecondFactor: rows.length > 0 };
  });
}
