import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { identifyProcess } from '../../src/platform/postgres/embedded/process-identity.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = path.join(root, 'src', 'main.ts');

/** The server as an operator runs it. */
export interface ServerProcess {
  readonly pid: number;
  /** Everything printed so far, on both streams. */
  output(): string;
  /** What was printed on standard error. */
  errors(): string;
  /** The address of the endpoint, once it is printed. @throws Error with the output when the process ends first. */
  url(): Promise<string>;
  /** Waits until something is printed. @throws Error with the output when the process ends first. */
  printed(text: string | RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** The exit code, or the signal's name, once it has ended. */
  ended(): Promise<number | NodeJS.Signals>;
  /** Ends it by that signal and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface SpawnOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** `npm start` in a process group of its own, as a terminal does it; signals go to the whole group. */
  readonly asGroup?: boolean;
}

/** What a process needs to run at all: nothing of this test's own configuration is handed on. */
const plainEnvironment = (): Record<string, string> => {
  const { PATH = '', HOME = '', USER = '' } = process.env;
  return { PATH, HOME, USER, PORT: '0', RATE_LIMITS: 'off' };
};

/** Starts the server without waiting for anything. */
export function spawnServer({ env = {}, cwd = root, asGroup = false }: SpawnOptions): ServerProcess {
  const child = spawn(asGroup ? 'npm' : process.execPath, [asGroup ? 'start' : script], {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: asGroup,
  });
  return describe(child, asGroup);
}

function describe(child: ChildProcess, asGroup: boolean): ServerProcess {
  const pid = child.pid ?? 0;
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    errors += chunk.toString();
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let over = false;
  const end = closed.then(([code, signal]) => {
    over = true;
    return code ?? signal ?? 0;
  });
  const printed = async (text: string | RegExp): Promise<void> => {
    while (typeof text === 'string' ? !output.includes(text) : !text.test(output)) {
      if (over) throw new Error(`the server ended without ${String(text)}:\n${output}`);
      await sleep(10);
    }
  };
  const signal = (name: NodeJS.Signals): void => void process.kill(asGroup ? -pid : pid, name);
  const address = /GraphQL {3}(http:\S+)/;
  return {
    pid,
    output: () => output,
    errors: () => errors,
    async url() {
      await printed(address);
      return address.exec(output)?.[1] ?? '';
    },
    printed,
    signal,
    ended: () => end,
    async end(name = 'SIGTERM') {
      if (!over) signal(name);
      return end;
    },
  };
}

/** The embedded database of a data directory: its process, if it runs, and the address of its superuser. */
export async function embeddedDatabase(dataDir: string): Promise<{ pid: number | undefined; superuserUrl: string }> {
  const { superuserPassword, port } = JSON.parse(await readFile(path.join(dataDir, 'database.json'), 'utf8')) as {
    superuserPassword: string;
    port: number;
  };
  const superuserUrl = `postgresql://postgres:${superuserPassword}@127.0.0.1:${port}/tenantry`;
  const text = await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return { pid: pid > 0 && (await identifyProcess(pid)) ? pid : undefined, superuserUrl };
}
