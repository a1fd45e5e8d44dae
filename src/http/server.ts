import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { OperatorError } from '../kernel/operator-error.ts';
import { createListener, type Doors, type Readiness } from './doors.ts';
import { createGraphiqlPage } from './graphiql/page.ts';
import { refuseMalformed } from './malformed.ts';
import type { Api } from './yoga.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long a stopping server waits for the requests under way. */
  readonly shutdownGraceMs: number;
  /** Whether browsers get the query page. */
  readonly graphiql: boolean;
  readonly readiness: () => Promise<Readiness>;
  readonly logger: Logger;
}

export interface RunningServer {
  /** Where the server answers, for example http://127.0.0.1:4000 */
  readonly origin: string;
  /** Takes no new requests, lets those under way finish, and closes. */
  close(): Promise<void>;
}

/** A request that is not there as a whole by then is refused: nobody holds a connection by sending slowly. */
const RECEIVE_TIMEOUT_MS = 60_000;
/** Longer than the 60 s of the usual load balancers, so that it is they who end a connection that is idle. */
const KEEP_ALIVE_MS = 65_000;

/** Listens. Throws an OperatorError with one line when the port is taken or not allowed. */
export async function startServer(api: Api, options: ServerOptions): Promise<RunningServer> {
  const drain = { begun: false };
  const server = createServer({ requestTimeout: RECEIVE_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS });
  attach(server, doorsOf(api, options, drain), drain);
  await listen(server, options);
  return {
    origin: originOf(server.address() as AddressInfo),
    async close() {
      drain.begun = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), options.shutdownGraceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

interface Drain {
  begun: boolean;
}

const STOPPING: Readiness = { ready: false, checks: { server: 'stopping' } };

function doorsOf(api: Api, { graphiql, readiness, logger }: ServerOptions, drain: Drain): Doors {
  return {
    api,
    page: graphiql ? createGraphiqlPage() : null,
    readiness: () => (drain.begun ? Promise.resolve(STOPPING) : readiness()),
    logger,
  };
}

function attach(server: Server, doors: Doors, drain: Drain): void {
  const listener = createListener(doors);
  const answering = new WeakSet<Duplex>();
  server.on('request', (request, response) => {
    // A client that keeps its connection open would never let the server end.
    if (drain.begun) response.setHeader('connection', 'close');
    answering.add(request.socket);
    response.once('close', () => {
      answering.delete(request.socket);
      // One whose answer began before the end was announced learns it by the end of the connection.
      if (drain.begun) setImmediate(() => server.closeIdleConnections());
    });
    listener(request, response);
  });
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
