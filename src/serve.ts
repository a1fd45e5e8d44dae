import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { type DemoData, demoFile, ensureDemoData } from '../prisma/seed.ts';
import { composeApp, createLogger, type App } from './compose.ts';
import type { Config } from './config/index.ts';
import { startServer, type RunningServer } from './http/server.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { openDatabase, prepareDatabase, type OpenDatabase } from './platform/postgres/open-database.ts';
import { findTemporaryRight } from './platform/postgres/startup-checks.ts';
import { createReadiness } from './readiness.ts';

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
export async function serve(
  config: Config,
  write: (line: string) => void,
  logger: Logger = createLogger(config),
): Promise<Running> {
  const database = await openDatabase(config, { log: write, purpose: 'serve', whenHeld: 'refuse' });
  const undo: (() => Promise<void>)[] = [() => database.stop()];
  const stop = onlyOnce(() => undoAll(undo));
  try {
    for (const name of await prepareDatabase(database)) write(`Applied migration ${name}`);
    const app = composeApp({ config, database, logger });
    undo.push(() => app.close());
    const checkpoints = app.signedLog.startCheckpoints();
    undo.push(() => checkpoints.stop());
    const clearing = app.startCredentialClearing();
    undo.push(() => clearing.stop());
    const provisioning = app.startProvisioningSweep();
    undo.push(() => provisioning.stop());
    await app.settled();
    await app.warnOfMissingSeals();
    await warnOfTemporary(config, database, logger);
    const server = await listen(app, config, database, logger);
    undo.push(() => server.close());
    const url = `${server.origin}/graphql`;
    warnOfDemo(config, database, logger);
    await makeDemo(config, database, url);
    const demo = await loadDemo(app, config, database.ownerUrl, url, write);
    return { url, demo, stop };
  } catch (error) {
    // The first failure is what has to be mended.
    await stop().catch(() => undefined);
    throw error;
  }
}

function listen(app: App, config: Config, { runtimeUrl }: OpenDatabase, logger: Logger): Promise<RunningServer> {
  const { host, port, requestTimeoutMs, shutdownGraceMs, graphiql, trustedProxies } = config.http;
  const readiness = createReadiness({ runtimeUrl, timeoutMs: config.database.connectTimeoutMs });
  return startServer(app.api, { host, port, requestTimeoutMs, shutdownGraceMs, graphiql, trustedProxies, readiness, log: app.logDoors, sockets: app.sockets, origins: config.http, logger });
}

/** What the program that makes the demo data is told. */
export interface DemoTask {
  readonly config: Config;
  readonly database: Pick<OpenDatabase, 'runtimeUrl' | 'listenUrl'>;
  readonly ownerUrl: string;
  readonly url: string;
}

const DEMO_SCRIPT = path.join(import.meta.dirname, 'load-demo.ts');

/** Makes the demo data at the first start, by a program of its own: see there. */
async function makeDemo(config: Config, database: OpenDatabase, url: string): Promise<void> {
  const { runtimeUrl, listenUrl, ownerUrl } = database;
  if (!config.demoData || !ownerUrl || existsSync(demoFile(config.dataDir))) return;
  const task: DemoTask = { config, database: { runtimeUrl, listenUrl }, ownerUrl, url };
  const child = spawn(process.execPath, [DEMO_SCRIPT], { stdio: ['pipe', 'inherit', 'inherit'] });
  // A program that ended before it read this says so by its exit code.
  child.stdin.on('error', () => undefined).end(JSON.stringify(task));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === 0) return;
  throw new OperatorError('The demo data could not be loaded: start again to carry on, or set DEMO_DATA=off.');
}

/** The demo data, made now if they have to be; null, and a line that says why, when there are none to be told of. */
export async function loadDemo(
  app: App,
  config: Config,
  ownerUrl: OpenDatabase['ownerUrl'],
  url: string,
  write: (line: string) => void,
): Promise<DemoData | null> {
  if (!config.demoData) return null;
  if (!ownerUrl) {
    write('DEMO_DATA is on, but MIGRATION_DATABASE_URL is missing: set it to load the demo data.');
    return null;
  }
  const demo = await ensureDemoData({ app, ownerUrl, dataDir: config.dataDir, url });
  if (demo === null) write(unknownDemo(config));
  return demo;
}

/** A data directory that was tried out and then taken into production has keys and passwords that lie in a file. */
export function warnOfDemo({ environment, dataDir }: Config, { embedded }: Pick<OpenDatabase, 'embedded'>, logger: Logger): void {
  const file = demoFile(dataDir);
  if (environment !== 'production' || !embedded || !existsSync(file)) return;
  logger.warn({ code: 'DEMO_IN_PRODUCTION' }, `The demo organizations are in this database, and the keys and passwords in ${shown(file)} work: take a new DATA_DIR for production.`);
}

/** In production the server's role should not be able to make what could bear the name of something else. */
export async function warnOfTemporary({ environment }: Pick<Config, 'environment'>, { runtimeUrl }: Pick<OpenDatabase, 'runtimeUrl'>, logger: Logger): Promise<void> {
  const name = environment === 'production' ? await findTemporaryRight(runtimeUrl) : undefined;
  if (name === undefined) return;
  logger.warn({ code: 'TEMPORARY_OBJECTS' }, `the role of DATABASE_URL may make temporary objects and needs none: run "REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC" as the owner of the database`);
}

const shown = (file: string): string => path.relative(process.cwd(), file);

/** What is said when the demo organizations are there, and nobody here knows their keys. */
function unknownDemo({ dataDir, database }: Config): string {
  const remedy =
    database.url === undefined
      ? `stop the server and delete ${shown(dataDir)} for new ones`
      : 'copy it from where they were loaded, or take an empty database';
  return `The demo organizations are there, but their keys and passwords are not known here, because ${shown(demoFile(dataDir))} is missing: ${remedy}, or set DEMO_DATA=off.`;
}

/** The last first; one that fails does not keep the others from being done. */
async function undoAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps.toReversed()) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
}

function onlyOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** What is printed when the server is up: where it answers, and how to get in. */
export function welcome({ url, demo }: Running, config: Config): string {
  const lines = ['', `  GraphQL   ${url}`];
  if (config.http.graphiql) lines.push(`  GraphiQL  ${url}   (open it in a browser)`);
  const { smtpUrl, publicUrl } = config.mail;
  if (smtpUrl === undefined) lines.push(`  Mails     ${shown(path.join(config.dataDir, 'outbox'))}   (their links lead to your app: ${publicUrl}, by PUBLIC_URL)`);
  if (demo) lines.push(...welcomeToDemo(demo, demoFile(config.dataDir)));
  return [...lines, ''].join('\n');
}

/** The key of each demo organization, and who can sign in with which password. */
function welcomeToDemo({ organizations, platform }: DemoData, file: string): string[] {
  const signIn = (email: string, password: string): string => `      ${email.padEnd(26)} ${password}`;
  const lines = ['', `  Demo organizations, also in ${shown(file)}:`];
  for (const { name, apiKey, users } of organizations) {
    lines.push(`    ${name.padEnd(20)} Authorization: Bearer ${apiKey}`);
    lines.push(...users.map(({ email, password }) => signIn(email, password)));
  }
  return [...lines, '    The operator of the platform', signIn(platform.email, platform.password)];
}
