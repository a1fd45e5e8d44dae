import { databaseName, ownerRole, runtimeRole } from './bootstrap.ts';
import { embeddedUrl, type RunningServer } from './run-server.ts';
import type { EmbeddedState } from './state.ts';

export interface EmbeddedOptions {
  /** Absolute. Made when it is missing. */
  readonly dataDir: string;
  /** Takes lines for the operator; never a secret. */
  readonly log: (line: string) => void;
  /** What this process does with the database, in one word, told to whoever is refused; a server's is `serve`. */
  readonly purpose?: string;
  /**
   * When a server has the data directory: `refuse` ends with a line that names it; `join` uses its database beside it,
   * and waits for other commands to end.
   */
  readonly whenHeld?: 'refuse' | 'join';
  /** Server settings over the ordinary ones; names and values without spaces. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly initdbFlags?: readonly string[];
}

export interface EmbeddedDatabase {
  readonly superuserUrl: (database?: string) => string;
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
  /** The server was running already, left by a killed process or owned by the one that has the data directory. */
  readonly reused: boolean;
  /** Stops the server and frees the data directory; only leaves it when another process owns it. */
  readonly stop: () => Promise<void>;
}

export const servePurpose = 'serve';

export const describeDatabase = (
  state: EmbeddedState,
  server: RunningServer,
  stop: () => Promise<void>,
): EmbeddedDatabase => ({
  superuserUrl: (database = databaseName) => embeddedUrl('postgres', state.superuserPassword, server.port, database),
  ownerUrl: embeddedUrl(ownerRole, state.ownerPassword, server.port, databaseName),
  runtimeUrl: embeddedUrl(runtimeRole, state.runtimePassword, server.port, databaseName),
  reused: server.reused,
  stop,
});
