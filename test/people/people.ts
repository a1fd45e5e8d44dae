import { withClient } from '../../src/platform/postgres/client.ts';
import { type CallOptions, type GraphQLAnswer, startTestApp, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { outboxOf, type TestOutbox } from '../harness/outbox.ts';

export const PASSWORD = 'correct horse battery staple';
export const ANOTHER = 'seven green bottles on a wall';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A server whose clock the test sets, and the mails it writes. */
export interface PeopleWorld {
  readonly api: TestApp;
  readonly outbox: TestOutbox;
  /** Moves the clock on. */
  pass(ms: number): void;
  now(): Date;
  /** Calls a mutation; the answer is its result, or the code of the failure. */
  does(mutation: string, input: Record<string, unknown>, options?: CallOptions): Promise<any>;
  /** Registers somebody, proves the address and gives the access token. */
  join(email: string, password?: string): Promise<string>;
  /** Past all walls, as the superuser. */
  sql(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openPeople(options: Omit<TestAppOptions, 'clock'> = {}): Promise<PeopleWorld> {
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  // Without a socket all come from one network, whose hashes wait for each other.
  const api = await startTestApp({ ...options, environment: { HASHES_WAITING: '200', ...options.environment }, clock: { now } });
  const outbox = outboxOf(api);
  const does: PeopleWorld['does'] = async (mutation, input, callOptions) => {
    const { data, errors } = await calls(api, mutation, input, callOptions);
    return errors?.[0]?.extensions.code ?? data[mutation];
  };
  return {
    api,
    outbox,
    now,
    does,
    pass(ms) {
      offsetMs += ms;
    },
    async join(email, password = PASSWORD) {
      await does('register', { email, password });
      const { token } = await outbox.last(email);
      return (await does('verifyEmail', { token, password })).accessToken;
    },
    sql: (text, ...values) => withClient(api.database.superuserUrl, async (client) => (await client.query(text, values)).rows),
    close: () => api.close(),
  };
}

/** What each of these mutations is asked for. */
const SELECTED: Readonly<Record<string, string>> = {
  register: '... on RegisterSuccess { sentTo }',
  verifyEmail: '... on VerifyEmailSuccess { accessToken refreshToken }',
  resendVerification: '... on ResendVerificationSuccess { sentTo }',
  requestPasswordReset: '... on RequestPasswordResetSuccess { sentTo }',
  resetPassword: '... on ResetPasswordSuccess { accessToken refreshToken } ... on SecondFactorRequired { challengeToken }',
  changePassword: '... on ChangePasswordSuccess { sessionsEnded }',
  updateProfile: '... on UpdateProfileSuccess { user { name locale timezone } }',
  signIn: '... on SignInSuccess { accessToken refreshToken } ... on SecondFactorRequired { challengeToken }',
  revokeSession: '... on RevokeSessionSuccess { sessionId }',
};

/** The whole answer of a mutation. */
export function calls(api: TestApp, mutation: string, input: Record<string, unknown>, options?: CallOptions): Promise<GraphQLAnswer> {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename ${SELECTED[mutation]} ... on Error { code message } } }`;
  return api.call(query, { input }, options);
}
