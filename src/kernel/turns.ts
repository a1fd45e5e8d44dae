import { ServiceUnavailableError } from './errors.ts';

/** Does work of which only so much is to be under way at once; the rest waits in the order in which it came. */
export type Turns = <Result>(work: () => Result | Promise<Result>) => Promise<Result>;

/** @param most how many at once. */
export function createTurns(most: number): Turns {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (underWay < most) underWay += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever is next takes over the place.
      const next = waiting.shift();
      if (next) next();
      else underWay -= 1;
    }
  };
}

/** The same for work of many, so that none of them takes what all share. */
export type KeyedTurns = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>;

export interface KeyedTurnsOptions {
  /** How many of one key at once. */
  readonly ofOne: number;
  /** How many of all keys together at once. */
  readonly ofAll: number;
  /** How many of one key may wait. */
  readonly waiting: number;
}

/** @throws ServiceUnavailableError, by the returned function, for what would have to wait behind too many. */
export function createKeyedTurns(most: KeyedTurnsOptions): KeyedTurns {
  const ofAll = createTurns(most.ofAll);
  const ofOne = new Map<string, { readonly turns: Turns; users: number }>();
  return async (key, work) => {
    const own = ofOne.get(key) ?? { turns: createTurns(most.ofOne), users: 0 };
    if (own.users >= most.ofOne + most.waiting) throw new ServiceUnavailableError();
    ofOne.set(key, own);
    own.users += 1;
    try {
      // Its own first: who waits for that takes up no place of all.
      return await own.turns(() => ofAll(work));
    } finally {
      own.users -= 1;
      if (own.users === 0) ofOne.delete(key);
    }
  };
}
