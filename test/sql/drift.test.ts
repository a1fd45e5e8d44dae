import { afterEach, beforeEach, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { schemaDrift } from '../harness/drift.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

test('the migrated database is what prisma/schema describes', async () => {
  expect(await schemaDrift(database.superuserUrl)).toBe('');
});

test.each([
  ['a column more', 'ALTER TABLE iam.users ADD COLUMN extra int', 'DROP COLUMN "extra"'],
  ['a column less', 'ALTER TABLE iam.users DROP COLUMN name CASCADE', 'ADD COLUMN     "name"'],
  ['another nullability', 'ALTER TABLE iam.users ALTER COLUMN email DROP NOT NULL', 'SET NOT NULL'],
  ['another type', 'ALTER TABLE iam.users ALTER COLUMN name TYPE varchar(5)', 'SET DATA TYPE TEXT'],
  ['a foreign key less', 'ALTER TABLE iam.memberships DROP CONSTRAINT memberships_user_id_fkey', 'ADD CONSTRAINT'],
  ['an index less', 'DROP INDEX iam.memberships_user_id_idx', 'CREATE INDEX'],
  ['another word in an enum', `ALTER TYPE iam.plan ADD VALUE 'gold'`, 'plan'],
])('%s is noticed', async (_what, sql, expected) => {
  await withClient(database.superuserUrl, (client) => client.query(sql));
  expect(await schemaDrift(database.superuserUrl)).toContain(expected);
});
