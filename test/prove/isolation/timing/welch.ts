interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

const summarize = (samples: readonly number[]): Summary => {
  const count = samples.length;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count;
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0);
  return { count, mean, variance: squares / (count - 1) };
};

/**
 * Welch's t of two lists of samples: how many standard errors lie between their means, without taking for granted that
 * they vary alike (B. L. Welch, Biometrika 34, 1947). The error has the unit of the samples.
 */
export const welch = (a: readonly number[], b: readonly number[]): { t: number; error: number } => {
  const [first, second] = [summarize(a), summarize(b)];
  const error = Math.sqrt(first.variance / first.count + second.variance / second.count);
  return { t: error === 0 ? 0 : (first.mean - second.mean) / error, error };
};

const KEPT_PERCENT = 90;

/**
 * Both lists without what lies above the 90th percentile of the two together: interruptions by the machine and the
 * garbage collector. One limit for both, and fixed before anything was measured, so that it favours neither.
 */
export const withoutOutliers = (a: readonly number[], b: readonly number[]): [number[], number[]] => {
  const sorted = [...a, ...b].sort((x, y) => x - y);
  const limit = sorted[Math.ceil((sorted.length * KEPT_PERCENT) / 100) - 1] ?? Number.POSITIVE_INFINITY;
  return [a.filter((sample) => sample <= limit), b.filter((sample) => sample <= limit)];
};
