import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

/**
 * Whoever may make temporary objects can give a type of PostgreSQL's own name a check, and would see what the role sees
 * that the check then runs as. This database leaves that right to everybody, as PostgreSQL does.
 */
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const asSuperuser = (sql: string) => withClient(database.superuserUrl, (client) => client.query(sql));

const TYPES = ['text', 'uuid', 'bytea', 'jsonb', 'timestamptz'];
const trap = `
  CREATE TEMPORARY TABLE loot (who pg_catalog.text);
  GRANT ALL ON loot TO PUBLIC;
  CREATE FUNCTION pg_temp.look(pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO pg_temp.loot VALUES (current_user); RETURN true; END $$;
  ${TYPES.map((type) => `CREATE DOMAIN pg_temp.${type} AS pg_catalog.${type} CHECK (pg_temp.look(value::pg_catalog.text));`).join('\n  ')}`;

/** As whom the checks ran, while the server's role called what takes, declares and casts to those types. */
const rolesOfChecks = async (): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: database.runtimeUrl });
  await client.connect();
  try {
    // Never committed, so that what is called is as new to the database each time.
    await client.query('BEGIN');
    await client.query(trap);
    await client.query(`SELECT iam.begin_registration('ada@example.test', NULL, sha256('token'), '$argon2id$x', now() + interval '1 hour', now())`);
    await client.query(`SELECT * FROM iam.take_sign_in_attempt(sha256('subject'), now())`);
    await client.query(`SELECT iam.ensure_identity('bob@example.test', 'Bob')`);
    return (await client.query('SELECT DISTINCT who FROM pg_temp.loot')).rows.map(({ who }) => who);
  } finally {
    await client.end();
  }
};

test("a temporary type of PostgreSQL's own name is none in what runs with other rights than its caller's", async () => {
  expect(await rolesOfChecks()).toEqual([]);
});

test('and would be one where the search_path does not name pg_temp, so that the test above can fail', async () => {
  await asSuperuser('ALTER FUNCTION iam.begin_registration(text, text, bytea, text, timestamptz, timestamptz) SET search_path = pg_catalog');
  expect(await rolesOfChecks()).toEqual(['tenantry_definer']);
});
