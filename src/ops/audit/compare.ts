import { type FileReport, type KeyRing, readHash, readLastArchive, readLastCheckpoint, verifyStatement } from '../../platform/chain/index.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import type { KnownHash } from './options.ts';

// Holds the log of the scope's organization against what somebody has kept outside of the database.

/** What is wrong, in sentences without their ends; nothing when the log has had this hash there. */
export async function compareHash(db: TenantClient, keys: KeyRing, { position, hash }: KnownHash, kept: string): Promise<string[]> {
  const found = (await readHash(db, position)) ?? (await signedHash(db, keys, position));
  if (found === hash) return [];
  if (found !== null) return [`${kept} and the log differ at or before position ${position}: one of them was changed`];
  const isArchived = ((await readLastArchive(db))?.statement.position ?? 0) >= position;
  const why = isArchived ? 'was archived, and no checkpoint that is validly signed is kept there' : 'is not in it';
  return [`${kept} cannot be compared with the log: position ${position} ${why}`];
}

/** Checkpoints stay where events are archived: each export ends at one, and each archive. */
async function signedHash(db: TenantClient, keys: KeyRing, position: number): Promise<string | null> {
  const last = await readLastCheckpoint(db, position);
  if (last?.statement.position !== position || verifyStatement(keys, last) !== 'right') return null;
  return last.statement.hash;
}

/** What is wrong with a file as a copy of the scope's log: of an export its end, of an archive all of its bytes. */
export async function compareFile(db: TenantClient, keys: KeyRing, orgId: string, file: FileReport): Promise<string[]> {
  const { organization, check, after, checksum, bytes } = file;
  if (organization !== orgId) return [`the file is of the organization ${organization}, and this log of ${orgId}`];
  const { position, hash } = check;
  // Before its first position every log is the same.
  if (position === 0) return [];
  const found = await compareHash(db, keys, { position, hash }, 'the file');
  const record = await readLastArchive(db, position);
  const before = await readLastArchive(db, position - 1);
  if (record?.statement.position !== position || (before?.statement.position ?? 0) !== after) return found;
  if (record.statement.checksum === checksum && record.statement.bytes === bytes) return found;
  return [
    ...found,
    `the file is not the archive that was recorded up to position ${position}, whose SHA-256 is ${record.statement.checksum} over ` +
      `${record.statement.bytes} bytes: it was changed, or is an export of the same events`,
  ];
}
