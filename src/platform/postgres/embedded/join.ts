import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../../../kernel/operator-error.ts';
import { withClient } from '../client.ts';
import { describeDatabase, type EmbeddedDatabase, type EmbeddedOptions } from './embedded-database.ts';
import { findPlace } from './place.ts';
import { findPostmaster } from './postmaster.ts';
import { readState } from './state.ts';

const timeoutMs = 60_000;

const leaveRunning = async (): Promise<void> => undefined;

const tryJoin = async (dataDir: string, options: EmbeddedOptions): Promise<EmbeddedDatabase | undefined> => {
  const state = await readState(dataDir);
  if (state === undefined) return undefined;
  const found = await findPostmaster(await findPlace(dataDir, state, options.log));
  if (found.kind !== 'running') return undefined;
  const database = describeDatabase(state, { port: found.postmaster.port, reused: true }, leaveRunning);
  const answer = await withClient(database.ownerUrl, (client) => client.query('SELECT 1')).catch(() => undefined);
  return answer && database;
};

/** Uses the database of the server that has the data directory; that one may be at its first start, so it is waited for. */
export const joinDatabase = async (dataDir: string, options: EmbeddedOptions): Promise<EmbeddedDatabase> => {
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; await sleep(100)) {
    const database = await tryJoin(dataDir, options);
    if (database !== undefined) return database;
  }
  throw new OperatorError(`The server that has ${dataDir} has no running database: stop that server and start it again.`);
};
