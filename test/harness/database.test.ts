import { afterEach, beforeEach, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const insertOrganization = `
  INSERT INTO iam.organizations (name, slug, engine_namespace) VALUES ('Acme Ltd', 'acme', 'org-acme-00000001')`;
const countOrganizations = `SELECT count(*)::int AS count FROM iam.organizations WHERE slug = 'acme'`;

const count = (url: string): Promise<number> =>
  withClient(url, async (client) => (await client.query(countOrganizations)).rows[0].count);

test('each role of a test database meets the wall that it is made to meet', async () => {
  await withClient(database.superuserUrl, (client) => client.query(insertOrganization));
  await expect(count(database.runtimeUrl)).rejects.toThrow('no organization in the context');
  expect(await count(database.bypassUrl)).toBe(1);
});

test('two test databases do not see each other', async () => {
  const other = await createTestDatabase();
  await withClient(other.superuserUrl, (client) => client.query(insertOrganization));
  expect([await count(other.superuserUrl), await count(database.superuserUrl)]).toEqual([1, 0]);
  await other.drop();
});
