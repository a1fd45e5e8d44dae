import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../src/kernel/operator-error.ts';
import type { BenchRequest, ServerCommand } from './contenders/contender.ts';
import { post } from './load/post.ts';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** The address of its endpoint. */
  readonly url: string;
  /** From its start to its first right answer. */
  readonly firstAnswerMs: number;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly command: (port: number) => ServerCommand;
  readonly path: string;
  /** Asked until it is answered. */
  readonly firstRequest: BenchRequest;
  readonly nodeArgs?: readonly string[];
}

const START_TIMEOUT_MS = 60_000;

async function freePort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

const isAnswered = async (url: string, request: BenchRequest): Promise<boolean> => {
  try {
    const { status, text } = await post(url, request);
    return status === 200 && !text.startsWith('{"errors"');
  } catch {
    return false;
  }
};

/** Starts a server with nothing of this process's environment, and waits for its first answer. */
export async function startServer({ command, path, firstRequest, nodeArgs = [] }: ServerOptions): Promise<ServerProcess> {
  const port = await freePort();
  const { args, env } = command(port);
  const { PATH = '', HOME = '' } = process.env;
  const began = performance.now();
  // What it logs is written, as on any server, and thrown away.
  const child = spawn(process.execPath, [...nodeArgs, ...args], { env: { PATH, HOME, RATE_LIMITS: 'off', ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (piece: Buffer) => (complaint += piece.toString()));
  const ended = once(child, 'close');
  const url = `http://127.0.0.1:${port}${path}`;
  while (!(await isAnswered(url, firstRequest))) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (isOver || performance.now() - began > START_TIMEOUT_MS) {
      child.kill('SIGKILL');
      throw new OperatorError(`A server did not answer: ${complaint.trim() || 'it said nothing'}.`);
    }
    await sleep(5);
  }
  const firstAnswerMs = performance.now() - began;
  return {
    pid: child.pid!,
    url,
    firstAnswerMs,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
