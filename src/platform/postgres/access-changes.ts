import { EventEmitter } from 'node:events';
import { setTimeout as pass } from 'node:timers/promises';
import pg from 'pg';
import { createGuardedSocket } from './adapter/socket.ts';

const kinds = ['key', 'user', 'org', 'session'] as const;

/** What a cached principal was made of, and which row of it changed. */
export interface AccessChange {
  readonly kind: (typeof kinds)[number];
  readonly id: string;
}

export interface AccessSubscriber {
  /** Something changed, in this process or another: forget what was remembered about it. */
  onChange(change: AccessChange): void;
  /** Changes may have been missed: forget everything. Called after every reconnect, before any later change. */
  onGap(): void;
}

/** Hears from the database when what decides about access has changed, whichever process changed it. */
export interface AccessFeed {
  /** Returns the function that ends the subscription. */
  subscribe(subscriber: AccessSubscriber): () => void;
  /** False while changes cannot be heard: then nothing remembered may be trusted for long. */
  isListening(): boolean;
  /** Resolves once the feed listens; at once when it does already. */
  whenListening(): Promise<void>;
  close(): Promise<void>;
}

export interface AccessFeedOptions {
  /** A direct address: a pooler in transaction mode cannot LISTEN. */
  readonly url: string;
  readonly connectTimeoutMs?: number;
  /** The first wait before connecting again; it doubles up to `retryMaxMs`. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** How often the connection is asked for a sign of life: a network that went silent says nothing by itself. */
  readonly heartbeatMs?: number;
}

const channel = 'tenantry_access';

const parse = (payload: string | undefined): AccessChange | undefined => {
  const [, word, id] = /^(\w+):(.+)$/.exec(payload ?? '') ?? [];
  const kind = kinds.find((known) => known === word);
  return kind === undefined || id === undefined ? undefined : { kind, id };
};

/**
 * Starts to listen on a connection of its own, and keeps at it: a lost connection is replaced, with growing pauses, for
 * as long as the feed is open. Never throws for an unreachable database: `isListening` says how it stands.
 */
export function createAccessFeed(options: AccessFeedOptions): AccessFeed {
  const { url, connectTimeoutMs = 5_000, retryMinMs = 100, retryMaxMs = 5_000, heartbeatMs = 15_000 } = options;
  const subscribers = new Set<AccessSubscriber>();
  const events = new EventEmitter();
  /** Undefined while there is none: between two attempts, and for good once the feed is closed. */
  let client: pg.Client | undefined;
  let listening = false;
  let waitMs = retryMinMs;
  let timer: NodeJS.Timeout | undefined;

  const lost = (which: pg.Client): void => {
    if (which !== client) return;
    client = undefined;
    listening = false;
    void which.end().catch(() => undefined);
    timer = setTimeout(() => void connect(), waitMs);
    timer.unref();
    waitMs = Math.min(waitMs * 2, retryMaxMs);
  };

  const closed = new AbortController();
  /** One question after the other: on a silent network an answer may take longer than the pause. */
  const askForSigns = async (): Promise<void> => {
    while (await pass(heartbeatMs, true, { signal: closed.signal }).catch(() => false)) {
      const asked = listening ? client : undefined;
      await asked?.query('SELECT 1').catch(() => lost(asked));
    }
  };

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: connectTimeoutMs,
      keepAlive: true,
      stream: createGuardedSocket,
      application_name: 'tenantry-listen',
    });
    client = fresh;
    fresh.on('error', () => lost(fresh));
    fresh.on('notification', ({ payload }) => {
      const change = parse(payload);
      // A payload of a newer version, perhaps: what it means is unknown, so nothing remembered is safe.
      for (const subscriber of subscribers) {
        if (change === undefined) subscriber.onGap();
        else subscriber.onChange(change);
      }
    });
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${channel}`);
    } catch {
      lost(fresh);
      return;
    }
    if (fresh !== client) return;
    waitMs = retryMinMs;
    // Whatever happened before LISTEN was answered was not heard, the first time too.
    for (const subscriber of subscribers) subscriber.onGap();
    listening = true;
    events.emit('listening');
  };

  void connect();
  void askForSigns();

  return {
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    isListening: () => listening,
    whenListening: () =>
      listening ? Promise.resolve() : new Promise((resolve) => events.once('listening', () => resolve())),
    async close() {
      listening = false;
      clearTimeout(timer);
      closed.abort();
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
