import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { describeForLog } from '../error-log.ts';
import type { Sender } from '../trusted-proxies.ts';
import { createConnection, type Connection, type ConnectionParts } from './connection.ts';
import type { Subscriptions } from './subscriptions.ts';

/** A client that has not said who it is by then is sent away. */
const INIT_WAIT_MS = 5_000;
/** Beyond the operation itself: its type and id. */
const ENVELOPE_BYTES = 1_000;
const HEARTBEAT_MS = 12_000;

export interface SocketDoorOptions extends ConnectionParts {
  readonly subscriptions: Subscriptions;
  readonly bodyLimitBytes: number;
  readonly logger: Logger;
  /** How often a client is asked whether it is there, and how long it has for the answer. */
  readonly heartbeatMs?: number;
}

/** Subscriptions by WebSocket: the protocol graphql-transport-ws. */
export interface SocketDoor {
  /** Takes a connection that asks to become a WebSocket, and that may. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, sender: Sender): void;
  /** Ends all subscriptions, those by other ways too, tells every client, and closes the connections. */
  close(graceMs: number): Promise<void>;
}

const GOING_AWAY = 1001;
const INTERNAL = 4500;

export function createSocketDoor(options: SocketDoorOptions): SocketDoor {
  const { subscriptions, bodyLimitBytes, logger, heartbeatMs = HEARTBEAT_MS } = options;
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
    onError: (_context, _id, _payload, errors) => errors.map(shown),
  });

  /** What messages have set off: of a subscription all of it, until the client was told that it is complete. */
  const underWay = new Set<Promise<void>>();

  const open = (socket: WebSocket, request: IncomingMessage, sender: Sender): void => {
    const onFailure = (error: unknown): void => {
      logger.warn({ error: describeForLog(error) }, 'websocket failed');
      socket.close(INTERNAL, 'Internal server error');
    };
    const stopHeartbeat = keepAlive(socket, heartbeatMs);
    const connection = createConnection(options, request, sender, {
      close: (code, reason) => socket.close(code, reason),
      cut: () => socket.terminate(),
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
            .finally(() => underWay.delete(taking));
          underWay.add(taking);
        }),
      },
      connection,
    );
    // Of what is not the protocol of WebSockets the library closes the connection by itself.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      stopHeartbeat();
      void closed(code, reason.toString()).catch(onFailure);
    });
  };

  return {
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

/** Asks the client again and again whether it is there, and cuts it off when it was silent for as long. */
function keepAlive(socket: WebSocket, heartbeatMs: number): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, heartbeatMs);
  return () => clearInterval(timer);
}
