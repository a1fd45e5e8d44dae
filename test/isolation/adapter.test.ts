import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTenantAdapter, isDatabaseUnavailable } from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { PrismaClient } from '../../src/platform/postgres/generated/client/client.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { startProxy } from './proxy.ts';
import { type Access, type AccessOptions, insertTenants, openAccess, scopeOf, type Tenant, watch } from './world.ts';

let database: TestDatabase;
let tenants: Tenant[];
let a: Tenant;
let b: Tenant;
let opened: Access[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  await withClient(database.superuserUrl, (client) => client.query('TRUNCATE iam.organizations, iam.users CASCADE'));
  tenants = await insertTenants(database.superuserUrl, 2);
  [a, b] = tenants as [Tenant, Tenant];
});

afterEach(async () => {
  await Promise.all(opened.map((access) => access.close()));
  opened = [];
});

// Without the client's wall: what holds here is the adapter and row level security.
const open = (options: AccessOptions = {}, url = database.runtimeUrl): Access => {
  const access = openAccess(url, { clientWall: false, size: 1, ...options });
  opened.push(access);
  return access;
};
const as = <Result>(tenant: Tenant, work: () => Promise<Result>): Promise<Result> => runInScope(scopeOf(tenant), work);
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const newFlow = (tenant: Tenant, slug = 'new') => ({ data: { orgId: tenant.orgId, name: 'New', slug } });

/** What the tenant's setting is on the pool's only connection, without sending a scope along. */
const settingLeft = async ({ pool }: Access): Promise<unknown> => {
  const text = `SELECT current_setting('app.current_org_id', true), current_setting('app.current_user_id', true)`;
  return (await pool.run([{ text, values: [] }])).rows[0];
};
// A setting that was never there reads as null, one that ended with its transaction as the empty string.
const nothingLeft = [expect.toBeOneOf(['', null]), expect.toBeOneOf(['', null])];

