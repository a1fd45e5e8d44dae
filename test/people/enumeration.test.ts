import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAttemptSubjects, createAuthService } from '../../src/domains/auth/index.ts';
import { createPeopleService } from '../../src/domains/people/index.ts';
import { createHashing, type Hashing } from '../../src/platform/crypto/passwords.ts';
import { createSealing } from '../../src/platform/crypto/sealing.ts';
import { createSecondFactorProver } from '../../src/domains/second-factor/index.ts';
import { appointOperator, seedWorld } from '../harness/world.ts';
import { ANOTHER, calls, HOUR, openPeople, PASSWORD, type PeopleWorld } from './people.ts';

// Whether an address has an account is told by nothing: not by an answer, not by what is asked of the database, not by
// how often a password is hashed. Time is not measured here: it is what these three are made of.

const SECRET_KEY = 'a secret for tests, long enough for the check';

/** Addresses of every standing, by their standing. */
const ADDRESSES = {
  unknown: 'unknown@enumeration.test',
  known: 'known@enumeration.test',
  locked: 'locked@enumeration.test',
  suspended: 'suspended@enumeration.test',
  unverified: 'unverified@enumeration.test',
  'without a password': 'member@enumeration.test',
  deleted: 'deleted@enumeration.test',
  'with a second factor': 'guarded@enumeration.test',
} as const;
const STANDINGS = Object.entries(ADDRESSES);
const OTHERS = STANDINGS.filter(([standing]) => standing !== 'unknown');

let world: PeopleWorld;
beforeAll(async () => {
  world = await openPeople();
  const { known, locked, suspended, unverified, deleted } = ADDRESSES;
  for (const email of [known, locked, suspended, deleted, ADDRESSES['with a second factor']]) await world.join(email);
  await world.does('register', { email: unverified, password: PASSWORD });
  await world.api.app.preTenant.ensureIdentity(ADDRESSES['without a password'], null);
  await lock();
  await world.sql(`UPDATE iam.users SET status = 'suspended' WHERE email = $1`, suspended);
  await world.sql(`UPDATE iam.users SET status = 'deleted' WHERE email = $1`, deleted);
  await world.sql(
    `INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, confirmed_at, created_at)
     SELECT id, '00000000', decode(repeat('00', 48), 'hex'), now(), now() FROM iam.users WHERE email = $1`,
    ADDRESSES['with a second factor'],
  );
});
afterAll(() => world?.close());

/** Locks the address that is to be locked, whatever time has passed since. */
async function lock(): Promise<void> {
  for (let time = 0; time < 5; time += 1) await world.does('signIn', { email: ADDRESSES.locked, password: 'wrong' });
}

/** What is asked with an address. Whatever it is, the answer to an address that nobody has is the measure. */
const QUESTIONS: Readonly<Record<string, (email: string) => Record<string, unknown>>> = {
  signIn: (email) => ({ email, password: 'wrong' }),
  register: (email) => ({ email, password: ANOTHER }),
  resendVerification: (email) => ({ email }),
  requestPasswordReset: (email) => ({ email }),
};

/** Everything of an answer but what is the caller's own: the address that was sent, and the number of the request. */
async function answer(mutation: string, email: string): Promise<string> {
  // Every one may be written to again, or all would be alike for that reason.
  if (mutation !== 'signIn') world.pass(3 * HOUR);
  const { status, headers, data, errors } = await calls(world.api, mutation, QUESTIONS[mutation]!(email));
  const rest = [...headers].filter(([name]) => !['x-request-id', 'content-length'].includes(name));
  return JSON.stringify([status, rest, data, errors]).replaceAll(email, '<the address>');
}

describe.each(Object.keys(QUESTIONS))('%s', (mutation) => {
  test.each(OTHERS)('answers byte for byte alike for an address that is %s', async (_standing, email) => {
    expect(await answer(mutation, email)).toBe(await answer(mutation, ADDRESSES.unknown));
  });

  test.each(OTHERS)('asks the database the same for an address that is %s', async (_standing, email) => {
    const askedFor = async (address: string) => (await world.api.statementsOf(() => answer(mutation, address))).statements.map(({ text }) => text);
    const asked = await askedFor(email);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked).toEqual(await askedFor(ADDRESSES.unknown));
  });
});

