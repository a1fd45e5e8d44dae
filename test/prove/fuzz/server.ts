import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FuzzWorld } from './client.ts';
import type { Measures, Order, Report } from './server-child.ts';

export interface FuzzedServer {
  /** Makes a fresh organization, and answers with what it has. */
  nextWorld(): Promise<FuzzWorld>;
  measure(): Promise<Measures>;
  /** What its log says about a request, or all that it says about anything unexpected. */
  readonly failures: readonly Record<string, any>[];
  /** Its exit code or signal, when it has ended by itself. */
  crashed(): string | undefined;
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL('./server-child.ts', import.meta.url));

export type PlantedBug = 'text' | 'defect' | 'leak' | 'id' | 'crash';

/** Starts the server that is fuzzed, if need be with a mistake in it. */
export function startFuzzedServer(planted?: PlantedBug): FuzzedServer {
  const child = fork(script, planted ? [planted] : [], { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const failures: Record<string, any>[] = [];
  let stopping = false;
  let end: string | undefined;
  child.on('message', (report: Report) => {
    if ('failure' in report) failures.push(report.failure);
  });
  child.on('exit', (code, signal) => {
    if (!stopping) end = String(signal ?? code);
  });
  return {
    nextWorld: () => ask(child, 'world', (report) => ('world' in report ? report.world : undefined)),
    measure: () => ask(child, 'measure', (report) => ('measures' in report ? report.measures : undefined)),
    failures,
    crashed: () => end,
    async stop() {
      stopping = true;
      if (end !== undefined) return;
      const ended = once(child, 'exit');
      // One that has crashed has no channel any more, a moment before its end is told.
      child.send('stop' satisfies Order, () => undefined);
      await ended;
    },
  };
}

function ask<Answer>(child: ChildProcess, order: Order, pick: (report: Report) => Answer | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('the fuzzed server has ended'));
    const hear = (report: Report): void => {
      const answer = pick(report);
      if (answer === undefined) return;
      child.off('message', hear).off('exit', ended);
      resolve(answer);
    };
    child.on('message', hear).once('exit', ended);
    child.send(order, (error) => error && reject(error));
  });
}
