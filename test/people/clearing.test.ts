import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { untilWaiting } from '../domains/world.ts';
import { DAY, HOUR, openPeople, PASSWORD, type PeopleWorld } from './people.ts';

let world: PeopleWorld;
beforeAll(async () => {
  world = await openPeople();
});
afterAll(() => world?.close());

let count = 0;
const address = (): string => `person${(count += 1)}@clearing.test`;
const isThere = async (email: string): Promise<boolean> => (await world.sql('SELECT 1 FROM iam.users WHERE email = $1', email)).length === 1;
const clear = (): Promise<boolean> => world.api.app.preTenant.clearCredentials(world.now());

describe('whoever registered and never proved the address', () => {
  let email: string;
  beforeEach(async () => {
    email = address();
    await world.does('register', { email, password: PASSWORD });
  });

  test('is no more after eight days and some hours, and can register anew', async () => {
    world.pass(8 * DAY - HOUR);
    await clear();
    expect(await isThere(email)).toBe(true);
    world.pass(2 * HOUR);
    await clear();
    expect(await isThere(email)).toBe(false);
    expect(await world.join(email)).toMatch(/^ta_/);
  });

  test('stays as long as the last mail is younger than that', async () => {
    world.pass(6 * DAY);
    await world.does('resendVerification', { email });
    world.pass(3 * DAY);
    await clear();
    expect(await isThere(email)).toBe(true);
    world.pass(6 * DAY);
    await clear();
    expect(await isThere(email)).toBe(false);
  });

  test.each([
    ['has proved the address', `UPDATE iam.users SET email_verified_at = now() WHERE email = $1`],
    ['has a password', `UPDATE iam.users SET password_hash = '$argon2id$x' WHERE email = $1`],
    ['is suspended', `UPDATE iam.users SET status = 'suspended' WHERE email = $1`],
    ['is deleted already, for the record', `UPDATE iam.users SET status = 'deleted' WHERE email = $1`],
    ['operates the platform', `UPDATE iam.users SET system_role = 'admin' WHERE email = $1`],
    ['belongs to an organization', `INSERT INTO iam.memberships (org_id, user_id, email, role) SELECT '00000000-0000-0000-0000-000000000000', id, email, 'member' FROM iam.users WHERE email = $1`],
    [
      'has left one, for the record',
      `INSERT INTO iam.memberships (org_id, user_id, email, role, status, left_at) SELECT '00000000-0000-0000-0000-000000000000', id, email, 'member', 'left', now() FROM iam.users WHERE email = $1`,
    ],
  ])('stays when it %s', async (_what, change) => {
    await world.sql(change, email);
    world.pass(30 * DAY);
    await clear();
    expect(await isThere(email)).toBe(true);
  });

  test('stays, and its membership, when an organization adds it at that very moment', async () => {
    world.pass(30 * DAY);
    await withClient(world.api.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO iam.memberships (org_id, user_id, email, role) SELECT '00000000-0000-0000-0000-000000000000', id, email, 'member' FROM iam.users WHERE email = $1`,
        [email],
      );
      // Whoever is being added is not waited for: the next round is in an hour.
      await clear();
      await client.query('COMMIT');
    });
    await clear();
    expect(await isThere(email)).toBe(true);
    expect(await world.sql('SELECT 1 FROM iam.memberships WHERE email = $1', email)).toHaveLength(1);
  });

  test('is not added to an organization while it is cleared: no membership is lost with it', async () => {
    world.pass(30 * DAY);
    const added = await withClient(world.api.database.superuserUrl, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT iam.clear_credentials($1)', [world.now()]);
      const adding = world
        .sql(`INSERT INTO iam.memberships (org_id, user_id, email, role) SELECT '00000000-0000-0000-0000-000000000000', id, email, 'member' FROM iam.users WHERE email = $1`, email)
        .then(() => 'added', (error: { code: string }) => error.code);
      await untilWaiting(world.sql, 1);
      await client.query('COMMIT');
      return adding;
    });
    expect([added, await isThere(email)]).toEqual(['23503', false]);
  });
});

test('those who stay, however many and however old, do not keep others from being cleared', async () => {
  await world.sql(
    `WITH people AS (INSERT INTO iam.users (email, created_at) SELECT 'added' || n || '@clearing.test', now() - interval '90 days' FROM generate_series(1, 1001) n RETURNING id, email)
     INSERT INTO iam.memberships (org_id, user_id, email, role) SELECT '00000000-0000-0000-0000-000000000000', id, email, 'member' FROM people`,
  );
  const email = address();
  await world.does('register', { email, password: PASSWORD });
  world.pass(9 * DAY);
  await clear();
  expect(await isThere(email)).toBe(false);
  expect(await world.sql(`SELECT count(*)::int AS added FROM iam.users WHERE email LIKE 'added%'`)).toEqual([{ added: 1_001 }]);
});

test('of what is over nothing stays for being much: each step says whether there may be more', async () => {
  await world.sql(`INSERT INTO credentials.sign_in_attempts (subject_hash, failures, last_at) SELECT sha256(n::text::bytea), 1, $1 FROM generate_series(1, 2500) n`, world.now());
  await world.sql(`INSERT INTO credentials.tokens (hash, purpose, expires_at, created_at) SELECT sha256(n::text::bytea), 'reset_password', $1, $1 FROM generate_series(1, 1200) n`, world.now());
  world.pass(8 * DAY);
  const steps = [await clear(), await clear(), await clear()];
  expect(steps).toEqual([true, true, false]);
  expect(await world.sql('SELECT (SELECT count(*) FROM credentials.sign_in_attempts)::int AS attempts, (SELECT count(*) FROM credentials.tokens)::int AS tokens')).toEqual([{ attempts: 0, tokens: 0 }]);
});

test('a good sign-in leaves no row that counts it, and one with wrong guesses before it neither', async () => {
  const email = address();
  await world.join(email);
  const counted = async () => (await world.sql('SELECT count(*)::int AS count FROM credentials.sign_in_attempts'))[0]!.count as number;
  const before = await counted();
  await world.does('signIn', { email, password: PASSWORD });
  expect(await counted()).toBe(before);
  await world.does('signIn', { email, password: 'wrong' });
  expect(await counted()).toBe(before + 1);
  await world.does('signIn', { email, password: PASSWORD });
  expect(await counted()).toBe(before);
});

test('an attempt is counted also when what counted the one before it is taken away at that moment', async () => {
  const subject = Buffer.alloc(32, 7);
  const take = () => world.api.app.preTenant.takeSignInAttempt(subject, world.now());
  await take();
  const next = await withClient(world.api.database.superuserUrl, async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT iam.settle_sign_in($1, true)', [subject]);
    const taking = take();
    await untilWaiting(world.sql, 1);
    await client.query('COMMIT');
    return taking;
  });
  expect(next).toMatchObject({ locked: false, locksUntil: null });
  expect(await world.sql('SELECT failures FROM credentials.sign_in_attempts WHERE subject_hash = $1', subject)).toEqual([{ failures: 1 }]);
});

describe('a session, with the address that it was opened from,', () => {
  const sessionsOf = async (email: string) =>
    (await world.sql('SELECT count(*)::int AS count FROM iam.sessions s JOIN iam.users u ON u.id = s.user_id WHERE u.email = $1', email))[0]!.count as number;

  test.each([
    ['was signed out', 'signed out', 30],
    ['was left to run out', 'left', 37],
  ])('is kept for thirty days after it %s, and no longer', async (_how, end, keptDays) => {
    const email = address();
    const as = await world.join(email);
    expect(await sessionsOf(email)).toBe(1);
    if (end === 'signed out') await world.api.call('mutation { signOut { __typename } }', {}, { as });
    world.pass(keptDays * DAY - HOUR);
    await clear();
    expect(await sessionsOf(email)).toBe(1);
    world.pass(2 * HOUR);
    await clear();
    expect(await sessionsOf(email)).toBe(0);
  });
});

test('an identity that is about to be added to an organization is not cleared in between, however old it is', async () => {
  const email = address();
  await world.sql(`INSERT INTO iam.users (email, created_at, updated_at) VALUES ($1, now() - interval '90 days', now() - interval '90 days')`, email);
  const { preTenant } = world.api.app;
  const userId = await preTenant.ensureIdentity(email, null);
  // By the clock of the database, which writes when it was asked for.
  await preTenant.clearCredentials(new Date());
  await world.sql(`INSERT INTO iam.memberships (org_id, user_id, email, role) VALUES ('00000000-0000-0000-0000-000000000000', $1, $2, 'member')`, userId, email);
  expect(await isThere(email)).toBe(true);
});

test('those who never proved the address are found by an index, among however many who have', async () => {
  await world.sql(`INSERT INTO iam.users (email, password_hash, email_verified_at) SELECT 'proved' || n || '@clearing.test', '$argon2id$x', now() FROM generate_series(1, 20000) n`);
  await world.sql(`INSERT INTO iam.users (email, created_at) SELECT 'unproved' || n || '@clearing.test', now() - interval '20 days' FROM generate_series(1, 20) n`);
  await world.sql('VACUUM ANALYZE iam.users');
  const read = await withClient(world.api.database.superuserUrl, async (client) => {
    const scans = async () => {
      await client.query('SELECT pg_stat_force_next_flush()');
      const { rows } = await client.query(`SELECT t.seq_tup_read::int AS rows, (SELECT i.idx_scan::int FROM pg_stat_user_indexes i WHERE i.indexrelname = 'users_unproved_idx') AS searches FROM pg_stat_user_tables t WHERE t.relname = 'users'`);
      return rows[0] as { rows: number; searches: number };
    };
    const before = await scans();
    await client.query('SELECT iam.clear_credentials($1)', [world.now()]);
    const after = await scans();
    return { rows: after.rows - before.rows, searches: after.searches - before.searches };
  });
  expect(read.rows).toBe(0);
  expect(read.searches).toBeGreaterThan(0);
  expect(await world.sql(`SELECT count(*)::int AS left FROM iam.users WHERE email LIKE 'unproved%'`)).toEqual([{ left: 0 }]);
});
