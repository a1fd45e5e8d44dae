import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from '../kernel/operator-error.ts';
import type { Api } from './yoga.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long a stopping server waits for the requests under way. */
  readonly shutdownGraceMs: number;
  /** Whether the server can answer from its database now; the reason when not. */
  readonly readiness: () => Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
}

export interface RunningServer {
  /** Where the server answers, for example http://127.0.0.1:4000 */
  readonly origin: string;
  /** Takes no new requests, lets those under way finish, and closes. */
  close(): Promise<void>;
}

/** Listens. Throws an OperatorError with one line when the port is taken or not allowed. */
export async function startServer(api: Api, options: ServerOptions): Promise<RunningServer> {
  const readiness = readinessDoor(options.readiness);
  let draining = false;
  const server = createServer((request, response) => {
    // A client that keeps its connection open would never let the server end.
    if (draining) response.setHeader('connection', 'close');
    if (request.url === '/health/live') return void answer(response, 200, { status: 'live' });
    if (request.url === '/health/ready') return void readiness(response, draining);
    if (request.url === '/' && isBrowser(request)) return void response.writeHead(302, { location: '/graphql' }).end();
    return void api(request, response);
  });
  await listen(server, options);
  return {
    origin: originOf(server.address() as AddressInfo),
    async close() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), options.shutdownGraceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

function listen(server: ReturnType<typeof createServer>, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new OperatorError(`Port ${port} on ${host} is taken: stop what listens there, or set PORT to another one.`);
    case 'EACCES':
      return new OperatorError(`Port ${port} is not allowed for this user: set PORT to 1024 or more.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new OperatorError(`HOST is "${host}", which is no address of this machine: set it to 127.0.0.1 or 0.0.0.0.`);
    default:
      return error;
  }
}

function originOf({ address, family, port }: AddressInfo): string {
  const everywhere = address === '0.0.0.0' || address === '::';
  return `http://${everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function isBrowser({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}

/** 200 when requests can be answered, 503 when not, with what was looked at. */
function readinessDoor(readiness: ServerOptions['readiness']) {
  return async (response: ServerResponse, draining: boolean): Promise<void> => {
    const { ready, checks } = draining ? { ready: false, checks: { server: 'stopping' } } : await readiness();
    answer(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
