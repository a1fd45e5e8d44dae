/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 up to, but not including, `below`. */
  index(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
  chance(probability: number): boolean;
}

/** The generator mulberry32 (public domain): 32 bits of state, good enough to choose test cases. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const index = (below: number): number => Math.floor(next() * below);
  return { index, pick: (items) => items[index(items.length)]!, chance: (probability) => next() < probability };
}
