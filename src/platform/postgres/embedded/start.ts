import path from 'node:path';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { ensureDatabase } from './bootstrap.ts';
import { describeDatabase, type EmbeddedDatabase, type EmbeddedOptions, servePurpose } from './embedded-database.ts';
import { initialise, isInitialised } from './initdb.ts';
import { joinDatabase } from './join.ts';
import { findPlace, type Place, prepareDataDir, unwritableError } from './place.ts';
import { stopPostmaster } from './postmaster.ts';
import { embeddedUrl, type RunOptions, runServer } from './run-server.ts';
import { awaitServerLock, isHolder, refuseHeld, type ServerLock } from './server-lock.ts';
import { type EmbeddedState, newState, readState, writeState } from './state.ts';
import { superviseServer } from './supervisor.ts';

/**
 * Meant for a developer's machine. Statements and values of failed queries are kept out of the log: they may hold
 * what must not be written down, and the client is told anyway.
 */
const ordinarySettings = {
  max_connections: '120',
  shared_buffers: '128MB',
  fsync: 'on',
  jit: 'off',
  huge_pages: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

interface Prepared {
  readonly place: Place;
  readonly state: EmbeddedState;
}

/** Finds or makes the server's directory, with the state that belongs to it. */
const prepare = async (dataDir: string, options: EmbeddedOptions): Promise<Prepared> => {
  const kept = await readState(dataDir);
  const place = await findPlace(dataDir, kept, options.log);
  const initialised = await isInitialised(place);
  if (initialised && kept === undefined) {
    throw new OperatorError(
      `${place.pgdata} is there but its passwords are not: restore ${path.join(dataDir, 'database.json')}, ` +
        `or move ${place.pgdata} away to begin anew.`,
    );
  }
  const state = kept ?? newState(place.home === dataDir ? undefined : place.home);
  if (kept === undefined) await writeState(dataDir, state);
  if (!initialised) {
    options.log(`Making the embedded PostgreSQL in ${place.pgdata} (first start).`);
    await initialise(place, state.superuserPassword, options.initdbFlags ?? []);
  }
  return { place, state };
};

const runOptionsOf = (options: EmbeddedOptions, state: EmbeddedState): RunOptions => ({
  superuserPassword: state.superuserPassword,
  settings: { ...ordinarySettings, ...options.settings },
  port: state.port,
  log: options.log,
});

const startPrepared = async (
  dataDir: string,
  { place, state }: Prepared,
  lock: ServerLock,
  options: EmbeddedOptions,
): Promise<EmbeddedDatabase> => {
  const runOptions = runOptionsOf(options, state);
  const server = await runServer(place, runOptions);
  if (server.reused) options.log('The embedded database was still running; it is used as it is.');
  if (server.port !== state.port) await writeState(dataDir, { ...state, port: server.port });
  await ensureDatabase(embeddedUrl('postgres', state.superuserPassword, server.port, 'postgres'), state);
  const supervisor = superviseServer(place, { ...runOptions, port: server.port });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    try {
      await stopPostmaster(place);
    } finally {
      await lock.release();
    }
  };
  let stopping: Promise<void> | undefined;
  return describeDatabase(state, server, () => (stopping ??= stop()));
};

const startOwned = async (dataDir: string, lock: ServerLock, options: EmbeddedOptions): Promise<EmbeddedDatabase> => {
  let prepared: Prepared | undefined;
  try {
    prepared = await prepare(dataDir, options);
    return await startPrepared(dataDir, prepared, lock, options);
  } catch (error) {
    if (prepared !== undefined) await stopPostmaster(prepared.place).catch(() => undefined);
    await lock.release();
    throw error;
  }
};

const acquire = async (dataDir: string, purpose: string, whenHeld: 'refuse' | 'join') => {
  try {
    if (whenHeld === 'refuse') return await refuseHeld(dataDir, purpose);
    return await awaitServerLock(dataDir, { purpose, joins: servePurpose, timeoutMs: 60_000 });
  } catch (error) {
    throw error instanceof OperatorError ? error : unwritableError(dataDir, error);
  }
};

/**
 * Starts the embedded PostgreSQL 18 in `dataDir/postgres`, or takes over the one that a killed process left running.
 * At the first start it makes the server's directory, the owner and runtime roles and the database. While it runs it
 * is watched, and started again on the same port when it was killed.
 *
 * @throws OperatorError with one line: data directory held or not writable, server does not start, ...
 */
export const startEmbedded = async (options: EmbeddedOptions): Promise<EmbeddedDatabase> => {
  const dataDir = await prepareDataDir(options.dataDir);
  const acquired = await acquire(dataDir, options.purpose ?? servePurpose, options.whenHeld ?? 'refuse');
  return isHolder(acquired) ? joinDatabase(dataDir, options) : startOwned(dataDir, acquired, options);
};
