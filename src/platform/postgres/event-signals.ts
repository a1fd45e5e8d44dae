import type { DatabasePool } from './adapter/index.ts';
import { createListener, type ListenerOptions } from './listener.ts';

const channel = 'tenantry_events';
const nobody = { orgId: null, userId: null } as const;

/** Tells all processes on a database that organizations have new events. What is told may be lost: followers poll too. */
export interface EventSignals {
  /** Wakes the followers of these organizations, in every process. */
  wake(orgIds: readonly string[]): Promise<void>;
  /** The same for one organization, if its log has come to the position: false while it has not. */
  wakeAt(orgId: string, position: number): Promise<boolean>;
  /** Calls `onSignal` when the organization may have new events; returns the function that ends it. */
  subscribe(orgId: string, onSignal: () => void): () => void;
  /** False while signals cannot be heard: then followers have to look more often. */
  isListening(): boolean;
  whenListening(): Promise<void>;
  close(): Promise<void>;
}

/** Starts to listen, on one connection for all followers of this process. */
export function createEventSignals(pool: DatabasePool, options: ListenerOptions): EventSignals {
  const followers = new Map<string, Set<() => void>>();
  const listener = createListener(options, {
    channel,
    onMessage(orgId = '') {
      for (const onSignal of followers.get(orgId) ?? []) onSignal();
    },
    onGap() {
      for (const ofOne of followers.values()) for (const onSignal of ofOne) onSignal();
    },
  });
  return {
    async wake(orgIds) {
      const text = 'SELECT pg_notify($1, org_id) FROM unnest($2::text[]) AS org_id';
      await pool.run([pool.scopeStep(nobody), { text, values: [channel, orgIds] }]);
    },

    async wakeAt(orgId, position) {
      const text = 'SELECT pg_notify($1, org_id::text) FROM events.heads WHERE org_id = $2::uuid AND position >= $3::bigint';
      const scope = pool.scopeStep({ orgId, userId: null });
      return (await pool.run([scope, { text, values: [channel, orgId, position] }])).rowCount > 0;
    },

    subscribe(orgId, onSignal) {
      const ofOne = followers.get(orgId) ?? new Set();
      followers.set(orgId, ofOne.add(onSignal));
      return () => {
        ofOne.delete(onSignal);
        if (ofOne.size === 0 && followers.get(orgId) === ofOne) followers.delete(orgId);
      };
    },

    ...listener,
  };
}
