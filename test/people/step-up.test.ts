import { isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import type { AppError } from '../../src/kernel/errors.ts';
import { appointOperator, PASSWORD, seedWorld, setPassword, type World } from '../harness/world.ts';
import { MUTATION_CALLS } from '../harness/mutation-calls.ts';
import { MINUTE_MS, openSigningIn, outcomeOf, type SigningIn } from './signing-in.ts';

let world: SigningIn;
let acme: World;
beforeAll(async () => {
  world = await openSigningIn();
  acme = await seedWorld(world, 'acme', (await appointOperator(world)).userId);
});
afterAll(() => world?.close());

const mutations = Object.values(schema.getMutationType()!.getFields());
const asking = mutations.filter(({ extensions }) => extensions['stepUp']).map(({ name }) => name);

/** A call of a mutation with whatever input is of the right form. */
function callOf(name: string): [query: string, variables: object] {
  const [input] = mutations.find((field) => field.name === name)!.args;
  if (!input) return [`mutation { ${name} { __typename } }`, {}];
  return [`mutation ($input: ${String(input.type)}) { ${name}(input: $input) { __typename } }`, { input: MUTATION_CALLS[name]?.(acme) ?? inputOf(name) }];
}

const inputOf = (name: string): object => {
  const type = schema.getType(`${name[0]!.toUpperCase()}${name.slice(1)}Input`);
  if (!isInputObjectType(type)) throw new Error(`${name} has no input.`);
  return Object.fromEntries(Object.keys(type.getFields()).map((field) => [field, 'anything']));
};

describe('what asks for a proof', () => {
  test('is what guards the person, and what cannot be taken back', () => {
    expect(asking).toEqual(expect.arrayContaining(['enrolTotp', 'confirmTotp', 'disableTotp', 'regenerateRecoveryCodes']));
  });

  test.each(asking)('%s is refused to an old session, and to every key', async (name) => {
    const operator = await appointOperator(world, `${name.toLowerCase()}@platform.test`);
    const headers = { 'x-organization-id': acme.organizationId };
    world.pass(10 * MINUTE_MS + 1);
    const [query, variables] = callOf(name);
    const old = await world.call(query, { ...variables }, { as: operator.token, headers });
    expect(old.errors?.[0]?.extensions.code).toBe('STEP_UP_REQUIRED');
    expect(old.errors?.[0]?.message).toBe('Prove once more that it is you: call stepUp, then try again.');
    for (const key of Object.values(acme.keys)) {
      const { errors } = await world.call(query, { ...variables }, { as: key });
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
  });
});

test('that a proof was lacking is in the log of the organization that it was about, and of a person’s own things in none', async () => {
  const owner = { email: acme.email('owner'), userId: await setPassword(world.app, acme.email('owner')) };
  const as = await world.tokenOf(owner);
  world.pass(10 * MINUTE_MS + 1);
  for (const name of ['deleteOrganization', 'enrolTotp']) {
    const [query, variables] = callOf(name);
    expect(outcomeOf(await world.call(query, { ...variables }, { as }))).toBe('STEP_UP_REQUIRED');
  }
  const denials = `SELECT data ->> 'field' AS field, data ->> 'code' AS code FROM events.events WHERE org_id = $1 AND type = 'ACCESS.DENIED' AND actor_user_id = $2 AND actor_kind = 'user'`;
  expect(await world.sql(denials, acme.orgUuid, owner.userId)).toEqual([{ field: 'Mutation.deleteOrganization', code: 'STEP_UP_REQUIRED' }]);
});

describe('a session', () => {
  const ENROL = 'mutation { enrolTotp { __typename } }';

  test('is proved by signing in, for ten minutes, and by its password for ten more', async () => {
    const person = await world.account();
    const as = await world.tokenOf(person);
    world.pass(10 * MINUTE_MS);
    expect(outcomeOf(await world.call(ENROL, {}, { as }))).toBe('EnrolTotpSuccess');
    world.pass(1);
    expect(outcomeOf(await world.call(ENROL, {}, { as }))).toBe('STEP_UP_REQUIRED');
    const { data } = await world.stepUp(as, { password: PASSWORD });
    const provedUntil = new Date(world.now().getTime() + 10 * MINUTE_MS).toISOString();
    expect(data.stepUp).toEqual({ __typename: 'StepUpSuccess', provedUntil, recoveryCodesLeft: null });
    const viewer = await world.call('{ viewer { stepUpUntil } }', {}, { as });
    expect(viewer.data.viewer.stepUpUntil).toBe(provedUntil);
    expect(outcomeOf(await world.call(ENROL, {}, { as }))).toBe('EnrolTotpSuccess');
  });

  test('that somebody has copied cannot turn the second factor off, with the password neither', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    world.pass(11 * MINUTE_MS);
    const DISABLE = 'mutation { disableTotp { __typename } }';
    // The access token runs out later than the proof does.
    expect(outcomeOf(await world.call(DISABLE, {}, { as }))).toBe('STEP_UP_REQUIRED');
    const { data } = await world.stepUp(as, { password: PASSWORD });
    expect(data.stepUp).toMatchObject({ __typename: 'ValidationError', message: 'proof.password: is not enough, because a second factor is set up: send a code' });
    expect(outcomeOf(await world.call(DISABLE, {}, { as }))).toBe('STEP_UP_REQUIRED');
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('StepUpSuccess');
    expect(outcomeOf(await world.call(DISABLE, {}, { as }))).toBe('DisableTotpSuccess');
  });

  test('of somebody without a second factor is told to send the password in place of a code, however often', async () => {
    const as = await world.tokenOf(await world.account());
    for (let attempt = 0; attempt < 6; attempt++) {
      const { data } = await world.stepUp(as, attempt % 2 === 0 ? { code: '123456' } : { recoveryCode: 'AAAA-BBBB-CCCC-DDDD' });
      expect(data.stepUp).toMatchObject({ __typename: 'ValidationError', message: 'proof: cannot be a code, because no second factor is set up: send the password' });
      world.pass(MINUTE_MS);
    }
    expect(outcomeOf(await world.stepUp(as, { password: PASSWORD }))).toBe('StepUpSuccess');
  });

  test('is proved by a recovery code once, and the person is told by mail', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    expect((await world.stepUp(as, { recoveryCode: person.recoveryCodes[0]! })).data.stepUp).toMatchObject({ recoveryCodesLeft: 9 });
    expect((await world.outbox.last(person.email)).subject).toBe('A recovery code was used at Tenantry');
    expect(outcomeOf(await world.stepUp(as, { recoveryCode: person.recoveryCodes[0]! }))).toBe('ValidationError');
  });

  test('is not over for whoever mistypes a proof: what is wrong is data, at its place, and not the code of a session that has ended', async () => {
    const [plain, guarded] = [await world.account(), await world.guarded()];
    world.pass(MINUTE_MS);
    const as = await world.enter(guarded);
    const wrong = [
      [await world.tokenOf(plain), { password: 'wrong' }, 'proof.password: is wrong, or wrong ones were sent too often: try again later'],
      [as, { code: '000000' }, 'proof.code: is wrong, used or too old, or wrong ones were sent too often: wait for the next one'],
      [as, { recoveryCode: 'AAAA-BBBB-CCCC-DDDD' }, 'proof.recoveryCode: is wrong or used, or wrong ones were sent too often: take another one, or try again later'],
    ] as const;
    for (const [session, proof, message] of wrong) {
      const { data, errors } = await world.stepUp(session, proof);
      expect([errors, data.stepUp]).toEqual([undefined, { __typename: 'ValidationError', code: 'VALIDATION_FAILED', message }]);
      expect((await world.call('{ viewer { kind } }', {}, { as: session })).data.viewer).toEqual({ kind: 'USER' });
    }
  });

  test('is not proved by a code that opened it: a code works once, whatever for', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('ValidationError');
    world.pass(MINUTE_MS);
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('StepUpSuccess');
  });

  test('without a second factor counts as having shown it when its person has set one up elsewhere and shows it here', async () => {
    const person = await world.account();
    const before = await world.tokenOf(person);
    const as = await world.tokenOf(person);
    const { data } = await world.call('mutation { enrolTotp { ... on EnrolTotpSuccess { secret } } }', {}, { as });
    expect(data.enrolTotp.secret).toBeTruthy();
    const factors = async () => (await world.sql('SELECT count(second_factor_at)::integer AS count FROM iam.sessions WHERE user_id = $1', person.userId))[0].count;
    await world.confirm(as, data.enrolTotp.secret);
    expect(await factors()).toBe(1);
    world.pass(MINUTE_MS);
    expect(outcomeOf(await world.stepUp(before, { code: world.codeOf(data.enrolTotp.secret) }))).toBe('StepUpSuccess');
    expect(await factors()).toBe(2);
  });

  test('is not proved by renewing its tokens, and keeps the second factor that it has shown', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const opened = (await world.complete(await world.challengeOf(person), { code: person.code() })).data.completeSignIn;
    world.pass(11 * MINUTE_MS);
    const renew = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ... on RefreshSessionSuccess { accessToken } } }';
    const renewed = await world.call(renew, { input: { refreshToken: opened.refreshToken } });
    const as = renewed.data.refreshSession.accessToken as string;
    expect(outcomeOf(await world.call(ENROL, {}, { as }))).toBe('STEP_UP_REQUIRED');
    expect(await world.app.services.auth.authenticate(as, null)).toMatchObject({ secondFactorAt: new Date(world.now().getTime() - 11 * MINUTE_MS) });
  });

  test('that is proved is looked up anew by this process at once', async () => {
    const person = await world.account();
    const principal = await world.app.services.auth.authenticate(await world.tokenOf(person), null);
    const changes: unknown[] = [];
    const cx = { ...world.app.serviceContext(principal), accessChanged: (change: unknown) => void changes.push(change) };
    await world.as(person, () => world.app.services.auth.stepUp(cx, { proof: { password: PASSWORD } }));
    expect(changes).toEqual([{ kind: 'session', id: principal.credentialId }]);
  });

  test('that has ended is not proved any more', async () => {
    const person = await world.account();
    const as = await world.tokenOf(person);
    const principal = await world.app.services.auth.authenticate(as, null);
    await world.sql('UPDATE iam.sessions SET ended_at = $2 WHERE user_id = $1', person.userId, world.now());
    const cx = world.app.serviceContext(principal);
    const refused = await world.as(person, () => world.app.services.auth.stepUp(cx, { proof: { password: PASSWORD } })).catch((error: AppError) => error);
    expect((refused as AppError).code).toBe('UNAUTHENTICATED');
  });
});

