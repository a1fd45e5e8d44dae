import { codeOf } from '../../src/domains/second-factor/totp.rules.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { TestApp } from '../harness/app.ts';
import { outboxOf } from '../harness/outbox.ts';
import { openSessionBy } from '../harness/sessions.ts';
import { PASSWORD, setPassword, signIn } from '../harness/world.ts';
import { fromBase32, STEP_MS } from '../people/second-factors.ts';

export const ANOTHER_PASSWORD = 'seven green bottles on a wall';

/** People who are in the middle of something, with what they need to go on. */
export interface PreparedPeople {
  /** Somebody who has not proved the address. */
  readonly registeredEmail: string;
  readonly verificationToken: string;
  readonly resetToken: string;
  /** Another session of the manager. */
  readonly otherSessionId: string;
  /** Access token of somebody whose second factor waits to be confirmed, and the code that confirms it. */
  readonly enrolling: string;
  readonly firstCode: string;
  /** Access token of somebody who has a second factor. */
  readonly guarded: string;
  /** The same person has begun to sign in. */
  readonly challengeToken: string;
  readonly recoveryCode: string;
}

interface PreparedWith {
  /** Where the clock of the server stands. */
  readonly now: Date;
  readonly resettingEmail: string;
  readonly managerEmail: string;
}

export async function preparePeople(api: TestApp, { now, resettingEmail, managerEmail }: PreparedWith): Promise<PreparedPeople> {
  const { app } = api;
  const outbox = outboxOf(api);
  const does = async (query: string, as?: string): Promise<any> => {
    const { data, errors } = await api.call(`mutation { ${query} }`, {}, { as });
    if (errors) throw new Error(errors[0]?.message);
    return Object.values(data)[0];
  };
  const enrol = async (email: string): Promise<{ token: string; code: string }> => {
    const token = await signIn(app, email);
    const { secret } = await does('enrolTotp { ... on EnrolTotpSuccess { secret } }', token);
    return { token, code: codeOf(fromBase32(secret), Math.floor(now.getTime() / STEP_MS)) };
  };

  const registeredEmail = 'registered@people.test';
  await does(`register(input: {email: "${registeredEmail}", password: "${PASSWORD}"}) { __typename }`);
  await setPassword(app, resettingEmail);
  await does(`requestPasswordReset(input: {email: "${resettingEmail}"}) { __typename }`);
  const { sessionId } = await openSessionBy(app.services.auth, { email: managerEmail, password: PASSWORD });
  const enrolling = await enrol('enrolling@people.test');
  const guardedEmail = 'guarded@people.test';
  const guarded = await enrol(guardedEmail);
  const { recoveryCodes } = await does(`confirmTotp(input: {code: "${guarded.code}"}) { ... on ConfirmTotpSuccess { recoveryCodes } }`, guarded.token);
  const challenged = await app.services.auth.signIn({ email: guardedEmail, password: PASSWORD });
  if (!('challengeToken' in challenged)) throw new Error('No second factor is asked for.');
  return {
    registeredEmail,
    verificationToken: (await outbox.last(registeredEmail)).token,
    resetToken: (await outbox.last(resettingEmail)).token,
    otherSessionId: toGlobalId('Session', sessionId),
    enrolling: enrolling.token,
    firstCode: enrolling.code,
    guarded: guarded.token,
    challengeToken: challenged.challengeToken,
    recoveryCode: recoveryCodes[0],
  };
}
