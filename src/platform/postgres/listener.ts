import { EventEmitter } from 'node:events';
import { setTimeout as pass } from 'node:timers/promises';
import pg from 'pg';
import { createGuardedSocket } from './adapter/socket.ts';

export interface ListenerOptions {
  /** A direct address: a pooler in transaction mode cannot LISTEN. */
  readonly url: string;
  readonly connectTimeoutMs?: number;
  /** The first wait before connecting again; it doubles up to `retryMaxMs`. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** How often the connection is asked for a sign of life: a network that went silent says nothing by itself. */
  readonly heartbeatMs?: number;
}

/** What is heard. */
export interface Listening {
  readonly channel: string;
  onMessage(payload: string | undefined): void;
  /** Messages may have been missed. Called after every connect, the first one too, before any later message. */
  onGap(): void;
}

/** A connection of its own that listens to one channel of the database. */
export interface Listener {
  /** False while nothing can be heard. */
  isListening(): boolean;
  /** Resolves once it listens; at once when it does already. */
  whenListening(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts to listen, and keeps at it: a lost connection is replaced, with growing pauses, until it is closed. Never throws
 * for an unreachable database: `isListening` says how it stands.
 */
export function createListener(options: ListenerOptions, { channel, onMessage, onGap }: Listening): Listener {
  const { url, connectTimeoutMs = 5_000, retryMinMs = 100, retryMaxMs = 5_000, heartbeatMs = 15_000 } = options;
  const events = new EventEmitter();
  /** Undefined while there is none: between two attempts, and for good once it is closed. */
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
    fresh.on('notification', ({ payload }) => onMessage(payload));
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
    onGap();
    listening = true;
    events.emit('listening');
  };

  void connect();
  void askForSigns();

  return {
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
