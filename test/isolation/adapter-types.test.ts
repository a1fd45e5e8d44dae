import { type ArgType, type SqlDriverAdapter, type SqlQuery } from '@prisma/driver-adapter-utils';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool, createTenantAdapter, type DatabasePool } from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

// The adapter must be, for Prisma, the same as Prisma's own: the two are asked the same and must answer the same.
let database: TestDatabase;
let pools: DatabasePool[];
let stock: SqlDriverAdapter;
let adapters: Record<'named' | 'unnamed', SqlDriverAdapter>;

const scope = createScope({ orgId: null, userId: null });

beforeAll(async () => {
  database = await createTestDatabase();
  await withClient(database.superuserUrl, (client) =>
    client.query(`
      CREATE SCHEMA lab;
      CREATE TYPE lab.colour AS ENUM ('red', 'Dark Green');
      CREATE DOMAIN lab.short AS varchar(3);
      CREATE TABLE lab.parents
        (id int PRIMARY KEY, name text NOT NULL UNIQUE, code lab.short, small int2 CHECK (small > 0));
      CREATE TABLE lab.children (id int PRIMARY KEY, parent_id int REFERENCES lab.parents ON DELETE RESTRICT);
      INSERT INTO lab.parents VALUES (1, 'one', 'x', 1);
      INSERT INTO lab.children VALUES (1, 1);`),
  );
  const options = { url: database.superuserUrl, size: 1, connectTimeoutMs: 5_000, statementTimeoutMs: 5_000 };
  pools = [true, false].map((namedStatements) => createPool({ ...options, namedStatements, throughPooler: !namedStatements }));
  const [named, unnamed] = await Promise.all(pools.map((pool) => createTenantAdapter(pool).connect()));
  adapters = { named: named as SqlDriverAdapter, unnamed: unnamed as SqlDriverAdapter };
  stock = await new PrismaPg({ connectionString: database.superuserUrl, max: 1, options: '-c TimeZone=UTC' }).connect();
});

