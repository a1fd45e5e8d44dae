/** How many there are of each, in this process. Whatever there is none of takes up no memory. */
export interface Counter<Key> {
  of(key: Key): number;
  add(key: Key, change: number): void;
}

/** Counts for keys of any kind, each from nothing. */
export function createCounter<Key>(): Counter<Key> {
  const counts = new Map<Key, number>();
  return {
    of: (key) => counts.get(key) ?? 0,
    add(key, change) {
      const count = (counts.get(key) ?? 0) + change;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}
