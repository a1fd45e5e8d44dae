import { randomUUID } from 'node:crypto';
import { codeOf as codeOfStep } from '../../src/domains/second-factor/totp.rules.ts';
import type { Environment } from '../../src/config/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { type GraphQLAnswer, startTestApp } from '../harness/app.ts';
import { outboxOf } from '../harness/outbox.ts';
import { PASSWORD, setPassword } from '../harness/world.ts';
import { fromBase32, STEP_MS } from './second-factors.ts';

export const MINUTE_MS = 60_000;

/** The whole server, with a clock that the test sets, for people who sign in. */
export type SigningIn = Awaited<ReturnType<typeof openSigningIn>>;

/** Somebody with an account. */
export interface Account {
  readonly userId: string;
  readonly email: string;
}

/** Somebody whose second factor is set up. */
export interface GuardedAccount extends Account {
  readonly recoveryCodes: readonly string[];
  /** The code that the authenticator shows now, or some steps later or earlier. */
  code(steps?: number): string;
}

const SESSION = 'accessToken refreshToken';
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { __typename ... on SignInSuccess { ${SESSION} } ... on SecondFactorRequired { challengeToken expiresAt } } }`;
const COMPLETE = `mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) { __typename ... on CompleteSignInSuccess { ${SESSION} recoveryCodesLeft } ... on Error { code message } } }`;
const STEP_UP = 'mutation ($input: StepUpInput!) { stepUp(input: $input) { __typename ... on StepUpSuccess { provedUntil recoveryCodesLeft } ... on Error { code message } } }';

export async function openSigningIn(environment: Environment = {}) {
  let now = new Date(Date.UTC(2026, 0, 31, 9, 30, 15));
  const api = await startTestApp({ clock: { now: () => now }, environment });
  const { call, app, database } = api;

  async function account(): Promise<Account> {
    const email = `${randomUUID()}@example.test`;
    return { email, userId: await setPassword(app, email) };
  }

  const signIn = async ({ email }: Account, password = PASSWORD): Promise<GraphQLAnswer> => call(SIGN_IN, { input: { email, password } });

  /** An access token of somebody who has no second factor. */
  async function tokenOf(person: Account): Promise<string> {
    return (await signIn(person)).data.signIn.accessToken as string;
  }

  /** The code that an authenticator with this secret shows now, or some steps later or earlier. */
  const codeOf = (secret: string, steps = 0): string => codeOfStep(fromBase32(secret), Math.floor(now.getTime() / STEP_MS) + steps);

  /** The recovery codes of a second factor whose enrolment was begun. */
  async function confirm(as: string, secret: string): Promise<string[]> {
    const query = 'mutation ($input: ConfirmTotpInput!) { confirmTotp(input: $input) { ... on ConfirmTotpSuccess { recoveryCodes } } }';
    return (await call(query, { input: { code: codeOf(secret) } }, { as })).data.confirmTotp.recoveryCodes as string[];
  }

  /** Sets a second factor up; its first code is used up. */
  async function guarded(): Promise<GuardedAccount> {
    const person = await account();
    const as = await tokenOf(person);
    const enrolled = await call('mutation { enrolTotp { ... on EnrolTotpSuccess { secret } } }', {}, { as });
    const secret = enrolled.data.enrolTotp.secret as string;
    return { ...person, code: (steps) => codeOf(secret, steps), recoveryCodes: await confirm(as, secret) };
  }

  const challengeOf = async (person: Account): Promise<string> => (await signIn(person)).data.signIn.challengeToken as string;
  const complete = (challengeToken: string, proof: object, more: object = {}) => call(COMPLETE, { input: { challengeToken, proof, ...more } });

  return {
    ...api,
    ...{ account, guarded, signIn, tokenOf, challengeOf, complete, codeOf, confirm },
    /** Does something in the scope of somebody, past the doors. */
    as: <Result>({ userId }: Account, work: () => Promise<Result>): Promise<Result> => runInScope(createScope({ orgId: null, userId }), work),
    outbox: outboxOf(api),
    /** Signs somebody in with the code that the authenticator shows now. */
    async enter(person: GuardedAccount): Promise<string> {
      return (await complete(await challengeOf(person), { code: person.code() })).data.completeSignIn.accessToken as string;
    },
    stepUp: (as: string, proof: object) => call(STEP_UP, { input: { proof } }, { as }),
    now: () => now,
    pass: (ms: number) => void (now = new Date(now.getTime() + ms)),
    sql: (text: string, ...values: unknown[]): Promise<any[]> => withClient(database.superuserUrl, async (client) => (await client.query(text, values)).rows),
  };
}

/** What somebody was answered: the type of the result, or the code of the error. */
export const outcomeOf = ({ data, errors }: GraphQLAnswer): string => errors?.[0]?.extensions.code ?? (Object.values(data)[0] as { __typename: string }).__typename;
