/** What is known of something that a tenant tried to write. `maybe`: the answer was lost on the way. */
export type Fate = 'present' | 'gone' | 'maybe';

/** What one tenant wrote, by names that are used once. What is not in it must never be found. */
export interface Ledger {
  /** A name nobody used before. It holds the tenant's marker. */
  newName(what: string): string;
  note(name: string, fate: Fate): void;
  /** Compares with the names that were found; says in words what differs. */
  compare(found: readonly string[]): string[];
}

export function createLedger(marker: string): Ledger {
  const fates = new Map<string, Fate>();
  let made = 0;
  return {
    newName(what) {
      made += 1;
      return `${what} ${made} ${marker}`;
    },
    note: (name, fate) => void fates.set(name, fate),
    compare(found) {
      const names = new Set(found);
      const missing = [...fates].filter(([name, fate]) => fate === 'present' && !names.has(name));
      const risen = [...fates].filter(([name, fate]) => fate === 'gone' && names.has(name));
      const unknown = found.filter((name) => !fates.has(name));
      return [
        ...missing.map(([name]) => `${name} was written and is not there`),
        ...risen.map(([name]) => `${name} was deleted and is there`),
        ...unknown.map((name) => `${name} is there, and nobody was told that it was written`),
      ];
    },
  };
}
