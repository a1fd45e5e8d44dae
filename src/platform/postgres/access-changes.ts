import { createListener, type ListenerOptions } from './listener.ts';

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

const parse = (payload: string | undefined): AccessChange | undefined => {
  const [, word, id] = /^(\w+):(.+)$/.exec(payload ?? '') ?? [];
  const kind = kinds.find((known) => known === word);
  return kind === undefined || id === undefined ? undefined : { kind, id };
};

/**
 * Starts to listen on a connection of its own, and keeps at it for as long as the feed is open. Never throws for an
 * unreachable database: `isListening` says how it stands.
 */
export function createAccessFeed(options: ListenerOptions): AccessFeed {
  const subscribers = new Set<AccessSubscriber>();
  const onGap = (): void => {
    for (const subscriber of subscribers) subscriber.onGap();
  };
  const listener = createListener(options, {
    channel: 'tenantry_access',
    onMessage(payload) {
      const change = parse(payload);
      // A payload of a newer version, perhaps: what it means is unknown, so nothing remembered is safe.
      if (change === undefined) onGap();
      else for (const subscriber of subscribers) subscriber.onChange(change);
    },
    onGap,
  });
  return {
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    ...listener,
  };
}
