import { createHmac, timingSafeEqual } from 'node:crypto';
import { ValidationError } from '../../kernel/errors.ts';

/** The sort value and the id of a row: where a page begins or ends. */
export interface Position {
  readonly value: string | number;
  readonly id: string;
}

/** What a cursor is good for; with anything else it is refused. */
export interface CursorBinding {
  readonly orgId: string;
  /** The coordinate of the field that gave it out. */
  readonly field: string;
  readonly filter: unknown;
  readonly order: string;
}

export interface CursorCodec {
  encode(binding: CursorBinding, position: Position): string;
  /** Throws VALIDATION_FAILED, with one text, for a cursor that is malformed, forged or of another list. */
  decode(binding: CursorBinding, cursor: string, argument: string): Position;
}

const MAC_BYTES = 16;
const CURSOR_LENGTH_MAX = 1_000;

/**
 * Cursors are a position, signed together with the organization, field, filter and order of the list it was read from.
 * The signature is an HMAC-SHA-256 cut to 128 bits (RFC 2104, section 5).
 */
export function createCursorCodec(key: Buffer): CursorCodec {
  const sign = (binding: CursorBinding, payload: Buffer): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([binding.orgId, binding.field, binding.order, canonical(binding.filter)]))
      .update('\0')
      .update(payload)
      .digest()
      .subarray(0, MAC_BYTES);

  return {
    encode(binding, { value, id }) {
      const payload = Buffer.from(JSON.stringify([value, id]));
      return Buffer.concat([sign(binding, payload), payload]).toString('base64url');
    },
    decode(binding, cursor, argument) {
      const bytes = cursor.length <= CURSOR_LENGTH_MAX ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
      const payload = bytes.subarray(MAC_BYTES);
      const genuine =
        bytes.length > MAC_BYTES &&
        bytes.toString('base64url') === cursor &&
        timingSafeEqual(bytes.subarray(0, MAC_BYTES), sign(binding, payload));
      if (!genuine) throw ValidationError.of(argument, 'is not a cursor of this list: use one that this list returned, with the same filter and order.');
      const [value, id] = JSON.parse(payload.toString()) as [string | number, string];
      return { value, id };
    },
  };
}

/** One text for equal filters, whatever the order of their keys. */
function canonical(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, canonical(field)]);
}
