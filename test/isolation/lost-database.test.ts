import { expect, test } from 'vitest';
import { isOutcomeUnknown, isTransientFailure } from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { a, as, b, database, failure, newFlow, open, useAdapterAlone } from './adapter-alone.ts';
import { startProxy } from './proxy.ts';

useAdapterAlone();

test('a killed connection fails its statement with a plain word, and is replaced', async () => {
  const { db } = open();
  const read = () => as(a, () => db.workflow.count());
  const kill = (which: string) =>
    withClient(database.superuserUrl, (client) =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND ${which}`, [
        database.name,
      ]),
    );
  await read();
  await kill(`application_name = 'tenantry' AND usename <> current_user`);
  await expect.poll(() => failure(read())).toBe('no failure');
  const running = failure(as(a, () => db.$queryRaw`SELECT pg_sleep(30)::text AS running`));
  await expect.poll(async () => (await kill(`query LIKE '%AS running' AND pid <> pg_backend_pid()`)).rowCount).toBe(1);
  expect(isTransientFailure(await running)).toBe(true);
  expect(await read()).toBe(3);
  const transaction = as(a, () =>
    db.$transaction(async (tx) => {
      await tx.workflow.create(newFlow(a));
      await kill(`state = 'idle in transaction'`);
      await tx.workflow.count();
    }),
  );
  expect(isTransientFailure(await failure(transaction))).toBe(true);
  expect(await read()).toBe(3);
});

test('a single write that the server ended while it ran was not kept, and is not called unknown', async () => {
  const { db } = open();
  const write = as(a, () => db.$executeRaw`
    INSERT INTO workflow.workflows (org_id, name, slug)
    SELECT ${a.orgId}::uuid, 'New', 'new' || pg_sleep(0.1) FROM pg_terminate_backend(pg_backend_pid())`);
  const ended = await failure(write);
  expect([isTransientFailure(ended), isOutcomeUnknown(ended)]).toEqual([true, false]);
  expect(await as(a, () => db.workflow.count())).toBe(3);
});

/** What a transaction ends with that makes a workflow, when this is done at its COMMIT. */
async function failureAtCommit(statement: string): Promise<unknown> {
  const { db } = open();
  await withClient(database.superuserUrl, (client) =>
    client.query(`
      CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${statement}; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON workflow.workflows
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`),
  );
  const outcome = await failure(as(a, () => db.$transaction((tx) => tx.workflow.create(newFlow(a)))));
  await withClient(database.superuserUrl, (client) => client.query('DROP FUNCTION at_commit CASCADE'));
  return outcome;
}

test('a COMMIT during which the server ended the connection is called unknown', async () => {
  expect(isOutcomeUnknown(await failureAtCommit('PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(5)'))).toBe(true);
});

test('a COMMIT that the server refused is an error, and not called unknown', async () => {
  const refused = await failureAtCommit("RAISE EXCEPTION 'no' USING ERRCODE = '23514'");
  expect(refused).toMatchObject({ cause: { code: '23514' } });
  expect(isOutcomeUnknown(refused)).toBe(false);
});

test('a server that cannot be reached is told apart from a failing statement, and found again', async () => {
  const proxy = await startProxy(database.runtimeUrl);
  const { db } = open({}, proxy.url);
  const read = () => as(a, () => db.workflow.count());
  const transaction = () => as(a, () => db.$transaction((tx) => tx.workflow.count()));
  expect(await read()).toBe(3);
  await proxy.cut();
  for (const attempt of [read, transaction, read]) expect(isTransientFailure(await failure(attempt()))).toBe(true);
  await proxy.restore();
  expect(await read()).toBe(3);
  expect(await transaction()).toBe(3);
  expect(isTransientFailure(await failure(as(a, () => db.$queryRaw`SELECT 1 / 0`)))).toBe(false);
  expect(isTransientFailure(await failure(as(a, () => db.workflow.create(newFlow(b)))))).toBe(false);
  await proxy.close();
});

test('no connection to spare is told apart from a failing statement', async () => {
  const { db } = open({ connectTimeoutMs: 2_000 });
  await as(a, () =>
    db.$transaction(async (tx) => {
      await tx.workflow.count();
      expect(isTransientFailure(await failure(db.workflow.count()))).toBe(true);
      const second = db.$transaction((other) => other.workflow.count(), { maxWait: 50 });
      expect(isTransientFailure(await failure(second))).toBe(true);
    }),
  );
  expect(await as(a, () => db.workflow.count())).toBe(3);
});

test('a wrong password and a missing database count as unavailable', async () => {
  const wrong = new URL(database.runtimeUrl);
  wrong.password = 'wrong';
  const nowhere = new URL(database.runtimeUrl);
  nowhere.pathname = '/nowhere';
  for (const url of [wrong.href, nowhere.href]) {
    const { db } = open({}, url);
    expect(isTransientFailure(await failure(as(a, () => db.workflow.count())))).toBe(true);
  }
});
