import { SingleBar } from 'cli-progress';

/** Shows how far a long piece of work is. */
export interface Progress {
  /** So many more are there; `made` tells whether they were made now, which the rate is reckoned from. */
  add(count: number, made: boolean): void;
  /** How many were made now. */
  readonly made: number;
  stop(): void;
}

export interface ProgressOptions {
  readonly total: number;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** A terminal gets a bar that moves, anything else a line now and then. */
  readonly output: NodeJS.WriteStream;
}

const BETWEEN_LINES_MS = 2_000;

const grouped = (value: number): string => Math.round(value).toLocaleString('en');

const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return 'unknown';
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
};

type Show = (done: number, pace: { rate: string; left: string }) => void;

const bar = ({ total, unit, output }: ProgressOptions): { show: Show; stop: () => void } => {
  const format = `{bar} {percentage} %  {value}/{total} ${unit}  {rate} a second  {left} left`;
  const single = new SingleBar({ format, stream: output, hideCursor: true, barsize: 30, barCompleteChar: '#', barIncompleteChar: '.' });
  single.start(total, 0, { rate: '-', left: '-' });
  return { show: (done, pace) => single.update(done, pace), stop: () => single.stop() };
};

const lines = ({ total, unit, output }: ProgressOptions): { show: Show; stop: () => void } => {
  let lastMs = performance.now();
  const show: Show = (done, { rate, left }) => {
    if (done < total && performance.now() - lastMs < BETWEEN_LINES_MS) return;
    lastMs = performance.now();
    output.write(`${grouped(done)} of ${grouped(total)} ${unit} (${Math.floor((100 * done) / total)} %), ${rate} a second, ${left} left\n`);
  };
  return { show, stop: () => undefined };
};

export function startProgress(options: ProgressOptions): Progress {
  const { show, stop } = options.output.isTTY ? bar(options) : lines(options);
  const beganMs = performance.now();
  let [done, made] = [0, 0];
  return {
    add(count, isMade) {
      done += count;
      if (isMade) made += count;
      // What was there already came at once and says nothing about how long the rest takes.
      const rate = made / ((performance.now() - beganMs) / 1_000);
      show(done, { rate: grouped(rate), left: duration(done >= options.total ? 0 : (options.total - done) / rate) });
    },
    get made() {
      return made;
    },
    stop,
  };
}
