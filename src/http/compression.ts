import type { IncomingMessage, ServerResponse } from 'node:http';
import compression from 'compression';
import type { RequestState } from './request-state.ts';

/** A shorter answer fits into a packet or two as it is. */
const LEAST_BYTES = 1_400;

type Compress = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Lets answers be compressed on their way out, as the caller's Accept-Encoding says: brotli, gzip or deflate. What is
 * marked `no-transform` stays as it is. The library asks for no more of a request and a response than Node's own.
 */
export const compress = compression({ threshold: LEAST_BYTES }) as unknown as Compress;

/**
 * Whether an answer's length may depend on how alike its parts are. Somebody who can make a browser ask, put words into
 * the question and see the length of the encrypted answer would guess a secret in it letter by letter (BREACH). So an
 * answer that may hold a new secret, or sets a cookie, is never compressed, and one for a browser's cookie only when the
 * browser says that a page of this server asked.
 */
export function mayBeCompressed({ mutated, setCookies }: RequestState, { headers }: Request): boolean {
  if (mutated || setCookies.length > 0) return false;
  return !headers.has('cookie') || headers.get('sec-fetch-site') === 'same-origin';
}
