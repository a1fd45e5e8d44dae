import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import {
  createMigration,
  createMigrator,
  migrationsDir,
  readMigrationFiles,
} from '../../src/platform/postgres/migrations/index.ts';
import { assertMigrated } from '../../src/platform/postgres/startup-checks.ts';
import { dumpCatalogue } from '../harness/catalogue.ts';
import { createEmptyDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let dir: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  dir = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(dir, { recursive: true });
});

const write = (file: string, sql: string): Promise<void> => writeFile(path.join(dir, file), sql);

const writePair = async (name: string, up: string, down: string): Promise<void> => {
  await write(`${name}.up.sql`, up);
  await write(`${name}.down.sql`, down);
};

const writeTable = (number: number, table: string): Promise<void> =>
  writePair(`000${number}_${table}`, `CREATE TABLE public.${table} (id int);\n`, `DROP TABLE public.${table};\n`);

const migrator = (folder = dir) => createMigrator({ ownerUrl: database.ownerUrl, dir: folder });

const tables = async (): Promise<string[]> => {
  const sql = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`;
  return withClient(database.superuserUrl, async (client) => (await client.query(sql)).rows.map(({ relname }) => relname));
};

describe('migrations of a scratch directory', () => {
  test('what is pending is applied once, in order', async () => {
    await writeTable(1, 'one');
    expect(await migrator().up()).toEqual(['0001_one']);
    await writeTable(2, 'two');
    expect(await migrator().pending()).toEqual(['0002_two']);
    expect(await migrator().up()).toEqual(['0002_two']);
    expect(await migrator().up()).toEqual([]);
    expect(await tables()).toEqual(['one', 'two']);
    expect((await migrator().status()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      '0001_one applied',
      '0002_two applied',
    ]);
  });

  test('down takes back the last ones, and up brings them again', async () => {
    await Promise.all([writeTable(1, 'one'), writeTable(2, 'two'), writeTable(3, 'three')]);
    await migrator().up();
    expect(await migrator().down()).toEqual(['0003_three']);
    expect(await tables()).toEqual(['one', 'two']);
    expect(await migrator().down(Number.POSITIVE_INFINITY)).toEqual(['0002_two', '0001_one']);
    expect(await migrator().down()).toEqual([]);
    expect(await tables()).toEqual([]);
    expect(await migrator().up()).toHaveLength(3);
  });

  test('a failing migration takes the whole run back, and is told by its file, line and cause', async () => {
    await writeTable(1, 'one');
    await writePair('0002_bad', 'CREATE TABLE public.two (id int);\nINSERT INTO nowhere VALUES (1);\n', 'SELECT 1;');
    await expect(migrator().up()).rejects.toThrow(
      'Migration 0002_bad.up.sql failed and everything was rolled back: relation "nowhere" does not exist (line 2).',
    );
    expect(await tables()).toEqual([]);
    expect(await migrator().pending()).toEqual(['0001_one', '0002_bad']);
    await writePair('0002_bad', 'CREATE TABLE public.two (id int);', 'DROP TABLE public.two;');
    expect(await migrator().up()).toEqual(['0001_one', '0002_bad']);
  });

  test('a failing step back takes the whole step back', async () => {
    await writeTable(1, 'one');
    await writePair('0002_two', 'CREATE TABLE public.two (id int);', 'DROP TABLE public.two; DROP TABLE public.nowhere;');
    await migrator().up();
    await expect(migrator().down()).rejects.toThrow('0002_two.down.sql failed');
    expect(await tables()).toEqual(['one', 'two']);
    expect(await migrator().pending()).toEqual([]);
  });

  test('a migration whose session is killed half-way leaves nothing, and can be run again', async () => {
    await writeTable(1, 'one');
    await writePair('0002_slow', `SELECT pg_sleep(600);`, 'SELECT 1;');
    const killed = migrator().up().catch((error: Error) => error);
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(600)%'`;
    const killOnce = () => withClient(database.superuserUrl, async (client) => (await client.query(kill)).rowCount);
    while ((await killOnce()) === 0);
    expect(await killed).toBeInstanceOf(Error);
    expect(await tables()).toEqual([]);
    await writePair('0002_slow', 'SELECT 1;', 'SELECT 1;');
    expect(await migrator().up()).toEqual(['0001_one', '0002_slow']);
  });

  test.each(['up', 'down'])('an applied migration whose %s file was edited is refused by its name', async (direction) => {
    await Promise.all([writeTable(1, 'one'), writeTable(2, 'two')]);
    await migrator().up();
    await write(`0001_one.${direction}.sql`, '-- edited\nDROP TABLE IF EXISTS public.one;');
    const refusal = /^Migration 0001_one was edited after it was applied: /;
    await expect(migrator().up()).rejects.toThrow(refusal);
    await expect(migrator().down()).rejects.toThrow(refusal);
    expect((await migrator().status())[0]?.state).toBe('edited');
    expect(await tables()).toEqual(['one', 'two']);
  });

  test('other line ends are no edit', async () => {
    await writeTable(1, 'one');
    await migrator().up();
    await writePair('0001_one', 'CREATE TABLE public.one (id int);\r\n', 'DROP TABLE public.one;\r\n');
    expect(await migrator().up()).toEqual([]);
  });

  test('an applied migration whose files are gone is refused by its name', async () => {
    await Promise.all([writeTable(1, 'one'), writeTable(2, 'two')]);
    await migrator().up();
    await rm(path.join(dir, '0002_two.up.sql'));
    await rm(path.join(dir, '0002_two.down.sql'));
    await expect(migrator().up()).rejects.toThrow('Migration 0002_two is applied but its files are missing');
    await expect(migrator().down()).rejects.toThrow('Migration 0002_two is applied but its files are missing');
  });

  test('a migration put before an applied one is refused by its name', async () => {
    await writeTable(1, 'one');
    await migrator().up();
    await rename(path.join(dir, '0001_one.up.sql'), path.join(dir, '0002_one.up.sql'));
    await rename(path.join(dir, '0001_one.down.sql'), path.join(dir, '0002_one.down.sql'));
    await writeTable(1, 'earlier');
    await expect(migrator().up()).rejects.toThrow('Migration 0001_one is applied but its files are missing');
    expect(await tables()).toEqual(['one']);
  });

  test.each([
    ['an up file without its down file', ['0001_a.up.sql'], '0001_a.up.sql has no 0001_a.down.sql'],
    ['a down file without its up file', ['0001_a.down.sql'], '0001_a.down.sql has no 0001_a.up.sql'],
    ['a gap in the numbers', ['0002_a.up.sql', '0002_a.down.sql'], '0002_a is out of order: the next number is 0001'],
    [
      'one number twice',
      ['0001_a.up.sql', '0001_a.down.sql', '0001_b.up.sql', '0001_b.down.sql'],
      '0001_b is out of order: the next number is 0002',
    ],
    ['a file of another name', ['1-a.sql'], '1-a.sql is no migration: name it NNNN_words.up.sql'],
  ])('%s is refused', async (_what, files, message) => {
    await Promise.all(files.map((file) => write(file, 'SELECT 1;')));
    await expect(migrator().up()).rejects.toThrow(message);
  });

  test.each(['COMMIT;', '\n  rollback ;', 'BEGIN;', 'start transaction;', 'Commit Work;'])(
    'a file that would leave its transaction (%j) is refused',
    async (statement) => {
      await writePair('0001_a', `CREATE TABLE public.a (id int);\n${statement}`, 'SELECT 1;');
      await expect(migrator().up()).rejects.toThrow('each migration runs in a transaction already');
      expect(await tables()).toEqual([]);
    },
  );

  test('an empty file is refused, and a function body may have its own BEGIN', async () => {
    await writePair('0001_a', ' \n', 'SELECT 1;');
    await expect(migrator().up()).rejects.toThrow('0001_a.up.sql is empty');
    const body = 'DO $$\nBEGIN\n  PERFORM 1;\nEND;\n$$;\nCREATE PROCEDURE public.p() LANGUAGE plpgsql AS $x$\nBEGIN\n  COMMIT;\nEND $x$;';
    await writePair('0001_a', body, 'DROP PROCEDURE public.p();');
    expect(await migrator().up()).toEqual(['0001_a']);
  });

  test('the runtime role reads which migrations are applied and cannot change it', async () => {
    await writeTable(1, 'one');
    const check = async () => assertMigrated(database.runtimeUrl, await readMigrationFiles(dir));
    await expect(check()).rejects.toThrow(/lacks 1 migration \(0001_one\): run "npm run migrate -- up"/);
    await migrator().up();
    await check();
    const forge = (sql: string) => withClient(database.runtimeUrl, (client) => client.query(sql));
    await expect(forge(`DELETE FROM app_meta.migration_files`)).rejects.toThrow('permission denied');
    await expect(forge(`INSERT INTO app_meta.migrations (name, run_on) VALUES ('x', now())`)).rejects.toThrow('denied');
    await write('0001_one.up.sql', '-- edited');
    await expect(check()).rejects.toThrow('edited after they were applied (0001_one)');
    await expect(assertMigrated(database.runtimeUrl, [])).rejects.toThrow('does not know (0001_one)');
  });

  test('create writes both halves of the next number, and never over a file', async () => {
    expect((await createMigration('first_words', dir)).map((file) => path.basename(file))).toEqual([
      '0001_first_words.up.sql',
      '0001_first_words.down.sql',
    ]);
    await createMigration('second', dir);
    expect(await readdir(dir)).toContain('0002_second.down.sql');
    for (const name of ['', '../evil', 'Words', '1st', 'a b']) {
      await expect(createMigration(name, dir)).rejects.toThrow('is no name for a migration');
    }
  });
});

