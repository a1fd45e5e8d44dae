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
  /** Called for each, in the order in which they end. */
  readonly onVerdict: (judged: Judged) => void;
}

export const areaOf = ({ area: name }: Mutant): Area => areas.find((area) => area.name === name)!;

/** Tries every mutant, and answers in their order. */
export async function judgeMutants(mutants: readonly Mutant[], { root, cluster, workers, onVerdict }: JudgeOptions): Promise<Judged[]> {
  const judged = new Map<Mutant, Judged>();
  const queue = mutants.values();
  const work = async (): Promise<void> => {
    const workshop = await openWorkshop(root, cluster);
    try {
      for (const mutant of queue) {
        const one = { mutant, verdict: await workshop.try(mutant, areaOf(mutant)) };
        judged.set(mutant, one);
        onVerdict(one);
      }
    } finally {
      await workshop.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, mutants.length) }, work));
  return mutants.map((mutant) => judged.get(mutant)!);
}
