import pg from 'pg';
import { createScope, runInScope } from '../../../../src/platform/postgres/tenancy.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../../../harness/app.ts';
import type { TestDatabase } from '../../../harness/database.ts';
import type { Caller } from './callers.ts';
import { fingerprintSql, idsSql, readTables, restoreSql, saveRows, textsSql } from './rows.ts';
import { follow, resultsIn } from './stream.ts';
import { FOREIGN_WORD } from './tenant-copy.ts';

/** Long before the proof is run: what the database dates by itself is told apart from what was there. */
export const FIXED_NOW = new Date('2025-07-01T12:00:00.000Z');
export const fixedClock = { now: () => new Date(FIXED_NOW) };

/** Callers are metered, so that what an answer costs is compared too, but nobody is ever told to wait. */
const GENEROUS = {
  RATE_LIMITS: 'on',
  RATE_BURST: '10000',
  RATE_PER_SECOND: '100000',
  COST_BUCKET: '10000000',
  COST_RESTORE_RATE: '1000000',
  USER_RATE_LIMIT_PER_HOUR: '1000000',
  FAILURES_PER_MINUTE: '1000000',
  VALUE_LIMIT: '10000000',
  ANONYMOUS_RATE_LIMIT_PER_HOUR: '1000000',
  SIGN_IN_ATTEMPTS_PER_MINUTE: '1000',
  SIGN_IN_ATTEMPTS_PER_NETWORK: '1000',
  SUBSCRIPTION_LIMIT: '1000',
};

/** What a client sees of an answer, to the byte, but for what only says when it was asked: see `ask`. */
export interface Answer {
  readonly text: string;
  readonly json: { readonly data?: Record<string, unknown> | null; readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[] };
}

export interface ForeignText {
  readonly column: string;
  readonly text: string;
}

/** One database, asked through the whole server with some of its walls. */
export interface Realm {
  readonly testApp: TestApp;
  ask(caller: Caller, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Follows a subscription, and has something happen in both organizations while it is open. */
  follow(caller: Caller, query: string, variables: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** The ids in the rows of the attacked organization and its people, and of the attacker's, as they were when the realm was opened. */
  readonly ids: { readonly foreign: ReadonlySet<string>; readonly own: ReadonlySet<string> };
  /** Texts that only the attacked organization has, with the names of their columns. */
  readonly foreignTexts: readonly ForeignText[];
  /** Says something else when any row of the attacked organization, or of its people, is no more what it was. */
  fingerprint(): Promise<string>;
  /** Brings all rows back to what they were when the database was made, and forgets what was remembered of them. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps the rows of a database as they are: what `restore` of its realms brings back. */
export async function keepRows(client: pg.Client): Promise<void> {
  await saveRows(client, await readTables(client));
}

/** The database behind an open realm's use cases: planted leaks ask it past all walls. */
const databases = new WeakMap<object, TestDatabase>();
export const databaseBehind = (services: object): TestDatabase => databases.get(services)!;

export type RealmOptions = Pick<TestAppOptions, 'walls' | 'listenUrl'>;

/** @param sides the attacked organization and the attacker's. */
export async function openRealm(database: TestDatabase, options: RealmOptions, sides: readonly [string, string]): Promise<Realm> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  // Reported by the next statement, with its cause.
  client.on('error', () => undefined);
  await client.connect();
  const tables = await readTables(client);
  const [fingerprint, restore] = [fingerprintSql(tables), restoreSql(tables)];
  await client.query(restore);
  const idsOf = async (orgUuid: string): Promise<Set<string>> => new Set((await client.query<{ id: string }>(idsSql(tables), [orgUuid])).rows.map(({ id }) => id));
  const [foreign, own] = [await idsOf(sides[0]), await idsOf(sides[1])];
  // What belongs to a person of both organizations is foreign to neither.
  const ids = { foreign: new Set([...foreign].filter((id) => !own.has(id))), own };
  const foreignTexts = (await client.query<ForeignText>(textsSql(tables), [sides[0], FOREIGN_WORD])).rows;
  const testApp = await startTestApp({ ...options, database, clock: fixedClock, environment: GENEROUS });
  databases.set(testApp.app.services, database);
  return {
    testApp,
    ids,
    foreignTexts,
    ask: (caller, query, variables = {}) => ask(testApp, caller, query, variables),
    follow: (caller, query, variables) => ask(testApp, caller, query, variables, () => stir(testApp, sides)),
    async fingerprint() {
      const { rows } = await client.query<{ fingerprint: string }>(fingerprint, [...sides]);
      return rows[0]!.fingerprint;
    },
    async restore() {
      await client.query(restore);
      testApp.app.services.auth.forgetAll();
    },
    async close() {
      await testApp.close();
      await client.end();
    },
  };
}

/** Different in each answer, whoever asks; the length of the body is in the body. */
const OWN_HEADERS = new Set(['x-request-id', 'date', 'content-length']);

/** What is left of a caller's allowance, which depends on when and how often the caller has asked before. */
const ALLOWANCES = /"(?:cost|rateLimit)":\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g;
const LEFT = /"(available|remaining|resetAt)":("[^"]*"|\d+)/g;

/** Something new in the log of each organization that there is: the attacked one's first. */
async function stir({ app }: TestApp, sides: readonly string[]): Promise<void> {
  for (const orgId of sides) {
    await runInScope(createScope({ orgId, userId: null }), async () => {
      if ((await app.db.organization.count({ where: { id: orgId } })) === 0) return;
      const workflow = await app.db.workflow.findFirst({ where: { orgId }, orderBy: { id: 'asc' } });
      const member = await app.db.membership.findFirst({ where: { orgId }, orderBy: { id: 'asc' } });
      const about = (type: string, id: string): object => ({ aggregate: { type, id }, data: { id }, tags: [`${type}:${id}`] });
      await app.events.append({ db: app.db, principal: null }, [
        { type: 'NOTE.STIRRED', ...about('note', orgId) },
        { type: 'WORKFLOW.UPDATED', ...about('workflow', workflow!.id) },
        { type: 'MEMBER.ROLE_CHANGED', ...about('member', member!.id) },
      ]);
    });
  }
}

async function ask(testApp: TestApp, caller: Caller, query: string, variables: Readonly<Record<string, unknown>>, stirring?: () => Promise<void>): Promise<Answer> {
  const isStream = query.startsWith('subscription');
  const request = new Request('http://tenantry.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(isStream && { accept: 'text/event-stream' }), ...caller.headers },
    body: JSON.stringify({ query, variables }),
  });
  const { response, text: body } = isStream ? await follow(testApp, request, stirring) : await answerOf(testApp, request);
  const requestId = response.headers.get('x-request-id');
  const headers = [...response.headers].filter(([name]) => !OWN_HEADERS.has(name.toLowerCase())).map(([name, value]) => `${name}: ${value}`);
  const text = [response.status, ...headers.sort(), '', body].join('\n');
  const timeless = text.replaceAll(ALLOWANCES, (allowance) => allowance.replaceAll(LEFT, '"$1":"<left>"'));
  const json = isStream ? resultsIn(body) : (JSON.parse(body) as Answer['json']);
  return { text: requestId ? timeless.replaceAll(requestId, '<request>') : timeless, json };
}

async function answerOf({ app }: TestApp, request: Request): Promise<{ response: Response; text: string }> {
  const response = await app.api.fetch(request);
  return { response, text: await response.text() };
}
