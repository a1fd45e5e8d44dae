import { expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { a, as, database, failure, open, useAdapterAlone } from './adapter-alone.ts';
import { type Access, watch } from './world.ts';

useAdapterAlone();

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
  const access = open({ namedStatements: false, throughPooler: true });
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
  await owner(
    'CREATE TABLE public.shape (n int); INSERT INTO public.shape VALUES (1); GRANT SELECT ON public.shape TO PUBLIC',
  );
  const read = () => as(a, () => access.db.$queryRaw`SELECT * FROM public.shape`);
  expect(await read()).toEqual([{ n: 1 }]);
  expect(await read()).toEqual([{ n: 1 }]);
  await owner(
    `ALTER TABLE public.shape ALTER n TYPE text USING 'text'; ALTER TABLE public.shape ADD more jsonb DEFAULT '[1]'`,
  );
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
