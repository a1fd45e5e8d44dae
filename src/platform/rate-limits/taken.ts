/** What taking an amount from a limit came to. */
export interface Taken {
  /** False: there was not enough, and nothing was taken. */
  readonly fits: boolean;
  /** What is left afterwards. */
  readonly left: number;
  /** Milliseconds: of a window until it ends; of a bucket until the amount fits, 0 when it did. */
  readonly waitMs: number;
}
