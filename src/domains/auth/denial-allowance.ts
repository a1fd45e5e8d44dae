import { LRUCache } from 'lru-cache';

/** How many of somebody's refusals are written down one by one, within a time that begins with the first. */
export interface DenialAllowance {
  /**
   * @param names of what was refused; two with the same are the same refusal.
   * @returns for each whether it may be written, and when what was left out may be told: the end of the time.
   */
  take(who: string, names: readonly string[], now: Date): { readonly granted: readonly boolean[]; readonly endsAt: number };
}

/** As many are remembered at one time. Whoever is pushed out begins anew. */
const MOST_REMEMBERED = 10_000;

interface Account {
  readonly endsAt: number;
  taken: number;
  readonly written: Set<string>;
}

/**
 * Counts in the memory of this process. The same refusal again and again does not take all of it: who is to be refused
 * something else is still written down.
 *
 * @param bound `most` within `withinMs` milliseconds for each, and of these `repeated` at most once a refusal of its name is among them.
 */
export function createDenialAllowance(bound: { readonly most: number; readonly repeated: number; readonly withinMs: number }): DenialAllowance {
  const { most, repeated, withinMs } = bound;
  const accounts = new LRUCache<string, Account>({ max: MOST_REMEMBERED });
  return {
    take(who, names, now) {
      const known = accounts.get(who);
      const isOver = known === undefined || known.endsAt <= now.getTime();
      const account = isOver ? { endsAt: now.getTime() + withinMs, taken: 0, written: new Set<string>() } : known;
      accounts.set(who, account);
      const granted = names.map((name) => {
        if (account.taken >= (account.written.has(name) ? repeated : most)) return false;
        account.taken += 1;
        account.written.add(name);
        return true;
      });
      return { granted, endsAt: account.endsAt };
    },
  };
}
