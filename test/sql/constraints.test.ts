import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { insertTenants } from '../isolation/world.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertTenants(database.superuserUrl, 1);
});
afterAll(() => database.drop());

const change = (sql: string) => withClient(database.superuserUrl, (client) => client.query(sql));

describe('whoever asks, the database refuses', () => {
  test.each([
    ['to suspend the system organization', "UPDATE iam.organizations SET status = 'suspended' WHERE is_system"],
    ['to delete the system organization', "UPDATE iam.organizations SET status = 'deleted', deleted_at = now() WHERE is_system"],
    ['somebody who left without a time', "UPDATE iam.memberships SET status = 'left'"],
    ['a time of leaving of somebody who stays', 'UPDATE iam.memberships SET left_at = now()'],
    ['a revoked key without a time', "UPDATE iam.api_keys SET status = 'revoked'"],
    ['a time of revocation of a key that works', 'UPDATE iam.api_keys SET revoked_at = now()'],
  ])('%s', async (_what, sql) => {
    await expect(change(sql)).rejects.toMatchObject({ code: '23514' });
  });

  test('and what belongs together passes', async () => {
    expect((await change("UPDATE iam.memberships SET status = 'left', left_at = now()")).rowCount).toBe(1);
    expect((await change("UPDATE iam.api_keys SET status = 'revoked', revoked_at = now()")).rowCount).toBe(1);
  });
});
