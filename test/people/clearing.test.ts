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
const clear = (): Promise<void> => world.api.app.preTenant.clearCredentials(world.now());

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
