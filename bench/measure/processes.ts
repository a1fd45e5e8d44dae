import { readFileSync, readdirSync } from 'node:fs';

// What Linux tells about processes, in /proc.

/** The kernel counts processor time in hundredths of a second. */
const US_PER_TICK = 10_000;

const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold anything; the third field is the first one after it.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const orNothing = <Value>(read: () => Value, otherwise: Value): Value => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};

const childrenOf = (pid: number): number[] =>
  orNothing(
    () => readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number)),
    [],
  );

/** The processor time that a process, its ended children and its living ones have used, in microseconds. */
export const cpuUs = (pid: number): number => {
  const own = orNothing(() => statOf(pid).slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0), 0);
  return childrenOf(pid).reduce((sum, child) => sum + cpuUs(child), own * US_PER_TICK);
};

const kilobytes = (file: string, field: string): number =>
  orNothing(() => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0), 0);

/** Resident memory of one process, in megabytes. */
export const rssMb = (pid: number): number => kilobytes(`/proc/${pid}/status`, 'VmRSS') / 1024;

/** Memory of a process and its children in megabytes; what they share counts once. */
export const sharedRssMb = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, each) => sum + kilobytes(`/proc/${each}/smaps_rollup`, 'Pss') / 1024, 0);
