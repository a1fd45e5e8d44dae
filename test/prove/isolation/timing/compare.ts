import { randomInt } from 'node:crypto';
import { welch, withoutOutliers } from './welch.ts';

/** Questions that must take equally long, whatever the reason is for which each of them finds nothing. */
export interface Comparison {
  readonly name: string;
  /** One question of each class. */
  readonly classes: Readonly<Record<string, () => Promise<unknown>>>;
  /** Done before each question, for all classes alike, and not measured: the question finds the same each time. */
  readonly prepare?: (name: string) => Promise<unknown>;
}

/** Two classes of a comparison and how far apart they were in the last round. */
export interface Difference {
  readonly name: string;
  readonly t: number;
  /** The smallest difference that so many samples would have told, in milliseconds. */
  readonly leastMs: number;
  readonly rounds: number;
  readonly samples: number;
  readonly told: boolean;
}

export interface CompareOptions {
  /** Samples of each class in the first round; each further round takes twice as many. */
  readonly samples: number;
  readonly rounds: number;
}

/** Above it two distributions are told apart with a confidence of more than 99.999 percent. */
const THRESHOLD = 4.5;
const WARM_UP = 200;

const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

/** So many samples of each class, one after the other in an order that is drawn anew for each sample. */
async function sample({ classes, prepare }: Comparison, count: number): Promise<Map<string, number[]>> {
  const names = Object.keys(classes);
  const samples = new Map(names.map((name) => [name, [] as number[]]));
  const take = async (name: string): Promise<number> => {
    await prepare?.(name);
    return elapsed(classes[name] ?? (() => Promise.resolve()));
  };
  for (let turn = 0; turn < WARM_UP * names.length; turn += 1) await take(names[randomInt(names.length)] ?? '');
  for (let turn = 0; turn < count * names.length; turn += 1) {
    const name = names[randomInt(names.length)] ?? '';
    samples.get(name)?.push(await take(name));
  }
  return samples;
}

const pairsOf = (names: readonly string[]): [string, string][] =>
  names.flatMap((first, place) => names.slice(place + 1).map((second): [string, string] => [first, second]));

/**
 * Compares every class with every other, after the method of dudect (O. Reparaz, J. Balasch and I. Verbauwhede, "Dude,
 * is my code constant time?", DATE 2017): classes interleaved at random, slow outliers cropped, Welch's t against 4.5.
 *
 * Pairs that differ are measured again with twice as many samples. A difference that is there grows with the square root
 * of their number; one that a busy machine made does not come back. It counts when every round has shown it.
 */
export async function compare(comparison: Comparison, { samples: first, rounds }: CompareOptions): Promise<Difference[]> {
  let pairs = pairsOf(Object.keys(comparison.classes));
  const differences: Difference[] = [];
  for (let round = 1; pairs.length > 0; round += 1) {
    const count = first * 2 ** (round - 1);
    const samples = await sample(comparison, count);
    const again: [string, string][] = [];
    for (const [a, b] of pairs) {
      const { t, error } = welch(...withoutOutliers(samples.get(a) ?? [], samples.get(b) ?? []));
      const differs = Math.abs(t) >= THRESHOLD;
      if (differs && round < rounds) again.push([a, b]);
      else differences.push({ name: `${comparison.name}: ${a} against ${b}`, t, leastMs: THRESHOLD * error, rounds: round, samples: count, told: differs });
    }
    pairs = again;
  }
  return differences;
}
