import { ConflictError } from '../../kernel/errors.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';

export const hasAccount = (): ConflictError => new ConflictError('There is an account with the address of this invitation: sign in with it, then accept again.');

interface FirstPassword {
  readonly userId: string;
  /** What the person is called; null leaves what is there. */
  readonly name: string | null;
  readonly now: Date;
}

/**
 * Sets the password of somebody who has proved the address by an invitation, in the transaction that decides about the
 * invitation and in the scope of that person: without a membership there is no account. Of two that set one at the same
 * time, the second has an account by then.
 *
 * @throws ConflictError when there is a password already.
 */
export async function setFirstPassword(tx: TenantTransaction, passwordHash: string, { userId, name, now }: FirstPassword): Promise<void> {
  const [{ isSet } = { isSet: false }] = await tx.$queryRaw<{ isSet: boolean }[]>`
    SELECT iam.set_first_password(${userId}::uuid, ${passwordHash}, ${now}::timestamptz) AS "isSet"`;
  if (!isSet) throw hasAccount();
  // Whatever a stranger who once registered the address was called is not the person's name.
  if (name !== null) await tx.user.updateMany({ where: { id: userId }, data: { name } });
}