afterAll(async () => {
  await stock.dispose();
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

const query = (sql: string, args: unknown[] = [], argTypes: ArgType[] = []): SqlQuery => ({ sql, args, argTypes });
const unsupported = 'UnsupportedNativeDataType';
// How the message calls a type that Prisma cannot read is the one thing in which the two may differ.
const outcome = (work: Promise<unknown>) =>
  work.then(
    (value) => ({ value }),
    ({ name, cause }: { name: string; cause: { kind: string } }) => ({
      name,
      cause: cause.kind === unsupported ? unsupported : cause,
    }),
  );

/** Twice, because the second time the statement is prepared already. */
const expectSame = async (asked: SqlQuery, method: 'queryRaw' | 'executeRaw' = 'queryRaw') => {
  const expected = await outcome(stock[method](structuredClone(asked)));
  for (const adapter of Object.values(adapters)) {
    for (let time = 0; time < 2; time += 1) {
      expect(await runInScope(scope, () => outcome(adapter[method](structuredClone(asked))))).toEqual(expected);
    }
  }
  return expected;
};

describe('a column is read like Prisma’s own adapter reads it', () => {
  const values: Record<string, string[]> = {
    bool: ['true', 'false'],
    int2: ['-32768', '32767'],
    int4: ['-2147483648', '0'],
    int8: ['9223372036854775807', '-1'],
    oid: ['4294967295'],
    float4: ['1.5', 'NaN', '-Infinity', '3.4e38'],
    float8: ['0.1', '1e300', 'NaN', 'Infinity'],
    numeric: ['1234567890123456789012345678.000000000001', '0.10', 'NaN', '-5'],
    money: ['$12.34', '$1,234,567.89'],
    text: ['', 'plain', 'ünï ✓ "quoted" \\ back', '{1,2}', 'null'],
    varchar: ['abc'],
    'char(5)': ['ab'],
    '"char"': ['x'],
    name: ['a_name'],
    uuid: ['0190A0B0-0000-7000-8000-0000000000FF'],
    json: ['{"a": [1, null, "x"]}', 'null', '"text"', '12', '{"b":1,"b":2}'],
    jsonb: ['{"a": [1, null, "x"]}', 'null', '"text"', '12.50', '[]'],
    bytea: ['\\x00ff10', ''],
    date: ['2026-02-28', '0044-03-15', '12026-01-01', 'infinity'],
    time: ['12:34:56', '23:59:59.123456', '00:00:00'],
    timetz: ['12:34:56+02', '23:59:59.5-03:30'],
    timestamp: ['2026-02-28 12:34:56', '2026-02-28 12:34:56.789', '2026-02-28 12:34:56.789123', 'infinity'],
    timestamptz: ['2026-02-28 12:34:56+05:30', '2026-02-28 12:34:56.7+00', '1969-12-31 23:59:59.999999-12'],
    'timestamptz(3)': ['2026-02-28 12:34:56.789123+02', '2026-02-28 00:00:00+00'],
    inet: ['10.0.0.1', '10.0.0.0/8', '2001:db8::1'],
    cidr: ['10.0.0.0/8'],
    xml: ['<a b="c">d</a>'],
    'bit(3)': ['101'],
    varbit: ['10101'],
    'lab.colour': ['red', 'Dark Green'],
    'lab.short': ['abc'],
  };
  // Prisma reads the one-byte type of the catalogues in arrays only.
  const readable = Object.entries(values).filter(([type]) => type !== '"char"');
  const scalars = readable.flatMap(([type, texts]) => texts.map((text) => [type, text] as const));

  test.each(scalars)('%s %s', async (type, text) => {
    const literal = `'${text.replaceAll("'", "''")}'::${type}`;
    expect(await expectSame(query(`SELECT ${literal} AS "the value", NULL::${type} AS nothing`))).toHaveProperty(
      'value',
    );
  });

  test.each(Object.entries(values))('an array of %s', async (type, texts) => {
    const literals = texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
    const sql = `SELECT ARRAY[${literals}, NULL]::${type}[] AS some, '{}'::${type}[] AS none, NULL::${type}[] AS nothing`;
    await expectSame(query(sql));
  });

  test('types that Prisma cannot read', async () => {
    for (const sql of [
      `SELECT point(1, 2)`,
      `SELECT interval '1 day'`,
      `SELECT int4range(1, 2)`,
      `SELECT pg_sleep(0)`,
      `SELECT 'x'::"char"`,
    ]) {
      expect(await expectSame(query(sql))).toMatchObject({ cause: unsupported });
      expect(await expectSame(query(sql), 'executeRaw')).toEqual({ value: 1 });
    }
  });

  test('no rows, no columns, the same column twice', async () => {
    await expectSame(query('SELECT 1 AS a, 2 AS a'));
    await expectSame(query('SELECT 1 AS a WHERE false'));
    await expectSame(query('SELECT'));
    await expectSame(query(''));
    await expectSame(query('SELECT generate_series(1, 1000) AS n'));
  });
});

describe('an argument is sent like Prisma’s own adapter sends it', () => {
  const scalar = (scalarType: ArgType['scalarType'], dbType?: string): ArgType => ({
    scalarType,
    dbType,
    arity: 'scalar',
  });
  const list = (scalarType: ArgType['scalarType'], dbType?: string): ArgType => ({ scalarType, dbType, arity: 'list' });
  const cases: [type: string, value: unknown, ArgType][] = [
    ['text', 'ünï ✓', scalar('string')],
    ['text', null, scalar('string')],
    ['text', '2026-01-01', scalar('string')],
    ['int4', 42, scalar('int')],
    ['int8', '9007199254740993', scalar('bigint')],
    ['int8', 9007199254740993n, scalar('bigint')],
    ['float8', 0.1, scalar('float')],
    ['numeric', '12345678901234567890.123456789', scalar('decimal')],
    ['bool', false, scalar('boolean')],
    ['uuid', '0190a0b0-0000-7000-8000-0000000000ff', scalar('uuid')],
    ['lab.colour', 'Dark Green', scalar('enum')],
    ['jsonb', '{"a":[1,null]}', scalar('json')],
    ['jsonb', 'null', scalar('json')],
    ['json', '"text"', scalar('json')],
    ['bytea', 'AP8Q', scalar('bytes')],
    ['bytea', Buffer.from([0, 255, 16]), scalar('bytes')],
    ['bytea', new Uint8Array([0, 255, 16]).subarray(1), scalar('bytes')],
    ['timestamptz', '2026-02-28T12:34:56.789Z', scalar('datetime', 'TIMESTAMPTZ')],
    ['timestamptz(3)', '2026-02-28T12:34:56.000+02:00', scalar('datetime')],
    ['timestamp', new Date('2026-02-28T12:34:56.007Z'), scalar('datetime', 'TIMESTAMP')],
    ['timestamptz', '0099-02-28T12:34:56.789Z', scalar('datetime', 'TIMESTAMPTZ')],
    ['date', '2026-02-28T23:59:59.999Z', scalar('datetime', 'DATE')],
    ['time', '1970-01-01T12:34:56.700Z', scalar('datetime', 'TIME')],
    ['timetz', '1970-01-01T12:34:56.000Z', scalar('datetime', 'TIMETZ')],
    // As text, so that what was sent shows itself and not only what the server made of it.
    ['text', '2026-02-28T23:59:59.999Z', scalar('datetime', 'DATE')],
    ['text', '2026-02-28T23:59:59.999Z', scalar('datetime', 'TIME')],
    ['text', '2026-02-28T23:59:59.000Z', scalar('datetime', 'TIMETZ')],
    ['text', '2026-02-28T23:59:59.010Z', scalar('datetime', 'TIMESTAMPTZ')],
    ['text', '+012026-02-28T23:59:59.010Z', scalar('datetime')],
    ['inet', '10.0.0.1', scalar('string')],
    ['text[]', ['a', 'b "c" \\ {d}', '', null], list('string')],
    ['text[]', [], list('string')],
    ['int4[]', [1, 2, null], list('int')],
    ['timestamptz[]', ['2026-02-28T12:34:56.789Z', '2026-01-01T00:00:00.000Z'], list('datetime')],
    ['bytea[]', ['AP8Q', ''], list('bytes')],
    ['jsonb[]', ['{"a":"b\\"c"}', 'null'], list('json')],
    ['lab.colour[]', ['red', 'Dark Green'], list('enum')],
    ['uuid[]', ['0190a0b0-0000-7000-8000-0000000000ff'], list('uuid')],
  ];

  test.each(cases)('%s %o', async (type, value, argType) => {
    expect(await expectSame(query(`SELECT $1::${type} AS value`, [value], [argType]))).toHaveProperty('value');
  });

  test('many at once', async () => {
    const args = Array.from({ length: 2_000 }, (_, index) => index);
    const types = args.map(() => scalar('int'));
    await expectSame(query(`SELECT ${args.map((n) => `$${n + 1}::int`).join(' + ')} AS sum`, args, types));
  });
});

describe('the number of changed rows and the errors are those of Prisma’s own adapter', () => {
  test('changed rows', async () => {
    await expectSame(query('UPDATE lab.parents SET small = small'), 'executeRaw');
    await expectSame(query('UPDATE lab.parents SET small = 1 WHERE false'), 'executeRaw');
    await expectSame(query('SELECT 1 UNION SELECT 2'), 'executeRaw');
    await expectSame(query('CREATE TABLE IF NOT EXISTS lab.parents ()'), 'executeRaw');
    await expectSame(query(`UPDATE lab.parents SET small = 1 RETURNING id, name`));
  });

  const failing: Record<string, string> = {
    'unique key': `INSERT INTO lab.parents VALUES (1, 'new')`,
    'unique name': `INSERT INTO lab.parents VALUES (2, 'one')`,
    'foreign key': 'INSERT INTO lab.children VALUES (2, 99)',
    'still referenced': 'DELETE FROM lab.parents',
    'not null': 'INSERT INTO lab.parents VALUES (2, NULL)',
    'check constraint': `INSERT INTO lab.parents VALUES (2, 'two', 'x', 0)`,
    'too long': `INSERT INTO lab.parents VALUES (2, 'two', 'long'::varchar)`,
    'out of range': 'SELECT 99999999999::int4',
    'invalid input': `SELECT 'x'::int4`,
    'invalid UUID': `SELECT 'x'::uuid`,
    'invalid date': `SELECT '2026-02-31'::date`,
    'missing table': 'SELECT * FROM lab.nowhere',
    'missing column': 'SELECT lab.parents.nothing FROM lab.parents',
    'missing quoted column': 'SELECT "odd "" name" FROM lab.parents',
    'missing function': 'SELECT lab.nothing()',
    'syntax error': 'SELEC 1',
    'division by zero': 'SELECT 1 / 0',
    'raised by a function': `DO $$ BEGIN
      RAISE EXCEPTION 'no %', 'way' USING ERRCODE = 'TN001', HINT = 'a hint', DETAIL = 'a detail';
    END $$`,
    'write conflict': `DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$`,
    deadlock: `DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`,
    'access denied': `DO $$ BEGIN RAISE EXCEPTION 'x, y, database "z"' USING ERRCODE = '28000'; END $$`,
    'too many connections': `DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53300'; END $$`,
  };

  test.each(Object.entries(failing))('%s', async (_, sql) => {
    const same = await expectSame(query(sql), 'executeRaw');
    expect(same).toHaveProperty('cause.kind');
  });
});

test('times mean the same whatever time zone the server or the role prefers', async () => {
  await withClient(database.superuserUrl, (client) =>
    client.query(
      `ALTER DATABASE ${database.name} SET TimeZone = 'America/New_York'; ALTER DATABASE ${database.name} SET DateStyle = 'German'`,
    ),
  );
  for (const namedStatements of [true, false]) {
    const pool = createPool({
      url: database.superuserUrl,
      size: 1,
      connectTimeoutMs: 5_000,
      statementTimeoutMs: 5_000,
      namedStatements,
      throughPooler: !namedStatements,
    });
    const adapter = await createTenantAdapter(pool).connect();
    const type: ArgType = { scalarType: 'datetime', dbType: 'TIMESTAMPTZ', arity: 'scalar' };
    const sql = `SELECT $1::timestamptz AS given, '2026-07-01 12:00:00+00'::timestamptz AS summer`;
    const { rows } = await runInScope(scope, () => adapter.queryRaw(query(sql, ['2026-07-01T12:00:00.000Z'], [type])));
    expect(rows).toEqual([['2026-07-01T12:00:00+00:00', '2026-07-01T12:00:00+00:00']]);
    await pool.end();
  }
});

test('a value that cannot be read fails its statement, and the next one reads what it asked for', async () => {
  const usual = pg.types.getTypeParser(pg.types.builtins.POLYGON, 'text');
  pg.types.setTypeParser(pg.types.builtins.POLYGON, () => {
    throw new Error('cannot read this');
  });
  try {
    for (const pool of pools) {
      const read = (text: string) => pool.run([{ text, values: [] }]);
      await expect(read(`SELECT '((0,0),(1,1))'::polygon FROM generate_series(1, 3)`)).rejects.toThrow('cannot read this');
      expect((await read('SELECT 1::int4')).rows).toEqual([[1]]);
    }
  } finally {
    pg.types.setTypeParser(pg.types.builtins.POLYGON, usual);
  }
});

test('several statements in one text are refused, since a second one could begin another transaction', async () => {
  for (const adapter of Object.values(adapters)) {
    const attempt = runInScope(scope, () => adapter.executeRaw(query('SELECT 1; SELECT 2')));
    await expect(attempt).rejects.toMatchObject({ cause: { code: '42601' } });
  }
});

test('a script is refused', async () => {
  await expect(runInScope(scope, () => adapters.named.executeScript('SELECT 1'))).rejects.toThrow('no tenant');
});
