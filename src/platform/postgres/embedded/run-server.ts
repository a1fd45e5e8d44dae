import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { errorCode, withClient } from '../client.ts';
import type { Place } from './place.ts';
import { clearStalePidFile, findPostmaster, startPostmaster } from './postmaster.ts';

export interface RunOptions {
  readonly superuserPassword: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Tried first. */
  readonly port: number | undefined;
  /** Only that port will do: clients already know it. */
  readonly fixedPort?: boolean;
  readonly log: (line: string) => void;
  /** How long recovery and the remains of a killed server may take. */
  readonly timeoutMs?: number;
}

export interface RunningServer {
  readonly port: number;
  /** It was running already, and was not started here a moment ago. */
  readonly reused: boolean;
}

/** Address of the embedded server. */
export const embeddedUrl = (user: string, password: string, port: number, database: string): string =>
  `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;

const tryListen = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });

const choosePort = async (options: RunOptions): Promise<number> => {
  if (options.fixedPort && options.port !== undefined) return options.port;
  const kept = options.port === undefined ? undefined : await tryListen(options.port);
  const port = kept ?? (await tryListen(0));
  if (port === undefined) throw new OperatorError('No free port on 127.0.0.1 for the embedded database: free one.');
  return port;
};

/** Whether the server takes connections; a server that is starting or stopping does not. */
const isReady = async (port: number, options: RunOptions): Promise<boolean> => {
  const url = embeddedUrl('postgres', options.superuserPassword, port, 'postgres');
  try {
    await withClient(url, (client) => client.query('SELECT 1'), { connectTimeoutMs: 2_000 });
    return true;
  } catch (error) {
    if (errorCode(error) !== '28P01') return false;
    throw new OperatorError(
      'The embedded database does not accept the passwords in database.json: restore that file in DATA_DIR.',
      { cause: error },
    );
  }
};

/** These pass by themselves: the remains of a killed server, and a port that was taken between choosing and using it. */
const passing = /already exists|still in use|already in use|could not create any TCP\/IP sockets|could not bind/i;

interface Attempt {
  /** Where a server answers. */
  readonly port?: number;
  /** The attempt has started a server, which may not answer yet: the next one finds it running. */
  readonly started?: boolean;
  readonly waitingFor: string;
}

const attempt = async (place: Place, options: RunOptions): Promise<Attempt> => {
  const found = await findPostmaster(place);
  if (found.kind === 'running') {
    const { pid, port } = found.postmaster;
    if (port > 0 && (await isReady(port, options))) return { port, waitingFor: '' };
    return { waitingFor: `process ${pid} has the database and does not answer` };
  }
  if (found.kind === 'stale' && found.blocking && !(await clearStalePidFile(place))) {
    return { waitingFor: 'processes of a killed database server are still running' };
  }
  const port = await choosePort(options);
  const failure = await startPostmaster(place, port, options.settings);
  if (failure === undefined && (await isReady(port, options))) return { port, started: true, waitingFor: '' };
  if (failure === undefined) return { started: true, waitingFor: 'it was started and does not answer' };
  if (passing.test(failure)) return { waitingFor: failure };
  // The server may have been started but be slow to recover: then it is found running at the next attempt.
  if ((await findPostmaster(place)).kind === 'running') return { started: true, waitingFor: 'the database is recovering' };
  throw new OperatorError(`The embedded database does not start: ${failure} (log: ${place.logFile}).`);
};

/**
 * Makes sure that the place's server runs and answers: finds the one that runs, or starts one, with growing pauses
 * while the remains of a killed one stand in the way.
 *
 * @throws OperatorError when it cannot be started, or does not answer within `timeoutMs` (60 s).
 */
export const runServer = async (place: Place, options: RunOptions): Promise<RunningServer> => {
  const deadline = performance.now() + (options.timeoutMs ?? 60_000);
  let startedHere = false;
  for (let pauseMs = 25, told = false; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    const { port, started = false, waitingFor } = await attempt(place, options);
    startedHere ||= started;
    if (port !== undefined) return { port, reused: !startedHere };
    if (performance.now() > deadline) {
      throw new OperatorError(`The embedded database did not get ready: ${waitingFor} (log: ${place.logFile}).`);
    }
    if (!told && pauseMs >= 800) {
      options.log(`Waiting for the embedded database: ${waitingFor}.`);
      told = true;
    }
    await sleep(pauseMs);
  }
};
