import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemBody } from './problems.ts';

/** What can be wrong with a request before it is one; anything else is malformed. */
const REFUSALS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};

/**
 * Answers what is no HTTP request, with a code like everything else, and ends its connection.
 *
 * @param answering whether an answer to an earlier request may be half-way out: then nothing can be put in between.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex, answering: boolean): void {
  if (error.code === 'ECONNRESET' || !socket.writable || answering) return void socket.destroy();
  const [status, message] = REFUSALS[error.code ?? ''] ?? [400, 'This is not a proper HTTP request.'];
  const body = problemBody('BAD_REQUEST', message);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
