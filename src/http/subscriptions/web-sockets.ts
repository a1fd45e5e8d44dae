import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AppError } from '../../kernel/errors.ts';
import { describeForLog } from '../error-log.ts';
import type { Sender } from '../trusted-proxies.ts';
import { createConnection, type Connection, type ConnectionParts } from './connection.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createIntake } from './intake.ts';
import { createOutbox } from './outbox.ts';
import { createPlaces } from './places.ts';
import type { SubscriptionLimits, Subscriptions } from './subscriptions.ts';

/** A client that has not said who it is by then is sent away. */
const INIT_WAIT_MS = 5_000;
/** Beyond the operation itself: its type and id. */
const ENVELOPE_BYTES = 1_000;
const HEARTBEAT_MS = 12_000;
/** A client that has not closed its end by then, after it was told, is cut off. */
const CLOSE_WAIT_MS = 1_000;

export interface SocketDoorOptions extends ConnectionParts {
  readonly subscriptions: Subscriptions;
  /** Of WebSockets there may be as many as of subscriptions. */
  readonly limits: SubscriptionLimits;
  readonly bodyLimitBytes: number;
  readonly logger: Logger;
  /** How often a client is asked whether it is there, and how long it has for the answer. */
  readonly heartbeatMs?: number;
}

/** Subscriptions by WebSocket: the protocol graphql-transport-ws. */
export interface SocketDoor {
  /** Why this sender may not have one more; null when it may. */
  refusalOf(sender: Sender): AppError | null;
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
  const places = createPlaces(limits);
  // What is sent is not packed: it would cost memory for each connection, and tell by its length what is in it.
  const socketOptions = {
    noServer: true,
    maxPayload: bodyLimitBytes + ENVELOPE_BYTES,
    perMessageDeflate: false,
    // The types of the library do not know of it.
    closeTimeout: CLOSE_WAIT_MS,
    handleProtocols,
  };
  const sockets = new WebSocketServer(socketOptions);
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

  /** What messages have set off: of a subscription all of it, until the client was told that it is complete. */
  const underWay = new Set<Promise<void>>();

  const open = (socket: WebSocket, request: IncomingMessage, sender: Sender): void => {
    const place = places.take(sender.address);
    const outbox = createOutbox(socket);
    const intake = createIntake(limits.perConnection);
    let hasFailed = false;
    const onFailure = (error: unknown): void => {
      if (!hasFailed) logger.warn({ error: describeForLog(error) }, 'websocket failed');
      hasFailed = true;
      socket.close(INTERNAL, INTERNAL_TEXT);
    };
    const connection = createConnection(options, request, sender, {
      close: (code, reason) => socket.close(code, reason),
      cut: () => socket.terminate(),
      enter: place.enter,
      inTurn: outbox.inTurn,
      settled: intake.settled,
    });
    /** Whether something that was said is to be heard: nothing is after the end was announced. */
    const isHeard = (): boolean => {
      if (socket.readyState !== socket.OPEN) return false;
      const refusal = intake.count();
      if (refusal) connection.close(refusal);
      return refusal === null;
    };
    heartbeat.add(socket);
    socket.on('pong', (answer: Buffer) => isHeard() && heartbeat.heard(socket, answer.toString()));
    // The library answers by itself, and keeps few answers.
    socket.on('ping', isHeard);
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: outbox.send,
        close: (code, reason) => socket.close(code, reason),
        // Without what came with it: it would be kept for who does not read it.
        onPing: outbox.pong,
        onMessage: (take) => socket.on('message', (data: Buffer) => {
          if (!isHeard()) return;
          const taking = take(data.toString())
            .catch(onFailure)
            .finally(() => underWay.delete(taking));
          underWay.add(taking);
          intake.add(taking);
        }),
      },
      connection,
    );
    // Of what is not the protocol of WebSockets the library closes the connection by itself.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      heartbeat.remove(socket);
      place.leave();
      connection.closed();
      void closed(code, reason.toString()).catch(onFailure);
    });
  };

  return {
    refusalOf: ({ address }) => places.refusalOf(address),
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