describe.each([{ namedStatements: true }, { namedStatements: false }])('with $namedStatements as named statements', (mode) => {
  test('a statement and its tenant are one round trip, on the wire too', async () => {
    const proxy = await startProxy(database.runtimeUrl);
    const { db, pool } = open(mode, proxy.url);
    const read = () => db.workflow.findMany({ include: { tasks: true } });
    await as(a, read);
    const before = proxy.sent();
    const { roundTrips, texts } = await watch(pool, async () => {
      for (let time = 0; time < 5; time += 1) await as(time % 2 === 0 ? a : b, read);
    });
    expect({ roundTrips, statements: texts.length, packets: proxy.sent() - before }).toEqual({
      roundTrips: 5,
      statements: 5,
      packets: 5,
    });
    await proxy.close();
  });

  test('a transaction costs a round trip for each statement and one for its end', async () => {
    const { db, pool } = open(mode);
    const transaction = () =>
      as(a, () =>
        db.$transaction(async (tx) => {
          await tx.workflow.count();
          await tx.workflow.updateMany({ data: { description: 'x' } });
        }),
      );
    await transaction();
    expect(await watch(pool, transaction)).toMatchObject({ roundTrips: 3, texts: { length: 4, 0: 'BEGIN', 3: 'COMMIT' } });
    expect(await watch(pool, () => as(a, () => db.$transaction(async () => 'nothing asked')))).toMatchObject({ roundTrips: 0 });
  });

  test('each statement sees its own tenant only', async () => {
    const { db } = open(mode);
    for (const tenant of [a, b, a]) {
      const rows = await as(tenant, () => db.workflow.findMany());
      expect(rows.map((row) => row.orgId)).toEqual([tenant.orgId, tenant.orgId, tenant.orgId]);
    }
  });

  test('the tenant is gone from the connection after a statement, an error, a commit and a rollback', async () => {
    const access = open(mode);
    const { db } = access;
    const works: (() => Promise<unknown>)[] = [
      () => db.workflow.count(),
      () => db.$queryRaw`SELECT 1 / 0`,
      () => db.workflow.create(newFlow(b)),
      () => db.$transaction((tx) => tx.workflow.count()),
      () => db.$transaction((tx) => tx.$queryRaw`SELECT 1 / 0`),
      () =>
        db.$transaction(async (tx) => {
          await tx.workflow.count();
          await tx.workflow.create(newFlow(b));
        }),
      () =>
        db.$transaction(async (tx) => {
          await tx.workflow.count();
          throw new Error('changed my mind');
        }),
    ];
    for (const work of works) {
      await failure(as(a, work));
      expect(await settingLeft(access)).toEqual(nothingLeft);
      expect(await as(b, () => db.workflow.count())).toBe(3);
    }
  });

  test('a tenant set for the whole session by hand does not reach the next statement', async () => {
    const { db } = open(mode);
    await as(a, () => db.$queryRaw`SELECT set_config('app.current_org_id', ${a.orgId}, false)`);
    expect((await as(b, () => db.workflow.findMany())).map((row) => row.orgId)).toEqual([b.orgId, b.orgId, b.orgId]);
  });

  test('a statement that takes too long is cancelled, alone and in a transaction', async () => {
    const { db } = open({ ...mode, statementTimeoutMs: 100 });
    const slow = /57014/;
    await expect(as(a, () => db.$queryRaw`SELECT pg_sleep(30)::text`)).rejects.toThrow(slow);
    await expect(as(a, () => db.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(30)::text`))).rejects.toThrow(slow);
    expect(await as(a, () => db.workflow.count())).toBe(3);
  });

  test('nested transactions: the inner one is undone alone', async () => {
    const { db } = open(mode);
    await as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.create(newFlow(a, 'outer'));
        const inner = tx.$transaction(async (nested) => {
          await nested.workflow.create(newFlow(a, 'inner'));
          await nested.workflow.create(newFlow(a, 'outer'));
        });
        expect(await failure(inner)).toMatchObject({ code: 'P2002' });
        await tx.$transaction((nested) => nested.workflow.create(newFlow(a, 'kept')));
        expect(await tx.workflow.count()).toBe(5);
      }),
    );
    const slugs = (await as(a, () => db.workflow.findMany({ where: { name: 'New' } }))).map((row) => row.slug);
    expect(slugs.toSorted()).toEqual(['kept', 'outer']);
  });

  test('COPY is refused, and the connection goes on', async () => {
    // As the superuser: row level security refuses the COPY of anybody else before it begins.
    const { db } = open(mode, database.superuserUrl);
    const copy = as(a, () => db.$executeRawUnsafe('COPY workflow.workflows FROM STDIN'));
    await expect(copy).rejects.toThrow('COPY FROM STDIN is not supported here');
    await as(a, () => db.$executeRawUnsafe('COPY workflow.workflows TO STDOUT'));
    expect(await as(a, () => db.workflow.count({ where: { orgId: a.orgId } }))).toBe(3);
  });
});

describe('transactions', () => {
  test('nothing of a failed transaction is kept, whoever swallowed the error', async () => {
    const { db } = open();
    const thrown = as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.create(newFlow(a));
        throw new Error('changed my mind');
      }),
    );
    await expect(thrown).rejects.toThrow('changed my mind');
    const failed = as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.create(newFlow(a));
        await tx.workflow.create(newFlow(a));
      }),
    );
    await expect(failed).rejects.toMatchObject({ code: 'P2002' });
    const swallowed = as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.create(newFlow(a));
        await failure(tx.workflow.create(newFlow(a)));
        return 'all is well';
      }),
    );
    await expect(swallowed).rejects.toThrow('nothing of it was kept');
    expect(await as(a, () => db.workflow.count())).toBe(3);
  });

  test('a write in another organization is refused by row level security', async () => {
    const { db } = open();
    const attempt = as(a, () => db.$transaction((tx) => tx.workflow.create(newFlow(b))));
    await expect(attempt).rejects.toThrow('row-level security');
  });

  test('the isolation level is the one that was asked for', async () => {
    const { db } = open();
    for (const [isolationLevel, name] of [['Serializable', 'serializable'], ['RepeatableRead', 'repeatable read']] as const) {
      const shown = await as(a, () =>
        db.$transaction((tx) => tx.$queryRaw<{ level: string }[]>`SELECT current_setting('transaction_isolation') AS level`, { isolationLevel }),
      );
      expect(shown).toEqual([{ level: name }]);
    }
  });

  test('one that takes too long is rolled back, and its connection serves the next', async () => {
    const { db } = open();
    const late = as(a, () =>
      db.$transaction(
        async (tx) => {
          await tx.workflow.create(newFlow(a));
          await new Promise((resolve) => setTimeout(resolve, 150));
          await tx.workflow.count();
        },
        { timeout: 50 },
      ),
    );
    await expect(late).rejects.toMatchObject({ code: 'P2028' });
    expect(await as(a, () => db.workflow.count())).toBe(3);
  });

  test('one keeps the tenant that it began with, and is of no use once it has ended', async () => {
    const { pool } = open();
    const adapter = await createTenantAdapter(pool).connect();
    const transaction = await as(a, () => adapter.startTransaction());
    const ask = { sql: 'SELECT DISTINCT org_id FROM workflow.workflows', args: [], argTypes: [] };
    for (const work of [() => as(b, () => transaction.queryRaw(ask)), () => transaction.queryRaw(ask)]) {
      expect(await work()).toMatchObject({ rows: [[a.orgId]] });
    }
    await transaction.rollback();
    await expect(as(a, () => transaction.queryRaw(ask))).rejects.toMatchObject({ cause: { kind: 'TransactionAlreadyClosed' } });
    await transaction.rollback();
  });

  test('a connection on which the transaction ended by hand is not used again', async () => {
    const access = open();
    const pid = () => as(a, () => access.db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`);
    const [before] = await pid();
    const byHand = as(a, () =>
      access.db.$transaction(async (tx) => {
        await tx.$executeRawUnsafe('COMMIT');
        await tx.workflow.count();
      }),
    );
    await expect(byHand).rejects.toThrow('The transaction has ended');
    const [after] = await pid();
    expect(after?.pid).not.toBe(before?.pid);
    await as(a, () => access.db.$executeRawUnsafe('BEGIN'));
    expect(await pid()).not.toEqual([after]);
    expect(await settingLeft(access)).toEqual(nothingLeft);
  });
});

describe('prepared statements', () => {
  const preparedOn = async ({ pool }: Access): Promise<number> =>
    Number((await pool.run([{ text: 'SELECT count(*) FROM pg_prepared_statements', values: [] }])).rows[0]?.[0]);

  test('a statement is prepared once on a connection', async () => {
    const access = open();
    const read = () => as(a, () => access.db.workflow.count());
    await read();
    const before = await preparedOn(access);
    await read();
    expect(await preparedOn(access)).toBe(before);
  });

  test('none is left on a connection when they have no names', async () => {
    const access = open({ namedStatements: false });
    await as(a, () => access.db.workflow.count());
    expect(await preparedOn(access)).toBe(0);
  });

  test('the least recently used make room', async () => {
    const access = open({ statementCacheLimit: 10 });
    for (let number = 0; number < 40; number += 1) await as(a, () => access.db.$queryRawUnsafe(`SELECT ${number}`));
    expect(await preparedOn(access)).toBe(10);
    expect(await as(a, () => access.db.$queryRawUnsafe('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  test('one that the server forgot is prepared again, unseen', async () => {
    const access = open();
    const read = () => as(a, () => access.db.workflow.count());
    await read();
    await access.pool.run([{ text: 'DEALLOCATE ALL', values: [] }]);
    expect(await read()).toBe(3);
  });

  test('one whose columns changed is prepared again, unseen, with the new columns', async () => {
    const access = open();
    const owner = (sql: string) => withClient(database.superuserUrl, (client) => client.query(sql));
    await owner('CREATE TABLE public.shape (n int); INSERT INTO public.shape VALUES (1); GRANT SELECT ON public.shape TO PUBLIC');
    const read = () => as(a, () => access.db.$queryRaw`SELECT * FROM public.shape`);
    expect(await read()).toEqual([{ n: 1 }]);
    expect(await read()).toEqual([{ n: 1 }]);
    await owner(`ALTER TABLE public.shape ALTER n TYPE text USING 'text'; ALTER TABLE public.shape ADD more jsonb DEFAULT '[1]'`);
    expect(await read()).toEqual([{ n: 'text', more: [1] }]);
    await owner('ALTER TABLE public.shape DROP more');
    const inTransaction = as(a, () => access.db.$transaction((tx) => tx.$queryRaw`SELECT * FROM public.shape`));
    await expect(inTransaction).rejects.toThrow('0A000');
    expect(await read()).toEqual([{ n: 'text' }]);
  });

  test('one that fails is sent once only', async () => {
    const { db, pool } = open();
    const unsupported = `DO $$ BEGIN RAISE EXCEPTION 'not supported' USING ERRCODE = '0A000'; END $$`;
    for (let time = 0; time < 2; time += 1) {
      const { texts } = await watch(pool, () => as(a, () => failure(db.$executeRawUnsafe(unsupported))));
      expect(texts).toHaveLength(1);
    }
  });

  test('a statement that failed when it was first prepared works later', async () => {
    const { db } = open();
    const read = () => as(a, () => db.$queryRaw`SELECT * FROM public.later`);
    expect(await failure(read())).toMatchObject({ code: 'P2010' });
    await withClient(database.superuserUrl, (client) =>
      client.query('CREATE TABLE public.later (n int); GRANT SELECT ON public.later TO PUBLIC'),
    );
    expect(await as(a, () => db.$transaction((tx) => tx.$queryRaw`SELECT * FROM public.later`))).toEqual([]);
    expect(await read()).toEqual([]);
  });
});

describe('a lost database', () => {
  test('a killed connection fails its statement with a plain word, and is replaced', async () => {
    const { db } = open();
    const read = () => as(a, () => db.workflow.count());
    const kill = (which: string) =>
      withClient(database.superuserUrl, (client) =>
        client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND ${which}`, [database.name]),
      );
    await read();
    await kill(`application_name = 'tenantry' AND usename <> current_user`);
    await expect.poll(() => failure(read())).toBe('no failure');
    const running = failure(as(a, () => db.$queryRaw`SELECT pg_sleep(30)::text AS running`));
    await expect.poll(async () => (await kill(`query LIKE '%AS running' AND pid <> pg_backend_pid()`)).rowCount).toBe(1);
    expect(isDatabaseUnavailable(await running)).toBe(true);
    expect(await read()).toBe(3);
    const transaction = as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.create(newFlow(a));
        await kill(`state = 'idle in transaction'`);
        await tx.workflow.count();
      }),
    );
    expect(isDatabaseUnavailable(await failure(transaction))).toBe(true);
    expect(await read()).toBe(3);
  });

  test('a server that cannot be reached is told apart from a failing statement, and found again', async () => {
    const proxy = await startProxy(database.runtimeUrl);
    const { db } = open({}, proxy.url);
    const read = () => as(a, () => db.workflow.count());
    const transaction = () => as(a, () => db.$transaction((tx) => tx.workflow.count()));
    expect(await read()).toBe(3);
    await proxy.cut();
    for (const attempt of [read, transaction, read]) expect(isDatabaseUnavailable(await failure(attempt()))).toBe(true);
    await proxy.restore();
    expect(await read()).toBe(3);
    expect(await transaction()).toBe(3);
    expect(isDatabaseUnavailable(await failure(as(a, () => db.$queryRaw`SELECT 1 / 0`)))).toBe(false);
    expect(isDatabaseUnavailable(await failure(as(a, () => db.workflow.create(newFlow(b)))))).toBe(false);
    await proxy.close();
  });

  test('no connection to spare is told apart too', async () => {
    const { db } = open({ connectTimeoutMs: 100 });
    await as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.count();
        expect(isDatabaseUnavailable(await failure(db.workflow.count()))).toBe(true);
        const second = db.$transaction((other) => other.workflow.count(), { maxWait: 50 });
        expect(isDatabaseUnavailable(await failure(second))).toBe(true);
      }),
    );
    expect(await as(a, () => db.workflow.count())).toBe(3);
  });

  test('a wrong password and a missing database are', async () => {
    const wrong = new URL(database.runtimeUrl);
    wrong.password = 'wrong';
    const nowhere = new URL(database.runtimeUrl);
    nowhere.pathname = '/nowhere';
    for (const url of [wrong.href, nowhere.href]) {
      const { db } = open({}, url);
      expect(isDatabaseUnavailable(await failure(as(a, () => db.workflow.count())))).toBe(true);
    }
  });
});

test('a statement without a scope never leaves', async () => {
  const { pool } = open();
  const bare = new PrismaClient({ adapter: createTenantAdapter(pool) });
  const { texts } = await watch(pool, async () => {
    expect(await failure(bare.workflow.count())).toMatchObject({ code: 'TENANT_CONTEXT_REQUIRED' });
    expect(await failure(bare.$queryRaw`SELECT 1`)).toMatchObject({ code: 'TENANT_CONTEXT_REQUIRED' });
    expect(await failure(bare.$transaction([bare.workflow.count()]))).toMatchObject({ code: 'TENANT_CONTEXT_REQUIRED' });
    expect(await failure(bare.$transaction((tx) => tx.workflow.count()))).toMatchObject({ code: 'TENANT_CONTEXT_REQUIRED' });
  });
  expect(texts).toEqual([]);
});
