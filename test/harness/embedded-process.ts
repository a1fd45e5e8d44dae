import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./embedded-child.ts', import.meta.url));

/** A process of its own that has the embedded database of `dataDir`. */
export interface EmbeddedProcess {
  readonly pid: number;
  readonly superuserUrl: string;
  readonly reused: boolean;
  readonly logs: readonly string[];
  /** Ends it by that signal and waits for its end; SIGTERM stops the database too. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const endProcess = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
};

/** Starts the process without waiting for its database. */
export const spawnEmbedded = (dataDir: string): ChildProcess =>
  spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });

/** Starts the process and waits for its database; rejects with its line when it refuses. */
export const startEmbeddedProcess = async (dataDir: string): Promise<EmbeddedProcess> => {
  const child = spawnEmbedded(dataDir);
  const logs: string[] = [];
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const message = JSON.parse(line) as { log?: string; error?: string; superuserUrl?: string; reused?: boolean };
      if (message.log !== undefined) logs.push(message.log);
      if (message.error !== undefined) reject(new Error(message.error));
      if (message.superuserUrl === undefined) return;
      const { superuserUrl, reused = false } = message;
      resolve({ pid: child.pid ?? 0, superuserUrl, reused, logs, end: (signal) => endProcess(child, signal) });
    });
    lines.on('close', () => reject(new Error('the process ended without a word')));
  });
};