describe('guessing', () => {
  test('a password in an open session locks it there after five wrong ones, and the person is told by mail', async () => {
    const person = await world.account();
    const as = await world.tokenOf(person);
    for (let attempt = 0; attempt < 5; attempt += 1) expect(outcomeOf(await world.stepUp(as, { password: 'wrong' }))).toBe('ValidationError');
    expect(outcomeOf(await world.stepUp(as, { password: PASSWORD }))).toBe('ValidationError');
    expect(outcomeOf(await world.signIn(person))).toBe('SignInSuccess');
    expect((await world.outbox.last(person.email)).subject).toBe('Wrong passwords in an open session at Tenantry');
    // The session itself stays: to lock somebody out of what is open would be too easy.
    expect((await world.call('{ viewer { kind } }', {}, { as })).data.viewer).toEqual({ kind: 'USER' });
  });

  test('a code in an open session locks the codes too', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    world.pass(MINUTE_MS);
    for (let attempt = 0; attempt < 5; attempt += 1) await world.stepUp(as, { code: '000000' });
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('ValidationError');
    expect((await world.outbox.last(person.email)).subject).toBe('Wrong codes were sent at Tenantry');
  });

  test('codes counts those of open sessions and of sign-ins together, and passwords in a session apart', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    world.pass(MINUTE_MS);
    const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }';
    const guess = { input: { currentPassword: 'wrong', newPassword: 'another staple of a horse' } };
    for (let attempt = 0; attempt < 6; attempt += 1) expect(outcomeOf(await world.call(change, guess, { as }))).toBe('ValidationError');
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('StepUpSuccess');
    const challenge = await world.challengeOf(person);
    for (let attempt = 0; attempt < 3; attempt += 1) await world.stepUp(as, { code: '000000' });
    for (let attempt = 0; attempt < 2; attempt += 1) await world.complete(challenge, { code: '000000' });
    expect(outcomeOf(await world.complete(challenge, { recoveryCode: person.recoveryCodes[0]! }))).toBe('UNAUTHENTICATED');
    expect(outcomeOf(await world.stepUp(as, { recoveryCode: person.recoveryCodes[0]! }))).toBe('ValidationError');
  });

  test('is not what a password is that is not asked for: it counts for nothing', async () => {
    const person = await world.guarded();
    world.pass(MINUTE_MS);
    const as = await world.enter(person);
    world.pass(MINUTE_MS);
    for (let attempt = 0; attempt < 6; attempt += 1) expect(outcomeOf(await world.stepUp(as, { password: PASSWORD }))).toBe('ValidationError');
    expect(outcomeOf(await world.stepUp(as, { code: person.code() }))).toBe('StepUpSuccess');
  });

  test('is forgotten by a right proof', async () => {
    const as = await world.tokenOf(await world.account());
    for (let round = 0; round < 3; round += 1) {
      for (let attempt = 0; attempt < 4; attempt += 1) await world.stepUp(as, { password: 'wrong' });
      expect(outcomeOf(await world.stepUp(as, { password: PASSWORD }))).toBe('StepUpSuccess');
    }
  });
});

