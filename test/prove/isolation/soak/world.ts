import pino from 'pino';
import type { Environment } from '../../../../src/config/index.ts';
import { startTestApp, type TestApp, type TestWalls } from '../../../harness/app.ts';
import { createTestDatabase, type TestDatabase } from '../../../harness/database.ts';
import { startTestServer } from '../../../harness/http.ts';
import { makeTenants, type SoakTenant } from './tenants.ts';

/** How long a request may take on the server with the short deadline. */
export const SHORT_DEADLINE_MS = 60;

/** Sessions that outlive the longest soak. */
const LONG_SESSIONS = { SESSION_ACCESS_MINUTES: '1440', STEP_UP_MINUTES: '1440' };

/** One server of the soak, over HTTP. */
export interface Door {
  readonly url: string;
  readonly app: TestApp['app'];
}

/** Tenants, the database that they are in, and two servers in front of it. */
export interface SoakWorld {
  readonly database: TestDatabase;
  readonly tenants: readonly SoakTenant[];
  readonly patient: Door;
  /** Ends every request after a moment. */
  readonly hurried: Door;
  /** Every line that either server wrote to its log. */
  readonly logLines: readonly string[];
  close(): Promise<void>;
}

export interface SoakWorldOptions {
  readonly tenantCount: number;
  readonly walls?: TestWalls;
  readonly environment?: Environment;
  /** The address of the database for the servers, when it is not its own: that of a pooler in front of it. */
  readonly through?: (database: TestDatabase) => Promise<{ readonly url: string; close(): Promise<void> }>;
  readonly progress: (done: number) => void;
}

/** Closes the last first. */
const undoAll = async (undo: readonly (() => Promise<void>)[]): Promise<void> => {
  for (const step of undo.toReversed()) await step();
};

export async function startSoakWorld({ tenantCount, walls = {}, environment = {}, through, progress }: SoakWorldOptions): Promise<SoakWorld> {
  const database = await createTestDatabase();
  const undo: (() => Promise<void>)[] = [() => database.drop()];
  const logLines: string[] = [];
  const logger = pino({ level: 'info', base: null }, { write: (line: string) => void logLines.push(line) });
  try {
    const pooler = await through?.(database);
    if (pooler) undo.push(() => pooler.close());
    const listenUrl = database.runtimeUrl;
    const reached = pooler ? { ...database, runtimeUrl: pooler.url } : database;
    const open = async (more: Environment): Promise<Door & { testApp: TestApp }> => {
      const testApp = await startTestApp({ database: reached, listenUrl, walls, logger, environment: { ...LONG_SESSIONS, ...environment, ...more } });
      undo.push(() => testApp.close());
      const server = await startTestServer(testApp, { logger });
      undo.push(() => server.close());
      return { testApp, app: testApp.app, url: server.url };
    };
    const patient = await open({});
    const tenants = await makeTenants(patient.testApp, tenantCount, progress);
    const short = { REQUEST_TIMEOUT_MS: String(SHORT_DEADLINE_MS), DATABASE_STATEMENT_TIMEOUT_MS: String(SHORT_DEADLINE_MS * 3) };
    const hurried = await open(short);
    return { database, tenants, patient, hurried, logLines, close: () => undoAll(undo) };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}
