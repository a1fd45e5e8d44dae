import type { ClusterAddress } from '../../harness/cluster.ts';
import { type Area, areas } from './areas.ts';
import type { Mutant } from './mutant.ts';
import { openWorkshop, type Verdict } from './workshop.ts';

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export interface JudgeOptions {
  /** The project that the mutants are mutants of. */
  readonly root: string;
  readonly cluster: ClusterAddress;
  /** How many are tried at a time. */
  readonly workers: number;
  /** When it is over, no other is begun; in milliseconds, as Date.now() has them. */
  readonly endsAtMs: number;
  /** Called for each, in the order in which they end. */
  readonly onVerdict: (judged: Judged) => void;
}

export const areaOf = ({ area: name }: Mutant): Area => areas.find((area) => area.name === name)!;

/** Tries one mutant after the other for as long as there is time. */
export async function judgeMutants(mutants: readonly Mutant[], { root, cluster, workers, endsAtMs, onVerdict }: JudgeOptions): Promise<void> {
  const queue = mutants.values();
  const work = async (): Promise<void> => {
    const workshop = await openWorkshop(root, cluster);
    try {
      for (const mutant of queue) {
        if (Date.now() >= endsAtMs) return;
        onVerdict({ mutant, verdict: await workshop.try(mutant, areaOf(mutant)) });
      }
    } finally {
      await workshop.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, mutants.length) }, work));
}
