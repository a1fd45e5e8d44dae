import { createHash } from 'node:crypto';

// The lines of an export. Those that are hashed or signed have a beginning of fixed length, so that what the hash or the
// signature is over can be cut out as it stands: nobody has to write JSON anew in exactly the same way to verify it.

/** What comes before the first event's hash. */
export const FIRST_HASH = '0'.repeat(64);

/** The hash of an event: SHA-256 over the 32 bytes of the hash before it and the event's text. In hexadecimal digits. */
export function hashAfter(previous: string, body: string | Buffer): string {
  return createHash('sha256').update(previous, 'hex').update(body).digest('hex');
}

export const eventLine = (hash: string, body: string): string => `{"hash":"${hash}","event":${body}}`;

export const signedLine = ({ signature, text }: { readonly signature: Uint8Array; readonly text: string }): string =>
  `{"signature":"${Buffer.from(signature).toString('hex')}","signed":${text}}`;

/**
 * The lines of a stream of bytes, without their ends. The usual readers of lines end one at characters that JSON allows
 * within a text.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      parts.push(chunk.subarray(from, end));
      yield parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
