import { hash } from 'node:crypto';

/** Bytes that look random and follow from a name: the same name has the same bytes for ever. */
export function bytesOf(name: string): Buffer {
  return hash('sha256', name, 'buffer');
}

/**
 * The id of the thing with this name. It has the form of a UUID of version 7, as the database makes them itself: rows
 * that were made together lie together in the index, and ids sort by time.
 */
export function idOf(name: string, createdAt: Date): string {
  const bytes = bytesOf(name).subarray(0, 16);
  bytes.writeUIntBE(createdAt.getTime(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
