/** Mutants that no test can notice, because nothing they change can be seen from outside. */
export interface Equivalent {
  readonly reason: string;
  /** Names of mutants, as the list shows them. */
  readonly names: readonly string[];
}

/** Reviewed one by one. A name that belongs to no mutant any more fails the run. */
export const equivalents: readonly Equivalent[] = [];
