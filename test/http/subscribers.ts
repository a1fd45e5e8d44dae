import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** What a subscriber was given, in its order, and how it ended. */
export interface Followed {
  readonly results: { data?: any; errors?: { message: string; extensions: { code: string } }[] }[];
  /** Rejects with what the client calls an error; resolves when the subscription is complete. */
  readonly done: Promise<void>;
  stop(): void;
}

interface Asked {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

type Sink = { next(result: unknown): void; error(error: unknown): void; complete(): void };

function follow(begin: (sink: Sink) => () => void): Followed {
  const results: Followed['results'] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Whoever is not interested in how it ends need not look.
  promise.catch(() => undefined);
  const stop = begin({ next: (result) => void results.push(result as never), error: (error) => reject(error), complete: () => resolve() });
  return { results, done: promise, stop };
}

/** Subscribes by server-sent events, as graphql-sse does: a request for each. */
export function bySse(url: string, headers: Record<string, string>, asked: Asked): Followed {
  const client = createSseClient({ url, headers, retryAttempts: 0 });
  return follow((sink) => {
    const stop = client.subscribe(asked, sink);
    return () => {
      stop();
      client.dispose();
    };
  });
}

/** Subscribes by a WebSocket of its own, as graphql-ws does. */
export function byWebSocket(url: string, connectionParams: Record<string, unknown>, asked: Asked, headers: Record<string, string> = {}): Followed {
  class Socket extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { headers });
    }
  }
  const client = createWsClient({ url: url.replace(/^http/, 'ws'), connectionParams, webSocketImpl: Socket, retryAttempts: 0 });
  return follow((sink) => {
    const stop = client.subscribe(asked, sink);
    return () => {
      stop();
      void client.dispose();
    };
  });
}
