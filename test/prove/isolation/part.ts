/** How much a run does: `bounded` fits into the tests, `full` is what the committed report shows. */
export type Effort = 'bounded' | 'full';

/** Something of one organization that reached another, or an answer by which one could be told from another. */
export interface Leak {
  /** What was attacked, for example `Query.workflow(id)` or `soak through pgBouncer`. */
  readonly where: string;
  /** What was seen, short and without secrets: enough to repeat it. */
  readonly what: string;
}

/** What one part of the proof found out. */
export interface PartResult {
  /** Fields, arguments, doors or mechanisms that were attacked. */
  readonly attacked: number;
  readonly cases: number;
  readonly leaks: readonly Leak[];
  /** Names of the lines of the exemptions file that were used. */
  readonly exempted: readonly string[];
  /** Figures worth a line in the report. */
  readonly notes: readonly string[];
  /** What was not attacked and why, for example for want of a program; it stands in the report. */
  readonly leftOut?: readonly string[];
  /** Why it came to no end; whatever it found out before is not known. */
  readonly failure?: string;
}

export interface PartContext {
  readonly effort: Effort;
  /** Says how far the part is; shown on a terminal, written nowhere. */
  readonly progress: (done: number, total: number) => void;
}

/** One part of the proof that organizations are isolated. It makes its own databases on the current test cluster. */
export interface Part {
  readonly name: string;
  /** The guarantee, as a sentence. */
  readonly guarantee: string;
  run(context: PartContext): Promise<PartResult>;
}
