import path from 'node:path';
import type { Logger } from 'pino';
import { ensureDemoData, type DemoData } from '../prisma/seed.ts';
import { composeApp, createLogger, type App } from './compose.ts';
import type { Config } from './config/index.ts';
import { startServer, type RunningServer } from './http/server.ts';
import { openDatabase, prepareDatabase, type OpenDatabase } from './platform/postgres/open-database.ts';
import { assertMigrated } from './platform/postgres/startup-checks.ts';
import { readMigrationFiles } from './platform/postgres/migrations/index.ts';

export interface Running {
  /** The address of the GraphQL endpoint. */
  readonly url: string;
  readonly demo: DemoData | null;
  /** Lets the requests under way finish, then closes the connections and stops an embedded database. Once. */
  stop(): Promise<void>;
}

/**
 * Starts the server: database, migrations, demo data, endpoint. Whatever was started is stopped again when a later step
 * fails. Throws an OperatorError with one line for whatever the operator can mend.
 */
export async function serve(config: Config, write: (line: string) => void, logger: Logger = createLogger(config)): Promise<Running> {
  const database = await openDatabase(config, { log: write, purpose: 'serve', whenHeld: 'refuse' });
  const undo: (() => Promise<void>)[] = [() => database.stop()];
  const stop = onlyOnce(async () => {
    for (const step of undo.reverse()) await step();
  });
  try {
    for (const name of await prepareDatabase(database)) write(`Applied migration ${name}`);
    const app = composeApp({ config, database, logger });
    undo.push(() => app.close());
    const server = await listen(app, config, database);
    undo.push(() => server.close());
    const url = `${server.origin}/graphql`;
    const demo = await loadDemo(app, config, database, url, write);
    return { url, demo, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listen(app: App, config: Config, database: OpenDatabase): Promise<RunningServer> {
  const { host, port, shutdownGraceMs } = config.http;
  return startServer(app.api, { host, port, shutdownGraceMs, readiness: () => readiness(database) });
}

async function loadDemo(app: App, config: Config, database: OpenDatabase, url: string, write: (line: string) => void): Promise<DemoData | null> {
  if (!config.demoData) return null;
  if (!database.ownerUrl) {
    write('DEMO_DATA is on, but MIGRATION_DATABASE_URL is missing: set it to load the demo data.');
    return null;
  }
  return ensureDemoData({ app, ownerUrl: database.ownerUrl, dataDir: config.dataDir, url });
}

async function readiness(database: OpenDatabase) {
  try {
    await assertMigrated(database.runtimeUrl, await readMigrationFiles());
    return { ready: true, checks: { database: 'ok', migrations: 'ok' } };
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    const reachable = !text.startsWith('Cannot connect');
    return { ready: false, checks: { database: reachable ? 'ok' : 'not reachable', migrations: reachable ? 'pending' : 'unknown' } };
  }
}

function onlyOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** What is printed when the server is up: where it answers, and how to get in. */
export function welcome({ url, demo }: Running, config: Config): string {
  const lines = ['', `  GraphQL   ${url}`];
  if (config.http.graphiql) lines.push(`  GraphiQL  ${url}   (open it in a browser)`);
  if (demo) {
    lines.push('', '  Demo organizations, also in ' + path.relative(process.cwd(), path.join(config.dataDir, 'demo.json')) + ':');
    for (const { name, apiKey } of demo.organizations) lines.push(`    ${name.padEnd(20)} Authorization: Bearer ${apiKey}`);
    const first = demo.organizations[0]!;
    lines.push('', `  Sign-ins: <role>@acme.example, <role>@globex.example with the password ${first.users[0]!.password}`);
    lines.push(`  (roles: ${first.users.map((user) => user.role).join(', ')}; the platform: ${demo.platform.email})`);
  }
  return [...lines, ''].join('\n');
}
