import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemBody } from './problems.ts';
import { securityHeaders } from './security-headers.ts';

type Refusal = readonly [status: number, message: string];

/** What can be wrong with a request before it is one; anything else is malformed. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};

const MALFORMED: Refusal = [400, 'This is not a proper HTTP request.'];
const NO_PROXY: Refusal = [405, 'This server is no proxy.'];

/**
 * Answers what is no HTTP request, with a code like everything else, and ends its connection.
 *
 * @param answering whether an answer to an earlier request may be half-way out: then nothing can be put in between.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex, answering: boolean): void {
  if (error.code === 'ECONNRESET' || !socket.writable || answering) return void socket.destroy();
  refuse(socket, REFUSALS[error.code ?? ''] ?? MALFORMED);
}

/** Answers CONNECT, which asks for a tunnel. */
export function refuseTunnel(socket: Duplex): void {
  // The caller may be gone already; there is nobody else to tell.
  socket.on('error', () => undefined);
  refuse(socket, NO_PROXY, 'Allow: GET, POST');
}

function refuse(socket: Duplex, [status, message]: Refusal, ...headers: string[]): void {
  const body = problemBody('BAD_REQUEST', message);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    `X-Request-Id: ${randomUUID()}`,
    ...Object.entries(securityHeaders(false)).map(([name, value]) => `${name}: ${value}`),
    ...headers,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