describe('an organization that invites', () => {
  let owner: string;
  beforeAll(async () => {
    owner = (await seedWorld(world.api, 'inviting', (await appointOperator(world.api)).userId)).keys.owner;
  });
  const ask = (mutation: string, fields: string, input: object, as?: string) => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}`;
    const query = `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { __typename ... on ${type}Success { ${fields} } ... on Error { code message } } }`;
    return world.api.call(query, { input }, { as });
  };

  /** Invites an address, takes it back, and tries the token that was sent: the answers, and what was asked of the database. */
  async function invited(email: string): Promise<{ answers: string[]; statements: string[] }> {
    // Every one may be written to, or all would be alike for that reason.
    world.pass(3 * HOUR);
    const answers: string[] = [];
    let id = '';
    const inviting = await world.api.statementsOf(async () => {
      const { data, ...rest } = await ask('inviteMember', 'invitation { id role status sentCount }', { email, role: 'VIEWER' }, owner);
      id = data.inviteMember.invitation.id;
      answers.push(JSON.stringify([data, rest.status, rest.errors]).replace(id, '<its id>'));
    });
    const { token } = await world.outbox.last(email);
    await ask('revokeInvitation', 'invitation { id }', { id }, owner);
    const accepting = await world.api.statementsOf(async () => {
      const { data, status, errors } = await ask('acceptInvitation', 'organizationId', { token, password: ANOTHER });
      answers.push(JSON.stringify([data, status, errors]));
    });
    return { answers, statements: [...inviting.statements, ...accepting.statements].map(({ text }) => text) };
  }

  test.each(OTHERS)('is told, and asks the database, the same for an address that is %s; so is who tries what was taken back', async (_standing, email) => {
    const [theirs, measure] = [await invited(email), await invited(ADDRESSES.unknown)];
    expect(theirs.answers[0]).toContain('InviteMemberSuccess');
    expect(theirs.answers).toEqual(measure.answers);
    expect(theirs.statements).toEqual(measure.statements);
  });
});

test('a mail tells whoever has the address what no answer does', async () => {
  const mailsOf = async (email: string) => (await world.outbox.all(email)).map(({ subject }) => subject);
  expect(await mailsOf(ADDRESSES.known)).toEqual(expect.arrayContaining(['Your account at Tenantry', 'A new password for Tenantry']));
  expect(await mailsOf(ADDRESSES.unverified)).toContain('Confirm your address for Tenantry');
});

test('a right password is answered like a wrong one where nobody may come in', async () => {
  await lock();
  for (const email of [ADDRESSES.locked, ADDRESSES.suspended, ADDRESSES.unverified, ADDRESSES.deleted]) {
    const right = await calls(world.api, 'signIn', { email, password: PASSWORD });
    const unknown = await calls(world.api, 'signIn', { email: ADDRESSES.unknown, password: PASSWORD });
    expect([email, right.status, right.data, right.errors]).toEqual([email, unknown.status, unknown.data, unknown.errors]);
  }
});

describe('as often as for an address that nobody has a password is hashed', () => {
  /** The use cases of the server, with its hashes counted. */
  function counted() {
    const hashing = createHashing({ cost: 'test', atOnce: 3, waitingPerNetwork: 5 });
    const work: string[] = [];
    const counting: Hashing = {
      hash: (text, who) => (work.push(`hash ${who.lane}`), hashing.hash(text, who)),
      verify: (hashed, text, who) => (work.push(`verify ${who.lane}`), hashing.verify(hashed, text, who)),
    };
    const { app } = world.api;
    const parts = {
      ...{ preTenant: app.preTenant, db: app.db, accessFeed: app.accessFeed, mailer: app.mailer, clock: { now: world.now } },
      ...{ secretKey: SECRET_KEY, hashing: counting, session: { accessMinutes: 15, refreshDays: 7, stepUpMs: 600_000 } },
      ...{ countAttempt: () => Promise.resolve(null), attemptSubjects: createAttemptSubjects(SECRET_KEY), mails: { publicUrl: 'http://localhost', product: 'Tests' } },
    };
    const secondFactors = createSecondFactorProver({ db: app.db, sealing: createSealing([new Uint8Array(32)]), recoveryPepper: Buffer.alloc(32) });
    const auth = createAuthService({ ...parts, secondFactors });
    return { work, auth, people: createPeopleService({ ...parts, auth }) };
  }

  test.each(STANDINGS)('at a sign-in with one that is %s, in the lane of guesses', async (_standing, email) => {
    await lock();
    const { auth, work } = counted();
    await auth.signIn({ email, password: 'wrong' }).catch(() => undefined);
    // The first is what nothing is compared with, made once in the life of a server.
    expect(work.filter((each) => each !== 'hash known')).toEqual(['verify guess']);
  });

  test('at a sign-in with what can be no address', async () => {
    for (const email of ['no address', '', 'x'.repeat(1_000)]) {
      const { auth, work } = counted();
      await auth.signIn({ email, password: 'wrong' }).catch(() => undefined);
      expect(work.filter((each) => each !== 'hash known')).toEqual(['verify guess']);
    }
  });

  test.each(STANDINGS)('at a registration of one that is %s', async (_standing, email) => {
    const { people, work } = counted();
    world.pass(3 * HOUR);
    await people.register({ email, password: PASSWORD }, {});
    expect(work.filter((each) => each !== 'hash known')).toEqual(['hash guess']);
  });
});
