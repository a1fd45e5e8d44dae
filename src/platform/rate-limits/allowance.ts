import { LRUCache } from 'lru-cache';

/** How often something may be done by each of many, within a time that begins with the first. */
export interface Allowance {
  /**
   * Takes as many of `wanted` as there are left.
   *
   * @returns how many may be done, and how many were left out since the last ones that might.
   */
  take(who: string, wanted: number, now: Date): { readonly granted: number; readonly leftOut: number };
}

/** As many are remembered at one time. Whoever is pushed out begins anew. */
const MOST_REMEMBERED = 10_000;

interface Account {
  endsAt: number;
  left: number;
  leftOut: number;
}

/**
 * Counts in the memory of this process, for the 10,000 who were counted last.
 *
 * @param bound `most` within `withinMs` milliseconds, for each.
 */
export function createAllowance(bound: { readonly most: number; readonly withinMs: number }): Allowance {
  const { most, withinMs } = bound;
  const accounts = new LRUCache<string, Account>({ max: MOST_REMEMBERED });
  return {
    take(who, wanted, now) {
      const known = accounts.get(who);
      const isOver = known === undefined || known.endsAt <= now.getTime();
      const account = isOver ? { endsAt: now.getTime() + withinMs, left: most, leftOut: known?.leftOut ?? 0 } : known;
      const granted = Math.min(wanted, account.left);
      const leftOut = granted > 0 ? account.leftOut : 0;
      account.left -= granted;
      account.leftOut += wanted - granted - leftOut;
      accounts.set(who, account);
      return { granted, leftOut };
    },
  };
}
