import { createHash } from 'node:crypto';
import type { Mutant } from './mutant.ts';

const rank = (seed: string, { name }: Mutant): string => createHash('sha256').update(`${seed} ${name}`).digest('hex');

/** So many mutants, the same ones for the same seed: one of each area, then a second of each, and so on. */
export function sampleOf(mutants: readonly Mutant[], size: number, seed: string): Mutant[] {
  const places = new Map<string, number>();
  const drawn = mutants
    .map((mutant) => ({ mutant, rank: rank(seed, mutant) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map((draw) => {
      const turn = places.get(draw.mutant.area) ?? 0;
      places.set(draw.mutant.area, turn + 1);
      return { ...draw, turn };
    });
  return drawn.sort((a, b) => a.turn - b.turn || (a.rank < b.rank ? -1 : 1)).slice(0, size).map(({ mutant }) => mutant);
}
