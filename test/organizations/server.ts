import { withClient } from '../../src/platform/postgres/client.ts';
import { type CallOptions, type GraphQLAnswer, startTestApp } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { outboxOf, type TestOutbox } from '../harness/outbox.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** A little more than the proof that somebody is there is good for. */
export const PROOF_OVER_MS = 11 * MINUTE_MS;

/** A password that nothing was said of before. */
export const NEW_PASSWORD = 'seventeen green lanterns drift';

/** A server whose clock stands until it is moved, the mails it writes, and an operator of the platform. */
export interface Server {
  readonly outbox: TestOutbox;
  now(): number;
  /** Moves the clock on. */
  pass(ms: number): void;
  /** Puts the clock to a time, in milliseconds as `now` tells it. */
  passUntil(ms: number): void;
  call(query: string, variables?: Record<string, unknown>, options?: CallOptions): Promise<GraphQLAnswer>;
  /** Calls a mutation: `done`, or the code of its refusal. */
  does(name: string, input: object | null, as?: string, headers?: Record<string, string>): Promise<string>;
  /** What a sign-in with the password comes to. */
  signsIn(email: string, password: string): Promise<string>;
  /** The access token of somebody whom the test has made. */
  session(email: string): Promise<string>;
  operatorSession(): Promise<string>;
  /** An organization with a member of each role. */
  company(slug: string, workflows?: number): Promise<World>;
  /** Gives an address an identity, as somebody's first word of it does. */
  ensureIdentity(email: string, name: string | null): Promise<string>;
  /** Past all walls, as the superuser. */
  sql(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]>;
  readonly superuserUrl: string;
  close(): Promise<void>;
}

export async function openServer(): Promise<Server> {
  let nowMs = Date.now();
  const api = await startTestApp({ clock: { now: () => new Date(nowMs) } });
  const operator = await appointOperator(api);
  const { superuserUrl } = api.database;
  return {
    outbox: outboxOf(api),
    now: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
    passUntil(ms) {
      nowMs = ms;
    },
    call: api.call,
    async does(name, input, as, headers = {}) {
      const { data, errors } = await api.call(mutationQuery(name, input), { input }, { as, headers });
      return errors?.[0]?.extensions.code ?? data[name].code ?? 'done';
    },
    async signsIn(email, password) {
      const { data, errors } = await api.call('mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }', { input: { email, password } });
      return errors?.[0]?.extensions.code ?? data.signIn.__typename;
    },
    session: (email) => signIn(api.app, email),
    operatorSession: () => signIn(api.app, 'operator@platform.test'),
    company: (slug, workflows) => seedWorld(api, slug, operator.userId, workflows),
    ensureIdentity: (email, name) => api.app.preTenant.ensureIdentity(email, name),
    sql: (text, ...values) => withClient(superuserUrl, async (client) => (await client.query<Record<string, unknown>>(text, values)).rows),
    superuserUrl,
    close: () => api.close(),
  };
}
