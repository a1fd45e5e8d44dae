import { createHash, randomBytes } from 'node:crypto';

/**
 * The id of an organization that is about to be created. With an idempotency key it follows from the key and from who
 * sent it (as a UUID of version 8): a retry, which knows nothing of the first answer, looks at the same organization.
 * Without one it is a random UUID of version 7, which sorts by time.
 */
export function newOrganizationId(userId: string, idempotencyKey: string | null, now: Date): string {
  if (idempotencyKey === null) return asUuid(timed(now), 7);
  return madeOf('createOrganization', userId, idempotencyKey);
}

/**
 * The id of the first API key of an organization's owner. It follows from the organization: whoever carries on with an
 * interrupted provisioning makes that key or finds it made, and never a second one.
 */
export function ownerKeyIdOf(orgId: string): string {
  return madeOf('owner key', orgId);
}

function madeOf(...words: string[]): string {
  return asUuid(createHash('sha256').update(JSON.stringify(words)).digest().subarray(0, 16), 8);
}

function timed(now: Date): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  return bytes;
}

/** Sixteen bytes as a UUID with the version and variant bits of RFC 9562. */
function asUuid(bytes: Buffer, version: number): string {
  const marked = Buffer.from(bytes);
  marked[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  marked[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return marked.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
