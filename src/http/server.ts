import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { OperatorError } from '../kernel/operator-error.ts';
import type { CorsRules } from './cors.ts';
import { createListener, type Doors, type Readiness } from './doors.ts';
import type { LogDoors } from './log-doors.ts';
import { createGraphiqlPage } from './graphiql/page.ts';
import { refuseMalformed, refuseTunnel } from './malformed.ts';
import { createUpgradeListener } from './subscriptions/upgrade.ts';
import type { SocketDoor } from './subscriptions/web-sockets.ts';
import { createTrustedProxies } from './trusted-proxies.ts';
import type { Api } from './yoga.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long a request may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** How long a stopping server waits for the requests under way. */
  readonly shutdownGraceMs: number;
  /** Whether browsers get the query page. */
  readonly graphiql: boolean;
  /** Addresses and networks of the proxies whose forwarded headers are believed. */
  readonly trustedProxies: readonly string[];
  /** How long a caller may take; the usual times when not given. */
  readonly patience?: Patience;
  readonly readiness: () => Promise<Readiness>;
  readonly log: LogDoors;
  readonly sockets: SocketDoor;
  /** Whose pages may open a WebSocket. */
  readonly origins: CorsRules;
  readonly logger: Logger;
}

export interface RunningServer {
  /** Where the server answers, for example http://127.0.0.1:4000 */
  readonly origin: string;
  /** Takes no new requests, lets those under way finish, and closes. */
  close(): Promise<void>;
}

/** How long callers are waited for, in milliseconds: nobody holds a connection by sending slowly, or nothing. */
export interface Patience {
  /** For the whole of a request, from its first byte, or from the start of a connection without one. */
  readonly requestMs: number;
  /** For its headers. */
  readonly headersMs: number;
  /** For the next request on a connection. */
  readonly idleMs: number;
  /** For the caller to take anything of an answer, after the time that a request may take. */
  readonly unreadMs: number;
  /** How often it is looked who takes too long. */
  readonly lookEveryMs: number;
}

const USUAL_PATIENCE: Patience = {
  requestMs: 60_000,
  headersMs: 20_000,
  // Longer than the 60 s of the usual load balancers, so that it is they who end a connection that is idle.
  idleMs: 65_000,
  unreadMs: 15_000,
  lookEveryMs: 5_000,
};

/** Listens. Throws an OperatorError with one line when the port is taken or not allowed. */
export async function startServer(api: Api, options: ServerOptions): Promise<RunningServer> {
  const drain = { begun: false };
  const { requestMs, headersMs, idleMs, unreadMs, lookEveryMs } = options.patience ?? USUAL_PATIENCE;
  const server = createServer({
    requestTimeout: requestMs,
    headersTimeout: headersMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: lookEveryMs,
    // A request without a Host is refused by this server's own words.
    requireHostHeader: false,
    // Whoever asks for another protocol is answered in this one.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  // An answer that nobody reads stays in memory: its connection is ended when nothing moves on it any more.
  server.setTimeout(options.requestTimeoutMs + unreadMs);
  const doors = doorsOf(api, options, drain);
  attach(server, doors, drain);
  server.on('upgrade', createUpgradeListener({ ...options, trusts: doors.trusts, isStopping: () => drain.begun }));
  await listen(server, options);
  return {
    origin: originOf(server.address() as AddressInfo),
    async close() {
      drain.begun = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), options.shutdownGraceMs);
      // Streams have no end of their own.
      await Promise.all([closed, options.sockets.close(options.shutdownGraceMs)]);
      clearTimeout(timer);
    },
  };
}

interface Drain {
  begun: boolean;
}

const STOPPING: Readiness = { ready: false, checks: { server: 'stopping' } };

function doorsOf(api: Api, { graphiql, trustedProxies, readiness, log, logger }: ServerOptions, drain: Drain): Doors {
  return {
    api,
    page: graphiql ? createGraphiqlPage() : null,
    trusts: createTrustedProxies(trustedProxies),
    readiness: () => (drain.begun ? Promise.resolve(STOPPING) : readiness()),
    log,
    logger,
  };
}

function attach(server: Server, doors: Doors, drain: Drain): void {
  const listener = createListener(doors);
  const answering = new WeakSet<Duplex>();
  const take = (request: IncomingMessage, response: ServerResponse) => {
    // A client that keeps its connection open would never let the server end.
    if (drain.begun) response.setHeader('connection', 'close');
    answering.add(request.socket);
    response.once('close', () => {
      answering.delete(request.socket);
      // One whose answer began before the end was announced learns it by the end of the connection.
      if (drain.begun) setImmediate(() => server.closeIdleConnections());
    });
    listener(request, response);
  };
  server.on('request', take);
  // What a request expects of the server beyond an answer is left out, as the protocol allows.
  server.on('checkExpectation', take);
  server.on('connect', (_request, socket) => refuseTunnel(socket));
  server.on('clientError', (error, socket) => refuseMalformed(error, socket, answering.has(socket)));
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new OperatorError(`Port ${port} on ${host} is taken: stop what listens there, or set PORT to another.`);
    case 'EACCES':
      return new OperatorError(`Port ${port} is not allowed for this user: set PORT to 1024 or more.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new OperatorError(`HOST is "${host}", no address of this machine: set it to 127.0.0.1 or 0.0.0.0.`);
    default:
      return error;
  }
}

function originOf({ address, family, port }: AddressInfo): string {
  const everywhere = address === '0.0.0.0' || address === '::';
  return `http://${everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
