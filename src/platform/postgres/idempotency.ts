import { ConflictError } from '../../kernel/errors.ts';
import { sha256 } from '../crypto/tokens.ts';
import { canonicalJson } from '../crypto/canonical-json.ts';
import type { TenantClient, TenantTransaction } from './tenant-client.ts';

const REMEMBERED_MS = 24 * 60 * 60 * 1000;
/** More than one, so that what is kept shrinks; few enough that the request that pays for it hardly takes longer. */
const FORGOTTEN_AT_ONCE = 100;

/** One request that a client may send again. */
export interface RepeatableRequest {
  readonly orgId: string;
  readonly userId: string;
  /** The name of the use case: the same key for another one is another request. */
  readonly operation: string;
  /** What the client calls the request; null: it is never repeated. */
  readonly key: string | null;
  /** What was asked for, without the key itself. */
  readonly input: unknown;
  readonly now: Date;
}

/** What a use case answered, now or the first time. */
export interface Once<Result> {
  readonly result: Result;
  readonly replayed: boolean;
}

/**
 * Does `work` once for a key: a repeated request within 24 hours gets the first one's result. Belongs into the
 * transaction of the change, so that change and memory of it stand or fall together. A second request that comes while
 * the first is under way waits for its commit.
 *
 * @param work gives a result that JSON can carry, and never a secret: it is stored.
 * @throws ConflictError when the key was used with another input.
 */
export async function once<Result>(
  tx: TenantTransaction,
  request: RepeatableRequest,
  work: () => Promise<Result>,
): Promise<Once<Result>> {
  if (request.key === null) return { result: await work(), replayed: false };
  const { orgId, userId, operation, key, now } = request;
  const id = { orgId, userId, operation, key };
  await waitForTurn(tx, Object.values(id));
  const { answer, isTooOld } = await recall<Result>(tx, request);
  if (answer !== null) return answer;
  if (isTooOld) await tx.idempotencyKey.deleteMany({ where: id });
  // Before the work: whoever appends to a log holds back all others who do from then on.
  await forgetOld(tx, orgId, now);
  const result = await work();
  const requestHash = sha256(canonicalJson(request.input));
  await tx.idempotencyKey.createMany({ data: [{ ...id, requestHash, result: result as object, createdAt: now }] });
  return { result, replayed: false };
}

/**
 * What a request was answered the first time, if it was: for whoever would do costly work before the transaction. Null tells
 * nothing for certain, because the first request may be under way.
 *
 * @throws ConflictError when the key was used with another input.
 */
export async function earlierAnswer<Result>(db: TenantClient, request: RepeatableRequest): Promise<Once<Result> | null> {
  return request.key === null ? null : (await recall<Result>(db, request)).answer;
}

async function recall<Result>(
  db: TenantClient | TenantTransaction,
  { orgId, userId, operation, key, input, now }: RepeatableRequest,
): Promise<{ answer: Once<Result> | null; isTooOld: boolean }> {
  const earlier = key === null ? null : await db.idempotencyKey.findFirst({ where: { orgId, userId, operation, key } });
  if (earlier === null) return { answer: null, isTooOld: false };
  if (now.getTime() - earlier.createdAt.getTime() >= REMEMBERED_MS) return { answer: null, isTooOld: true };
  if (!sha256(canonicalJson(input)).equals(earlier.requestHash)) {
    throw new ConflictError('This idempotency key was used with another input: take a new key for a new request.');
  }
  return { answer: { result: earlier.result as Result, replayed: true }, isTooOld: false };
}

/** Holds back whoever comes with the same words until this transaction ends. */
async function waitForTurn(tx: TenantTransaction, words: readonly string[]): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${JSON.stringify(words)}, 0))`;
}

/**
 * Deletes some of the organization's answers that are no longer repeated, so that the table stays as large as a day.
 * Rows that somebody else is deleting are left to them: nobody waits.
 */
async function forgetOld(tx: TenantTransaction, orgId: string, now: Date): Promise<void> {
  const before = new Date(now.getTime() - REMEMBERED_MS);
  await tx.$executeRaw`
    DELETE FROM iam.idempotency_keys AS kept
    USING (SELECT org_id, user_id, operation, key FROM iam.idempotency_keys
           WHERE org_id = ${orgId}::uuid AND created_at < ${before}
           ORDER BY created_at LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED) AS old
    WHERE (kept.org_id, kept.user_id, kept.operation, kept.key) = (old.org_id, old.user_id, old.operation, old.key)`;
}
