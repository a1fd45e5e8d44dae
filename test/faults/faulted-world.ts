import pino from 'pino';
import { startTestApp, type CallOptions, type GraphQLAnswer, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, setPassword, signIn, type World } from '../harness/world.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { Caller } from './calls.ts';
import { type Operation, operationsOf } from './operations.ts';
import { prepareOrganizations } from './prepared-organizations.ts';
import { preparePeople } from './prepared-people.ts';
import { keepRows, type KeptRows } from './rows.ts';
import { openSessionBy } from '../harness/sessions.ts';

/** A server whose way to the database makes faults, with two organizations and everything that is written down. */
export interface FaultedWorld {
  readonly testApp: TestApp;
  readonly proxy: FaultProxy;
  readonly rows: KeptRows;
  readonly operations: readonly Operation[];
  /** The lines of the log since the last call. */
  takeLog(): Record<string, any>[];
  /** Sends an operation with the credential that it needs, after everything that was remembered has been forgotten. */
  send(operation: Operation): Promise<GraphQLAnswer>;
  /** A request of the other organization; answers whether it was answered as it should. */
  nextRequestWorks(): Promise<boolean>;
  /** Words of the inside and of the other organization, which no answer may have. */
  readonly forbidden: readonly string[];
  close(): Promise<void>;
}

export interface FaultedWorldOptions {
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

const NEIGHBOUR = '{ organization { name } workflows(first: 1, orderBy: {field: NAME, direction: ASC}) { edges { node { name } } } }';
const NEIGHBOUR_ANSWER = JSON.stringify({ organization: { name: 'Organization globex' }, workflows: { edges: [{ node: { name: 'Workflow 0' } }] } });

export async function startFaultedWorld(options: FaultedWorldOptions): Promise<FaultedWorld> {
  // The clock stands: all faults at all statements take longer than a proof, a code or a session is good for.
  const now = new Date();
  const clock = { now: () => now };
  const whole = await startTestApp({ clock });
  const operator = await appointOperator(whole);
  const acme = await seedWorld(whole, 'acme', operator.userId);
  const globex = await seedWorld(whole, 'globex', operator.userId);
  await setPassword(whole.app, acme.email('viewer'));
  const person = await signIn(whole.app, acme.email('manager'));
  const { refreshToken } = await openSessionBy(whole.app.services.auth, { email: 'operator@platform.test', password: 'correct horse battery staple' });
  const people = await preparePeople(whole, { now, resettingEmail: acme.email('member'), managerEmail: acme.email('manager') });
  const organizations = await prepareOrganizations(whole, { operator: operator.token, acme });
  const inAcme = { 'x-organization-id': acme.organizationId };
  const proxy = await startFaultProxy(whole.database.runtimeUrl);
  let log: Record<string, any>[] = [];
  const testApp = await startTestApp({
    database: { ...whole.database, runtimeUrl: proxy.url },
    listenUrl: whole.database.runtimeUrl,
    clock,
    logger: pino({}, { write: (line: string) => log.push(JSON.parse(line)) }),
    environment: {
      DATABASE_POOL_SIZE: String(options.poolSize),
      DATABASE_STATEMENT_TIMEOUT_MS: String(options.statementTimeoutMs),
      DATABASE_CONNECT_TIMEOUT_MS: String(options.connectTimeoutMs),
      REQUEST_TIMEOUT_MS: String(options.requestTimeoutMs),
    },
  });
  const credentials: Readonly<Record<Caller, CallOptions>> = {
    owner: { as: acme.keys.owner },
    operator: { as: operator.token },
    ownerPerson: { as: organizations.ownerToken, headers: inAcme },
    closedOwner: { as: organizations.closedOwnerToken },
    session: { as: person, headers: inAcme },
    enrolling: { as: people.enrolling },
    guarded: { as: people.guarded },
    nobody: {},
  };
  // That a key was used is written at its first use: not in the middle of what is measured.
  for (const as of [acme.keys.owner, globex.keys.viewer]) await testApp.call('{ viewer { kind } }', {}, { as });
  const rows = await keepRows(whole.database.superuserUrl);
  return {
    testApp,
    proxy,
    rows,
    operations: operationsOf({ world: acme, refreshToken, people, ...organizations, eventId: await firstEventOf(whole, acme) }),
    forbidden: [...(await namesInside(whole)), ...wordsOf(globex)],
    takeLog() {
      const taken = log;
      log = [];
      return taken;
    },
    send({ query, caller }) {
      testApp.app.services.auth.forgetAll();
      return testApp.call(query, {}, credentials[caller]);
    },
    async nextRequestWorks() {
      const { data, errors } = await testApp.call(NEIGHBOUR, {}, { as: globex.keys.viewer });
      return errors === undefined && JSON.stringify(data) === NEIGHBOUR_ANSWER;
    },
    async close() {
      await testApp.close();
      await proxy.close();
      await rows.close();
      await whole.close();
    },
  };
}

async function firstEventOf({ database }: TestApp, { orgUuid }: World): Promise<string> {
  const first = 'SELECT id FROM events.events WHERE org_id = $1 AND position = 1';
  const { rows } = await withClient(database.superuserUrl, (client) => client.query<{ id: string }>(first, [orgUuid]));
  return toGlobalId('Event', rows[0]!.id);
}

/** Names of the catalogue that are no words of the contract: those with an underscore, which GraphQL's names never have. */
async function namesInside({ database }: TestApp): Promise<string[]> {
  const { rows } = await withClient(database.superuserUrl, (client) =>
    client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('events', 'iam', 'workflow', 'app', 'app_meta')
        UNION SELECT conname FROM pg_constraint WHERE connamespace::regnamespace::text IN ('events', 'iam', 'workflow')
        UNION SELECT attname FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text IN ('events', 'iam', 'workflow')) AND attnum > 0
        UNION SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text IN ('events', 'iam', 'app')
        UNION SELECT polname FROM pg_policy
        UNION SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%'`,
    ),
  );
  return rows.map(({ name }) => name).filter((name) => name.includes('_'));
}

/** What only the other organization's answers have. */
function wordsOf(world: World): string[] {
  return ['globex', world.organizationId, world.orgUuid, world.apiKeyId, ...world.workflowIds, ...Object.values(world.members)];
}
