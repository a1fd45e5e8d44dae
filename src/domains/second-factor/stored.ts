import type { Sealed } from '../../platform/crypto/sealing.ts';
import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';

// The server's role cannot name the tables of second factors: these are the functions that it may call instead. Each acts
// for the person of the current scope, and decides whatever happens once by one UPDATE.

type Database = TenantClient | TenantTransaction;
type Hash = Uint8Array<ArrayBuffer>;

/** A second factor as it is stored. */
export interface StoredFactor extends Sealed {
  /** Null while the enrolment has only begun. */
  readonly confirmedAt: Date | null;
  readonly recoveryCodesLeft: number;
}

interface Row {
  readonly keyId: string;
  readonly encryptedSecret: Hash;
  readonly confirmedAt: Date | null;
  readonly recoveryCodesLeft: number;
}

/** What one function has answered: it gives one row, always. */
async function answerOf<Answer>(rows: PromiseLike<readonly { answer: Answer }[]>): Promise<Answer> {
  return (await rows)[0]!.answer;
}

/** Null when no enrolment was begun. */
export async function findFactor(db: Database): Promise<StoredFactor | null> {
  const [row] = await db.$queryRaw<Row[]>`
    SELECT key_id AS "keyId", encrypted_secret AS "encryptedSecret", confirmed_at AS "confirmedAt", recovery_codes_left AS "recoveryCodesLeft"
    FROM iam.find_second_factor()`;
  if (row === undefined) return null;
  const { encryptedSecret, ...factor } = row;
  return { ...factor, sealed: Buffer.from(encryptedSecret) };
}

/** False when a factor is confirmed already. */
export function beginFactor(db: Database, { keyId, sealed }: Sealed, now: Date): Promise<boolean> {
  return answerOf(db.$queryRaw<{ answer: boolean }[]>`/* writes */ SELECT iam.begin_second_factor(${keyId}, ${sealed}, ${now}) AS answer`);
}

/** False when the enrolment whose secret this is waits for no confirmation any more. */
export function confirmFactor(db: Database, { sealed }: Sealed, step: number, codeHashes: readonly Hash[], now: Date): Promise<boolean> {
  return answerOf(db.$queryRaw<{ answer: boolean }[]>`/* writes */
    SELECT iam.confirm_second_factor(${sealed}, ${step}::bigint, ${codeHashes}::bytea[], ${now}) AS answer`);
}

/** False when the step, or a later one, was used before. */
export function useStep(db: Database, step: number): Promise<boolean> {
  return answerOf(db.$queryRaw<{ answer: boolean }[]>`/* writes */ SELECT iam.use_totp_step(${step}::bigint) AS answer`);
}

/** How many are left; null when it is none of them, or was used before. */
export function useRecoveryCode(db: Database, hash: Hash, now: Date): Promise<number | null> {
  return answerOf(db.$queryRaw<{ answer: number | null }[]>`/* writes */ SELECT iam.use_recovery_code(${hash}, ${now}) AS answer`);
}

/** False without a confirmed factor. */
export function replaceRecoveryCodes(db: Database, hashes: readonly Hash[]): Promise<boolean> {
  return answerOf(db.$queryRaw<{ answer: boolean }[]>`/* writes */ SELECT iam.replace_recovery_codes(${hashes}::bytea[]) AS answer`);
}

/** False without a confirmed factor. */
export function removeFactor(db: Database): Promise<boolean> {
  return answerOf(db.$queryRaw<{ answer: boolean }[]>`/* writes */ SELECT iam.remove_second_factor() AS answer`);
}

/** Stores the same secret under another seal, unless it was changed meanwhile. */
export async function resealFactor(db: Database, old: Sealed, { keyId, sealed }: Sealed): Promise<void> {
  await db.$queryRaw`/* writes */ SELECT iam.reseal_second_factor(${old.sealed}, ${keyId}, ${sealed})::text`;
}
