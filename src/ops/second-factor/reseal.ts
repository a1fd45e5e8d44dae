import type { Sealing } from '../../platform/crypto/sealing.ts';
import { inTransaction } from '../../platform/postgres/client.ts';
import { asDefiner, type Client } from '../definer.ts';

export interface ResealTask {
  readonly sealing: Sealing;
  /** What the secret of a person is sealed for. */
  contextOf(userId: string): string;
  /** How many secrets a transaction seals; whoever shows a code meanwhile waits for it. */
  readonly batchSize?: number;
  /** Told of each batch, by how many secrets were looked at. */
  onBatch(looked: number): void;
}

export interface Resealed {
  /** How many were sealed anew. */
  readonly sealed: number;
  /** The addresses of those whose secret does not open, although its key is there. */
  readonly unreadable: readonly string[];
}

interface Row {
  readonly userId: string;
  readonly email: string;
  readonly keyId: string;
  readonly sealed: Buffer<ArrayBuffer>;
}

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** How many secrets there are under each key but the one that seals. */
export async function countOthers(client: Client, { keyIds }: Pick<Sealing, 'keyIds'>): Promise<ReadonlyMap<string, number>> {
  const text = 'SELECT key_id AS "keyId", count(*)::integer AS count FROM credentials.second_factors WHERE key_id <> $1 GROUP BY key_id ORDER BY key_id';
  const { rows } = await inTransaction(client, () => asDefiner(client, () => client.query<{ keyId: string; count: number }>(text, [keyIds[0]])));
  return new Map(rows.map(({ keyId, count }) => [keyId, count]));
}

/**
 * Seals every secret with the current key that has another one and opens, in transactions of one batch each: what was sealed
 * stays so when a later batch fails. Those that do not open are left as they are.
 */
export async function reseal(client: Client, task: ResealTask): Promise<Resealed> {
  const { batchSize = 500, onBatch } = task;
  const unreadable: string[] = [];
  let sealed = 0;
  for (let after = BEFORE_ALL; ; ) {
    const from = after;
    const rows = await inTransaction(client, () =>
      asDefiner(client, async () => {
        const batch = await lockBatch(client, { keyIds: task.sealing.keyIds, after: from, batchSize });
        sealed += await sealBatch(client, batch, task, unreadable);
        return batch;
      }),
    );
    const last = rows.at(-1);
    if (last === undefined) return { sealed, unreadable };
    onBatch(rows.length);
    after = last.userId;
  }
}

/** The next ones in the order of their people, locked: what is read is what is replaced, and two commands wait for each other. */
async function lockBatch(client: Client, { keyIds, after, batchSize }: Pick<Sealing, 'keyIds'> & { after: string; batchSize: number }): Promise<Row[]> {
  const [current] = keyIds;
  const { rows } = await client.query<Row>(
    `SELECT f.user_id AS "userId", u.email, f.key_id AS "keyId", f.encrypted_secret AS sealed
     FROM credentials.second_factors f JOIN iam.users u ON u.id = f.user_id
     WHERE f.key_id = ANY ($1) AND f.key_id <> $2 AND f.user_id > $3 ORDER BY f.user_id LIMIT $4 FOR UPDATE OF f`,
    [keyIds, current, after, batchSize],
  );
  return rows;
}

async function sealBatch(client: Client, batch: readonly Row[], { sealing, contextOf }: ResealTask, unreadable: string[]): Promise<number> {
  const fresh: { userId: string; sealed: Buffer }[] = [];
  for (const { userId, email, ...row } of batch) {
    const secret = openOrNull(sealing, row, contextOf(userId));
    if (secret === null) unreadable.push(email);
    else fresh.push({ userId, sealed: sealing.seal(secret, contextOf(userId)).sealed });
  }
  await client.query(
    `UPDATE credentials.second_factors f SET key_id = $1, encrypted_secret = n.sealed
     FROM unnest($2::uuid[], $3::bytea[]) AS n (user_id, sealed) WHERE f.user_id = n.user_id`,
    [sealing.keyIds[0], fresh.map(({ userId }) => userId), fresh.map(({ sealed }) => sealed)],
  );
  return fresh.length;
}

/** Null for what was changed, or was copied from somebody else's row. */
function openOrNull(sealing: Sealing, row: Pick<Row, 'keyId' | 'sealed'>, context: string): Buffer | null {
  try {
    return sealing.open(row, context);
  } catch {
    return null;
  }
}