test('of one person only so many attempts a minute are answered, right ones included', async () => {
  const limited = await openSigningIn({ RATE_LIMITS: 'on' });
  try {
    const as = await limited.tokenOf(await limited.account());
    const outcomes: string[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) outcomes.push(outcomeOf(await limited.stepUp(as, { password: PASSWORD })));
    expect(outcomes).toEqual([...Array.from({ length: 5 }, () => 'StepUpSuccess'), 'RATE_LIMITED']);
  } finally {
    await limited.close();
  }
});

test('a step-up is nothing for an API key, and nothing without exactly one proof', async () => {
  expect(outcomeOf(await world.stepUp(acme.keys.owner, { password: PASSWORD }))).toBe('FORBIDDEN');
  const as = await world.tokenOf(await world.account());
  for (const proof of [{}, { password: PASSWORD, code: '000000' }, { password: null }]) {
    expect(outcomeOf(await world.stepUp(as, proof))).toBe('VALIDATION_FAILED');
  }
});

test('the viewer shows how the second factor stands, to the person alone', async () => {
  const QUERY = '{ viewer { secondFactor { enabled confirmedAt recoveryCodesLeft } stepUpUntil } }';
  const person = await world.guarded();
  const confirmedAt = world.now().toISOString();
  world.pass(MINUTE_MS);
  const as = await world.enter(person);
  expect((await world.call(QUERY, {}, { as })).data.viewer.secondFactor).toEqual({ enabled: true, confirmedAt, recoveryCodesLeft: 10 });
  const without = await world.call(QUERY, {}, { as: await world.tokenOf(await world.account()) });
  expect(without.data.viewer.secondFactor).toEqual({ enabled: false, confirmedAt: null, recoveryCodesLeft: 0 });
  expect((await world.call(QUERY, {}, { as: acme.keys.owner })).data.viewer).toEqual({ secondFactor: null, stepUpUntil: null });
});
