import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSignals } from '../../platform/postgres/event-signals.ts';

/** How long events wait for others to be told of together. */
const GATHER_MS = 20;
const LONGEST_WAIT_MS = 1_000;
/** No transaction stays open for longer. Who follows finds its events by looking, if one does. */
const PATIENCE_MS = 60_000;

/** Tells all processes of new events, after the commit and together for all organizations. */
export interface Announcer {
  /** The organization has new events. */
  committed(orgId: string): void;
  /** It will have an event at the position if the transaction under way is kept. */
  expected(orgId: string, position: number): void;
  /** Tells what is still to be told. */
  close(): Promise<void>;
}

export function createAnnouncer(signals: Pick<EventSignals, 'wake' | 'wakeAt'>): Announcer {
  const committed = new Set<string>();
  const expected = new Map<string, object>();
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  const tell = async (): Promise<void> => {
    timer = undefined;
    const orgIds = [...committed];
    committed.clear();
    // A lost signal costs a follower some seconds and no event, so a database that is away is no reason to fail.
    if (orgIds.length > 0) await signals.wake(orgIds).catch(() => undefined);
  };

  const gather = (orgId: string): void => {
    committed.add(orgId);
    timer ??= setTimeout(() => void tell(), GATHER_MS);
  };

  const followTransaction = async (orgId: string, position: number, mine: object): Promise<void> => {
    const isMine = (): boolean => expected.get(orgId) === mine && !closing.signal.aborted;
    let waitMs = GATHER_MS;
    for (let waitedMs = 0; waitedMs < PATIENCE_MS && isMine(); waitedMs += waitMs, waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      await sleep(waitMs, undefined, { ref: false, signal: closing.signal }).catch(() => undefined);
      if (isMine() && (await signals.wakeAt(orgId, position).catch(() => false))) break;
    }
    if (expected.get(orgId) === mine) expected.delete(orgId);
  };

  return {
    committed: gather,
    expected(orgId, position) {
      // The one before has ended, or this one would still wait for the lock.
      if (expected.has(orgId)) gather(orgId);
      const mine = {};
      expected.set(orgId, mine);
      void followTransaction(orgId, position, mine);
    },
    async close() {
      clearTimeout(timer);
      for (const orgId of expected.keys()) committed.add(orgId);
      closing.abort();
      await tell();
    },
  };
}