describe('the migrations of the product', () => {
  const command = fileURLToPath(new URL('../../src/migrate.ts', import.meta.url));

  const runCommand = async (...words: string[]): Promise<string[]> => {
    const env = { DATABASE_URL: database.runtimeUrl, MIGRATION_DATABASE_URL: database.ownerUrl };
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...words], { env });
    return stdout.trim().split('\n');
  };

  test('of three commands that start at once one applies each migration and the others find nothing to do', async () => {
    const names = (await readMigrationFiles()).map(({ name }) => name);
    const outputs = await Promise.all([runCommand('up'), runCommand('up'), runCommand('up')]);
    const applied = outputs.flat().filter((line) => line.startsWith('Applied'));
    expect(applied).toEqual(names.map((name) => `Applied ${name}`));
    expect((await runCommand('status')).every((line) => / applied /.test(line))).toBe(true);
    expect(await runCommand('down', 'all')).toHaveLength(names.length);
  });

  test('up, down, up gives the same catalogue', async () => {
    await migrator(migrationsDir).up();
    const first = await dumpCatalogue(database.superuserUrl);
    await migrator(migrationsDir).down(Number.POSITIVE_INFINITY);
    await migrator(migrationsDir).up();
    expect(await dumpCatalogue(database.superuserUrl)).toEqual(first);
    expect(first.filter((line) => line.startsWith('policy: ')).length).toBeGreaterThan(10);
  });

  test('each step back gives the catalogue from before its step', async () => {
    const names = (await readMigrationFiles()).map(({ name }) => name);
    const before: string[][] = [];
    for (const name of names) {
      await Promise.all(
        ['up', 'down'].map((half) => cp(path.join(migrationsDir, `${name}.${half}.sql`), path.join(dir, `${name}.${half}.sql`))),
      );
      before.push(await dumpCatalogue(database.superuserUrl));
      await migrator().up();
    }
    // The bookkeeping came with the first step and stays, so that one is compared without it.
    const others = (line: string): boolean => !line.includes('app_meta');
    for (const expected of before.reverse()) {
      await migrator().down();
      expect((await dumpCatalogue(database.superuserUrl)).filter(others)).toEqual(expected.filter(others));
    }
  });

  test('families of refresh tokens leave the sessions that are open, each a family by the token it has', async () => {
    const { up, down } = migrator(migrationsDir);
    await up();
    const names = (await readMigrationFiles()).map(({ name }) => name);
    await down(names.length - names.indexOf('0012_sessions'));
    const rows = (sql: string) => withClient(database.superuserUrl, async (client) => (await client.query(sql)).rows);
    const [{ updatedAt }] = await rows(`
      WITH person AS (INSERT INTO iam.users (email) VALUES ('ada@example.test') RETURNING id)
      INSERT INTO iam.sessions (user_id, access_hash, refresh_hash, access_expires_at, refresh_expires_at, proved_at, updated_at)
      SELECT id, sha256('access'), sha256('refresh'), now(), now(), now(), '2026-01-02T03:04:05Z' FROM person RETURNING updated_at AS "updatedAt"`);
    await up();
    expect(await rows(`SELECT refresh_family_hash = sha256('refresh') AS named, refreshed_at AS "refreshedAt" FROM iam.sessions`)).toEqual([{ named: true, refreshedAt: updatedAt }]);
  });

  test('the comparison notices a policy, a grant, an owner, a column and an index', async () => {
    await migrator(migrationsDir).up();
    const clean = await dumpCatalogue(database.superuserUrl);
    const changes = [
      'ALTER POLICY lookup ON iam.users TO PUBLIC',
      'GRANT DELETE ON iam.users TO tenantry_runtime',
      'GRANT UPDATE (email) ON iam.users TO tenantry_runtime',
      'ALTER TABLE iam.users NO FORCE ROW LEVEL SECURITY',
      'ALTER FUNCTION iam.find_api_key(bytea) OWNER TO tenantry_owner',
      'ALTER FUNCTION iam.find_api_key(bytea) SECURITY INVOKER',
      'ALTER TABLE iam.users ADD COLUMN extra int',
      'ALTER TABLE iam.users DISABLE TRIGGER USER',
      'CREATE INDEX ON iam.users (created_at)',
      `ALTER TYPE iam.plan ADD VALUE 'gold'`,
    ];
    let previous = clean;
    for (const sql of changes) {
      await withClient(database.superuserUrl, (client) => client.query(sql));
      const next = await dumpCatalogue(database.superuserUrl);
      expect(next, sql).not.toEqual(previous);
      previous = next;
    }
  });
});
