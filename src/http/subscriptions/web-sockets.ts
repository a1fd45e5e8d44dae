import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { RateLimitedError } from '../../kernel/errors.ts';
import { describeForLog } from '../error-log.ts';
import type { Sender } from '../trusted-proxies.ts';
import { createConnection, type Connection, type ConnectionParts } from './connection.ts';
import { createCounter } from './counter.ts';
import { createHeartbeat } from './heartbeat.ts';
import type { SubscriptionLimits, Subscriptions } from './subscriptions.ts';

/** A client that has not said who it is by then is sent away. */
const INIT_WAIT_MS = 5_000;
/** Beyond the operation itself: its type and id. */
const ENVELOPE_BYTES = 1_000;
const HEARTBEAT_MS = 12_000;

export interface SocketDoorOptions extends ConnectionParts {
  readonly subscriptions: Subscriptions;
  /** Of WebSockets there may be as many as of subscriptions. */
  readonly limits: Pick<SubscriptionLimits, 'perCaller' | 'perProcess'>;
  readonly bodyLimitBytes: number;
  readonly logger: Logger;
  /** How often a client is asked whether it is there, and how long it has for the answer. */
  readonly heartbeatMs?: number;
}

/** Subscriptions by WebSocket: the protocol graphql-transport-ws. */
export interface SocketDoor {
  /** Whether there are as many as this process takes. */
  isFull(): boolean;
  /** Takes a connection that asks to become a WebSocket, and that may. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, sender: Sender): void;
  /** Ends all subscriptions, those by other ways too, tells every client, and closes the connections. */
  close(graceMs: number): Promise<void>;
}

const GOING_AWAY = 1001;
const INTERNAL = 4500;
const INTERNAL_TEXT = 'Internal server error';

/** Opens the door: WebSockets come in by `accept`, each is one caller's, and each asks for subscriptions only. */
export function createSocketDoor(options: SocketDoorOptions): SocketDoor {
  const { subscriptions, limits, bodyLimitBytes, logger, heartbeatMs = HEARTBEAT_MS } = options;
  const heartbeat = createHeartbeat<WebSocket>(heartbeatMs);
  const perCaller = createCounter<string>();
  // What is sent is not packed: it would cost memory for each connection, and tell by its length what is in it.
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: bodyLimitBytes + ENVELOPE_BYTES,
    perMessageDeflate: false,
    handleProtocols,
  });
  const server = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    onConnect: async ({ connectionParams, extra }) => {
      const refusal = await extra.identify(connectionParams ?? {});
      if (refusal) extra.close(refusal);
      return refusal === null;
    },
    onSubscribe: (context, _id, payload) => context.extra.begin(payload),
    // What there is to follow was begun already.
    subscribe: ({ contextValue }) => contextValue as never,
    onNext: (_context, _id, _payload, _args, result) => ({ ...result, ...(result.errors && { errors: result.errors.map(shown) }) }),
    onError: (_context, _id, _payload, errors) => errors.map((error) => shown(coded(error, logger))),
  });

  const enter = (caller: string) => {
    if (perCaller.of(caller) >= limits.perCaller) {
      throw new RateLimitedError(`You have ${limits.perCaller} WebSockets open, the most there may be`, { insteadOfWaiting: 'close one of them first' });
    }
    perCaller.add(caller, 1);
    return () => perCaller.add(caller, -1);
  };

  /** What messages have set off: of a subscription all of it, until the client was told that it is complete. */
  const underWay = new Set<Promise<void>>();

  const open = (socket: WebSocket, request: IncomingMessage, sender: Sender): void => {
    const onFailure = (error: unknown): void => {
      logger.warn({ error: describeForLog(error) }, 'websocket failed');
      socket.close(INTERNAL, INTERNAL_TEXT);
    };
    heartbeat.add(socket);
    socket.on('pong', () => heartbeat.heard(socket));
    const ownUnderWay = new Set<Promise<void>>();
    const connection = createConnection(options, request, sender, {
      close: (code, reason) => socket.close(code, reason),
      cut: () => socket.terminate(),
      enter,
      settled: () => Promise.all(ownUnderWay),
    });
    const closed = server.opened(
      {
        protocol: socket.protocol,
        // Resolves when it is handed on: a client that reads slowly holds back its own events.
        send: (text) => new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => socket.on('message', (data: Buffer) => {
          const taking = take(data.toString())
            .catch(onFailure)
            .finally(() => {
              underWay.delete(taking);
              ownUnderWay.delete(taking);
            });
          underWay.add(taking);
          ownUnderWay.add(taking);
        }),
      },
      connection,
    );
    // Of what is not the protocol of WebSockets the library closes the connection by itself.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      heartbeat.remove(socket);
      connection.closed();
      void closed(code, reason.toString()).catch(onFailure);
    });
  };

  return {
    isFull: () => sockets.clients.size >= limits.perProcess,
    accept(request, socket, head, sender) {
      sockets.handleUpgrade(request, socket, head, (client) => open(client, request, sender));
    },
    async close(graceMs) {
      const timer = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, graceMs);
      await subscriptions.close(graceMs);
      await Promise.all(underWay);
      const closed = [...sockets.clients].map((client) => new Promise((resolve) => client.once('close', resolve)));
      for (const client of sockets.clients) client.close(GOING_AWAY, 'The server is stopping.');
      await Promise.all(closed);
      clearTimeout(timer);
    },
  };
}

/** A failure without what is meant for the HTTP response. */
function shown(error: { toJSON(): { extensions?: Record<string, unknown> } } | { extensions?: Record<string, unknown> }) {
  const json = 'toJSON' in error ? error.toJSON() : error;
  const { http: _, ...extensions } = json.extensions ?? {};
  return { ...json, extensions } as never;
}

/** What the library makes of something that was thrown has its text: nobody is told that, and the log has the rest. */
function coded(error: GraphQLError | { extensions?: Record<string, unknown> }, logger: Logger) {
  if (error.extensions?.['code'] !== undefined) return error;
  logger.error({ error: describeForLog((error as GraphQLError).originalError ?? error) }, 'unexpected failure');
  return new GraphQLError(INTERNAL_TEXT, { extensions: { code: 'INTERNAL' } });
}
