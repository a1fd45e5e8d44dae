import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AppError, type ErrorCode, RateLimitedError, ServiceUnavailableError } from '../../kernel/errors.ts';
import { type CorsRules, isAllowedOrigin } from '../cors.ts';
import { pathOf, repeatedHeader } from '../doors.ts';
import { problemBody } from '../problems.ts';
import { securityHeaders } from '../security-headers.ts';
import { senderOf, type TrustedProxies } from '../trusted-proxies.ts';
import { GRAPHQL_PATH } from '../yoga.ts';
import type { SocketDoor } from './web-sockets.ts';

type UpgradeRefusal = readonly [status: number, code: ErrorCode, message: string];

/**
 * Why a request may not become a WebSocket; null when it may. Browsers ask nobody before they open one to another site, and
 * send cookies along: whose page it is must be known here.
 */
function refusalOfOrigin({ headers }: IncomingMessage, rules: CorsRules): UpgradeRefusal | null {
  const { origin, host } = headers;
  // No browser: it has no cookies that it does not know of.
  if (origin === undefined) return null;
  const isOwn = URL.canParse(origin) && new URL(origin).host === host;
  return isOwn || isAllowedOrigin(origin, rules) ? null : [403, 'FORBIDDEN', 'Pages of this origin may not connect: it is not in CORS_ORIGINS.'];
}

export interface UpgradeParts {
  readonly sockets: SocketDoor;
  readonly origins: CorsRules;
  readonly trusts: TrustedProxies;
  readonly isStopping: () => boolean;
}

/** Hands requests for a WebSocket on when they may have one, and refuses them like any other request when not. */
export function createUpgradeListener({ sockets, origins, trusts, isStopping }: UpgradeParts) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const sender = senderOf(request, trusts);
    const refusal = refusalOf(request, isStopping()) ?? refusalOfOrigin(request, origins) ?? refusalOfPlace(sockets.refusalOf(sender));
    if (refusal) refuseUpgrade(socket, refusal);
    else sockets.accept(request, socket, head, sender);
  };
}

function refusalOf(request: IncomingMessage, isClosed: boolean): UpgradeRefusal | null {
  if (isClosed) return [503, 'SERVICE_UNAVAILABLE', new ServiceUnavailableError().message];
  const twice = repeatedHeader(request);
  if (twice) return [400, 'BAD_REQUEST', `The header ${twice} is there more than once.`];
  const path = pathOf(request);
  if (path === null) return [400, 'BAD_REQUEST', 'The address or the Host header is malformed.'];
  return path === GRAPHQL_PATH ? null : [404, 'NOT_FOUND', `There is nothing here: the endpoint is ${GRAPHQL_PATH}.`];
}

function refusalOfPlace(reason: AppError | null): UpgradeRefusal | null {
  if (reason === null) return null;
  return [reason instanceof RateLimitedError ? 429 : 503, reason.code, reason.message];
}

/** Answers a request that may not become a WebSocket as any other refusal, and ends its connection. */
function refuseUpgrade(socket: Duplex, [status, code, message]: UpgradeRefusal): void {
  // The caller may be gone already; there is nobody else to tell.
  socket.on('error', () => undefined);
  const body = problemBody(code, message);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    `X-Request-Id: ${randomUUID()}`,
    ...Object.entries(securityHeaders(false)).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
