import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLookups, type Lookups } from '../../src/domains/auth/lookups.ts';
import { createAttemptSubjects } from '../../src/domains/auth/attempt-subjects.ts';
import type { Attempt } from '../../src/domains/auth/attempts.ts';
import { signIn } from '../../src/domains/auth/sign-in.ts';
import { createVerifier } from '../../src/domains/auth/verify.ts';
import { createHashing } from '../../src/platform/crypto/passwords.ts';
import { generateApiKey } from '../../src/domains/api-keys/index.ts';
import { watch } from '../isolation/world.ts';
import { codeOf, openWorld, outcomeOf, PASSWORD, type Tenant, type World } from './world.ts';

let world: World;
let acme: Tenant;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
});
afterAll(() => world?.close());

const lookupsThat = (hear: boolean) => createLookups({ ...world, clock: { now: world.now }, accessFeed: { isListening: () => hear } });
const lookupsOf = () => lookupsThat(true);
/** Asks for an organization as the operator is shown it. */
const shown = (lookups: Lookups, orgId: string = acme.orgId) => lookups.operatorOrganization(world.operator.userId, orgId);
const organization = ({ orgId }: Tenant) => ({ orgId, organizationStatus: 'active', requiresSecondFactor: false });

/** How many statements `work` sends. Followers of what was founded before may be told meanwhile: that is nobody's look-up. */
const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const { texts } = await watch(world.pool, () => work().catch(() => undefined));
  return texts.filter((text) => !text.includes('pg_notify')).length;
};

test('what one server remembers, another in the same process does not', async () => {
  const [one, other] = [lookupsOf(), lookupsOf()];
  const found = await shown(one);
  expect(await statementsOf(() => shown(one))).toBe(0);
  expect(await statementsOf(() => shown(other))).toBeGreaterThan(0);
  expect(found).toEqual(organization(acme));
});

describe('who asks for what is looked up already', () => {
  /** How many statements one question takes. */
  const one = () => statementsOf(() => shown(lookupsOf()));

  test('is answered by the same statement, and who asks for another by another', async () => {
    const other = await world.found('Other');
    const lookups = lookupsOf();
    const found: unknown[] = [];
    const ask = async (orgId: string) => found.push(await shown(lookups, orgId));
    expect(await statementsOf(() => Promise.all([ask(acme.orgId), ask(acme.orgId), ask(acme.orgId)]))).toBe(await one());
    lookups.clear();
    expect(await statementsOf(() => Promise.all([ask(acme.orgId), ask(other.orgId)]))).toBe(2 * (await one()));
    // Two connections answer in any order.
    expect(found).toHaveLength(5);
    expect(found).toEqual(expect.arrayContaining([...Array.from({ length: 4 }, () => organization(acme)), organization(other)]));
  });

  test('is answered by another one, when anything has changed since', async () => {
    for (const change of [{ kind: 'org', id: acme.orgId }, { kind: 'key', id: 'unheard of' }] as const) {
      const lookups = lookupsOf();
      const ask = () => shown(lookups);
      const askAroundAChange = () => {
        const before = ask();
        lookups.forget(change);
        return Promise.all([before, ask(), ask()]);
      };
      expect(await statementsOf(askAroundAChange)).toBe(2 * (await one()));
    }
  });

  test('is answered by another one, while changes cannot be heard', async () => {
    const lookups = lookupsThat(false);
    const ask = () => shown(lookups);
    expect(await statementsOf(() => Promise.all([ask(), ask()]))).toBe(2 * (await one()));
  });

  test('asks anew when it was not there, or nobody could tell', async () => {
    const lookups = lookupsOf();
    const nowhere = '0198f0c2-0000-7000-8000-000000000001';
    const ask = () => shown(lookups, nowhere);
    for (let time = 0; time < 2; time += 1) expect(await statementsOf(() => Promise.all([ask(), ask()]))).toBe(await one());
    await world.sql('REVOKE EXECUTE ON FUNCTION iam.find_organization_for_operator(uuid, uuid) FROM tenantry_runtime');
    const failing = lookupsOf();
    await expect(Promise.all([shown(failing), shown(failing)])).rejects.toBeInstanceOf(Error);
    await world.sql('GRANT EXECUTE ON FUNCTION iam.find_organization_for_operator(uuid, uuid) TO tenantry_runtime');
    expect(await shown(failing)).toEqual(organization(acme));
  });
});

test('what an operator was shown is remembered for that operator alone', async () => {
  const lookups = lookupsOf();
  expect(await lookups.operatorOrganization(world.operator.userId, acme.orgId)).toMatchObject({ orgId: acme.orgId });
  expect(await lookups.operatorOrganization(acme.owner.userId, acme.orgId)).toBeNull();
});

test('what an operator was shown ends with a change of the operator, and of the organization', async () => {
  const lookups = lookupsOf();
  const ask = () => lookups.operatorOrganization(world.operator.userId, acme.orgId);
  for (const change of [{ kind: 'user', id: world.operator.userId }, { kind: 'org', id: acme.orgId }] as const) {
    await ask();
    expect(await statementsOf(ask)).toBe(0);
    lookups.forget(change);
    expect(await statementsOf(ask)).toBeGreaterThan(0);
  }
});

test('a token that no server ever gave out costs the database nothing', async () => {
  for (const token of ['nonsense', `tr_${'a'.repeat(43)}`, generateApiKey().slice(0, -1)]) {
    expect(await statementsOf(() => world.auth.authenticate(token, null))).toBe(0);
  }
  for (const refreshToken of ['nonsense', `ta_${'a'.repeat(43)}`]) {
    expect(await codeOf(world.auth.refresh({ refreshToken }))).toBe('UNAUTHENTICATED');
    expect(await statementsOf(() => world.auth.refresh({ refreshToken }))).toBe(0);
    expect(await statementsOf(() => world.auth.abandon({ refreshToken }))).toBe(0);
  }
});

test('one attempt too many is refused before the password is looked at, right or wrong', async () => {
  const counted: Attempt[] = [];
  const countAttempt = (attempt: Attempt) => Promise.resolve(counted.push(attempt) > 1 ? 1_500 : null);
  const passwords = createVerifier(createHashing({ cost: 'test', atOnce: 1, waitingPerNetwork: 0 }));
  const mailing = { mailer: { send: () => undefined, settled: () => Promise.resolve(), close: () => Promise.resolve() }, mails: { publicUrl: '', product: '' } };
  const session = { accessMinutes: 15, refreshDays: 7, stepUpMs: 600_000 };
  const dependencies = { ...world, clock: { now: world.now }, session, passwords, forget: () => undefined, countAttempt, attemptSubjects: createAttemptSubjects('x'), ...mailing };
  const attempt = (email: string, password = PASSWORD) => outcomeOf(signIn(dependencies, { email, password }, {}));
  expect(await attempt(acme.ownerEmail)).toMatchObject({ userId: acme.owner.userId });
  for (const password of [PASSWORD, 'wrong']) expect(await attempt(acme.ownerEmail, password)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await statementsOf(() => attempt(acme.ownerEmail))).toBe(0);
});
