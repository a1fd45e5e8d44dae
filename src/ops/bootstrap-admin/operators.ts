import type { withClient } from '../../platform/postgres/client.ts';
import { definerRole } from '../../platform/postgres/migrations/index.ts';

export type Client = Parameters<Parameters<typeof withClient>[1]>[0];

/** A word that nobody else locks: of several commands that run at once each sees what the others have done. */
const LOCK = 'tenantry bootstrap-admin';

/** Holds up every other command until the transaction ends. */
export async function lockOperators(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK]);
}

/** Does `work` as the role of the functions, which alone sees what opens doors and appends to logs. Inside a transaction. */
export async function asDefiner<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query(`SET LOCAL ROLE ${definerRole}`);
  const result = await work();
  await client.query('RESET ROLE');
  return result;
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

export interface OperatorEvent {
  readonly type: string;
  readonly data: { readonly userId: string; readonly force: boolean };
}

/** Writes it in the log of an organization, the platform's own: the owner of the database has no way into one. */
export async function record(client: Client, orgId: string, { type, data }: OperatorEvent): Promise<void> {
  const event = { type, data, metadata: {}, tags: [], actorKind: 'system', source: 'cli' };
  await client.query(`SELECT set_config('app.current_org_id', $1, true)`, [orgId]);
  await asDefiner(client, () => client.query('SELECT events.append_each($1)', [JSON.stringify([{ events: [event], query: null, after: 0 }])]));
}
