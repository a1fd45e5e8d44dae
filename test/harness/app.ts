import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino, { type Logger } from 'pino';
import { composeApp, type App } from '../../src/compose.ts';
import { readConfig, type Environment } from '../../src/config/index.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { StatementEvent } from '../../src/platform/postgres/adapter/index.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** Which walls between tenants stand; all of them unless told. */
export interface TestWalls {
  readonly schema?: boolean;
  readonly client?: boolean;
  readonly database?: boolean;
}

export interface TestAppOptions {
  readonly walls?: TestWalls;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly environment?: Environment;
  /** A database made before, to look at the same rows through other walls. */
  readonly database?: TestDatabase;
  /** Where it listens for changes, when not where it queries. */
  readonly listenUrl?: string;
}

export interface GraphQLAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: any;
  readonly errors: { message: string; path?: (string | number)[]; extensions: { code: string; [key: string]: any } }[] | undefined;
}

export interface CallOptions {
  /** An API key or access token. */
  readonly as?: string | undefined;
  readonly headers?: Record<string, string>;
}

export interface TestApp {
  readonly app: App;
  readonly database: TestDatabase;
  /** Where it keeps its files: the mails it writes, see outbox.ts. */
  readonly dataDir: string;
  /** Calls the endpoint as a client would, without a socket. */
  call(query: string, variables?: Record<string, unknown>, options?: CallOptions): Promise<GraphQLAnswer>;
  /** The statements that `work` sent to the database. */
  statementsOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; statements: StatementEvent[] }>;
  /** Closes the app, and drops its database unless it was given. */
  close(): Promise<void>;
}

/** By its own times a server would write that keys were used amid the statements of a test: it is written when a test says so, and at the end. */
const NEVER_MS = 24 * 60 * 60_000;

const databases = new WeakMap<App, TestDatabase>();

/** The database of a server that `startTestApp` has started. */
export function databaseOf(app: App): TestDatabase {
  const database = databases.get(app);
  if (!database) throw new Error('This server was not started by startTestApp.');
  return database;
}

/** The whole server on a database of its own, without a socket. Passwords and keys are hashed cheaply. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { walls = {}, clock, logger = pino({ level: 'silent' }) } = options;
  const database = options.database ?? (await createTestDatabase());
  const runtimeUrl = walls.database === false ? database.bypassUrl : database.runtimeUrl;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'tenantry-test-'));
  const config = readConfig({ NODE_ENV: 'test', DATA_DIR: dataDir, SECRET_KEY: 'a secret for tests, long enough for the check', DATABASE_POOL_SIZE: '8', RATE_LIMITS: 'off', ...options.environment });
  const app = composeApp({
    config,
    database: { runtimeUrl, listenUrl: options.listenUrl ?? database.runtimeUrl },
    logger,
    hashCost: 'test',
    walls: { schema: walls.schema ?? true, client: walls.client ?? true },
    ...(clock ? { clock } : {}),
    keyUseFlushMs: NEVER_MS,
  });
  databases.set(app, database);
  await app.accessFeed.whenListening();
  return {
    app,
    database,
    dataDir,
    call: (query, variables, callOptions) => call(app, query, variables, callOptions),
    async statementsOf(work) {
      const statements: StatementEvent[] = [];
      const stop = app.pool.observe((event) => statements.push(event));
      try {
        return { result: await work(), statements };
      } finally {
        stop();
      }
    },
    async close() {
      await app.close();
      if (!options.database) await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function call(app: App, query: string, variables: Record<string, unknown> = {}, options: CallOptions = {}): Promise<GraphQLAnswer> {
  const response = await app.api.fetch('http://tenantry.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(options.as ? { authorization: `Bearer ${options.as}` } : {}), ...options.headers },
    body: JSON.stringify({ query, variables }),
  });
  // What is written when there is time is no part of the request: nothing of it is left for the next one.
  await app.accessLog.settled();
  const body = (await response.json()) as { data?: unknown; errors?: GraphQLAnswer['errors'] };
  return { status: response.status, headers: response.headers, data: body.data, errors: body.errors };
}
