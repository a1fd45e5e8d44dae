import pino from 'pino';
import { startServer, type ServerOptions } from '../../src/http/server.ts';
import type { TestApp } from './app.ts';

/** A test app that listens, for clients that need a socket. */
export interface TestServer {
  /** The address of the GraphQL endpoint. */
  readonly url: string;
  /** Stops listening, at once; the app and its database stay. */
  close(): Promise<void>;
}

/** Lets a test app answer on a free port of this machine, through the same server as `npm start`. */
export async function startTestServer({ app }: Pick<TestApp, 'app'>, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const server = await startServer(app.api, {
    host: '127.0.0.1',
    port: 0,
    shutdownGraceMs: 0,
    requestTimeoutMs: 15_000,
    graphiql: false,
    trustedProxies: [],
    readiness: () => Promise.resolve({ ready: true, checks: {} }),
    log: app.logDoors,
    sockets: app.sockets,
    origins: { corsOrigins: [], corsLocal: false },
    logger: pino({ level: 'silent' }),
    ...options,
  });
  return { url: `${server.origin}/graphql`, close: server.close };
}
