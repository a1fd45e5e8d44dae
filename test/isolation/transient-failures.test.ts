import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isTransientFailure } from '../../src/platform/postgres/adapter/index.ts';
import { inTransaction, withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';
import { a, as, database, failure, open, useAdapterAlone } from './adapter-alone.ts';

describe('what may work later is told apart from what will not', () => {
  useAdapterAlone();

  const raise = (state: string) => `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`;

  test.each(['25006', '40001', '40P01', '53100', '53200', '53300', '55P03', '57014'])('%s may', async (state) => {
    const { db } = open();
    expect(isTransientFailure(await failure(as(a, () => db.$executeRawUnsafe(raise(state)))))).toBe(true);
    const transaction = as(a, () => db.$transaction((tx) => tx.$executeRawUnsafe(raise(state))));
    expect(isTransientFailure(await failure(transaction))).toBe(true);
    expect(await as(a, () => db.workflow.count())).toBe(3);
  });

  test.each(['22012', '23514', '25P02', '42501', '42601', 'TN001'])('%s does not', async (state) => {
    const { db } = open();
    expect(isTransientFailure(await failure(as(a, () => db.$executeRawUnsafe(raise(state)))))).toBe(false);
  });

  test('a statement and a transaction that take too long', async () => {
    const { db } = open({ statementTimeoutMs: 300 });
    const sleep = 'SELECT pg_sleep(60)::text';
    expect(isTransientFailure(await failure(as(a, () => db.$queryRawUnsafe(sleep))))).toBe(true);
    expect(isTransientFailure(await failure(as(a, () => db.$transaction((tx) => tx.$queryRawUnsafe(sleep)))))).toBe(true);
    const idle = as(a, () =>
      db.$transaction(async (tx) => {
        await tx.workflow.count();
        await withClient(database.superuserUrl, (client) => client.query('SELECT pg_sleep(0.5)'));
        await tx.workflow.count();
      }),
    );
    expect(isTransientFailure(await failure(idle))).toBe(true);
    // On a busy machine a short one may take too long as well.
    await expect.poll(() => as(a, () => db.workflow.count()), { timeout: 20_000 }).toBe(3);
  });
});

describe('a row that somebody else holds for too long', () => {
  let testApp: TestApp;
  let world: World;
  beforeAll(async () => {
    testApp = await startTestApp({ environment: { DATABASE_STATEMENT_TIMEOUT_MS: '3000' } });
    world = await seedWorld(testApp, 'alpha', (await appointOperator(testApp)).userId);
  });
  afterAll(() => testApp.close());

  const rename = (name: string) =>
    testApp.call(
      'mutation ($name: String!) { updateOrganization(input: { name: $name }) { __typename ... on UpdateOrganizationSuccess { organization { name } } } }',
      { name },
      { as: world.keys.owner },
    );
  const nameOf = async () => (await testApp.call('{ organization { name } }', {}, { as: world.keys.viewer })).data.organization.name;

  test('is told as SERVICE_UNAVAILABLE, changes nothing, and the next request is fine', async () => {
    const before = await nameOf();
    await withClient(testApp.database.superuserUrl, (client) =>
      inTransaction(client, async () => {
        await client.query('SELECT FROM iam.organizations WHERE id = $1 FOR UPDATE', [world.orgUuid]);
        const { errors } = await rename('Held');
        expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['SERVICE_UNAVAILABLE']);
      }),
    );
    expect(await nameOf()).toBe(before);
    expect((await rename('Let go')).errors).toBeUndefined();
    expect(await nameOf()).toBe('Let go');
  });
});
