import { describe, expect, test } from 'vitest';
import { createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { PrismaClient } from '../../src/platform/postgres/generated/client/client.ts';
import {
  a,
  as,
  b,
  database,
  failure,
  newFlow,
  nothingLeft,
  open,
  settingLeft,
  useAdapterAlone,
} from './adapter-alone.ts';
import { startProxy } from './proxy.ts';
import { watch } from './world.ts';

useAdapterAlone();

describe.each([{ namedStatements: true }, { namedStatements: false, throughPooler: true }])(
  'with $namedStatements as named statements',
  (mode) => {
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
      expect(await watch(pool, transaction)).toMatchObject({
        roundTrips: 3,
        texts: { length: 4, 0: 'BEGIN', 3: 'COMMIT' },
      });
      expect(await watch(pool, () => as(a, () => db.$transaction(async () => 'nothing asked')))).toMatchObject({
        roundTrips: 0,
      });
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
      // On a busy machine a short one may take too long as well.
      await expect.poll(() => as(a, () => db.workflow.count()), { timeout: 20_000 }).toBe(3);
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
  },
);

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
    for (const [isolationLevel, name] of [
      ['Serializable', 'serializable'],
      ['RepeatableRead', 'repeatable read'],
    ] as const) {
      const shown = await as(a, () =>
        db.$transaction(
          (tx) => tx.$queryRaw<{ level: string }[]>`SELECT current_setting('transaction_isolation') AS level`,
          { isolationLevel },
        ),
      );
      expect(shown).toEqual([{ level: name }]);
    }
  });

  test('an isolation level that does not exist never becomes text of a statement', async () => {
    const { pool } = open();
    const adapter = await createTenantAdapter(pool).connect();
    const level = 'SERIALIZABLE; RESET ROLE' as 'SERIALIZABLE';
    await expect(as(a, () => adapter.startTransaction(level))).rejects.toMatchObject({ cause: { kind: 'InvalidIsolationLevel', level } });
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
    await expect(as(a, () => transaction.queryRaw(ask))).rejects.toMatchObject({
      cause: { kind: 'TransactionAlreadyClosed' },
    });
    await transaction.rollback();
  });

  test('one that was ended by hand is no success, also when that was its last statement', async () => {
    const { db } = open();
    const byHand = as(a, () => db.$transaction((tx) => tx.$executeRawUnsafe('ROLLBACK')));
    await expect(byHand).rejects.toMatchObject({ cause: { kind: 'TransactionAlreadyClosed' } });
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

test('a statement without a scope never leaves', async () => {
  const { pool } = open();
  const bare = new PrismaClient({ adapter: createTenantAdapter(pool) });
  const { texts } = await watch(pool, async () => {
    expect(await failure(bare.workflow.count())).toMatchObject({ code: 'TENANT_CONTEXT_REQUIRED' });
    expect(await failure(bare.$queryRaw`SELECT 1`)).toMatchObject({ code: 'TENANT_CONTEXT_REQUIRED' });
    expect(await failure(bare.$transaction([bare.workflow.count()]))).toMatchObject({
      code: 'TENANT_CONTEXT_REQUIRED',
    });
    expect(await failure(bare.$transaction((tx) => tx.workflow.count()))).toMatchObject({
      code: 'TENANT_CONTEXT_REQUIRED',
    });
  });
  expect(texts).toEqual([]);
});
