import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inTransaction, withClient } from '../../src/platform/postgres/client.ts';
import { createReadiness } from '../../src/readiness.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { currentCluster, useCluster } from '../harness/current-cluster.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { ask, bearer, codesOf, send, type Reply } from '../http/door.ts';
import { serveWorld, type ServedWorld } from '../http/world.ts';

// What can happen to a whole database, done to one of this file's own.
const LIMITS = {
  DATABASE_POOL_SIZE: '4',
  DATABASE_CONNECT_TIMEOUT_MS: '500',
  DATABASE_STATEMENT_TIMEOUT_MS: '2000',
  REQUEST_TIMEOUT_MS: '3000',
};
/** What the limits come to, and much more for a busy machine: only a request that has no limit takes longer. */
const BOUND_MS = 30_000;

/** It may work later; a change that was under way when it happened may have been made. */
const UNAVAILABLE = ['SERVICE_UNAVAILABLE', 'OUTCOME_UNKNOWN'];
/** Longer than the pool waits: one look takes a connection of its own while others load the machine. */
const READINESS_MS = 5_000;

const shared = currentCluster();
let cluster: TestCluster;
let whole: ServedWorld;
let testApp: TestApp;
let server: TestServer;

beforeAll(async () => {
  cluster = await startCluster();
  useCluster(cluster.address);
  whole = await serveWorld();
});
beforeEach(async () => {
  testApp = await startTestApp({ database: whole.testApp.database, environment: LIMITS });
  const readiness = createReadiness({ runtimeUrl: whole.testApp.database.runtimeUrl, timeoutMs: READINESS_MS });
  server = await startTestServer(testApp, { readiness });
});
afterEach(async () => {
  await server.close();
  await testApp.close();
});
afterAll(async () => {
  useCluster(shared);
  await whole.close();
  await cluster.stop();
});

const read = (): Promise<Reply> => ask(server.url, '{ organization { name } workflows(first: 1) { totalCount } }', {}, bearer(whole.acme.keys.owner));
const write = (description: string): Promise<Reply> =>
  ask(
    server.url,
    `mutation ($description: String) { updateOrganization(input: {description: $description}) { __typename } }`,
    { description },
    bearer(whole.acme.keys.owner),
  );
const isWell = ({ json }: Reply): boolean => json?.errors === undefined && json?.data !== undefined;
const ready = async () => (await send(`${new URL(server.url).origin}/health/ready`, { method: 'GET' })).status;
const administer = (sql: string) => withClient(whole.testApp.database.superuserUrl, async (client) => (await client.query(sql)).rows);

const inTime = async <Result>(work: Promise<Result>): Promise<Result> => {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(new Error('a request has no limit')), BOUND_MS);
  return Promise.race([work, timer.promise]).finally(() => clearTimeout(timeout));
};
const recovers = async (): Promise<void> => {
  await expect.poll(async () => isWell(await read()) && isWell(await write('well')), { timeout: BOUND_MS }).toBe(true);
  await expect.poll(ready, { timeout: BOUND_MS }).toBe(200);
};
const expectUnavailable = async (...replies: Promise<Reply>[]): Promise<void> => {
  for (const reply of await inTime(Promise.all(replies))) {
    for (const code of codesOf(reply)) expect(UNAVAILABLE).toContain(code);
  }
};

/** The server's own process, and those that work for it. */
async function processes(): Promise<{ postmaster: number; all: number[] }> {
  const rows = await administer(`SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS postmaster, pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()`);
  const postmaster = rows[0].postmaster as number;
  return { postmaster, all: [postmaster, ...rows.map(({ pid }) => pid as number)] };
}

test('restarted under load: whatever is answered is a success or SERVICE_UNAVAILABLE, and it recovers by itself', async () => {
  await recovers();
  const counts = { well: 0, unavailable: 0 };
  let loaded = true;
  const worker = async (number: number): Promise<void> => {
    while (loaded) {
      const reply = await inTime(number % 2 === 0 ? read() : write(`by ${number}`));
      if (isWell(reply)) counts.well += 1;
      else {
        for (const code of codesOf(reply)) expect(UNAVAILABLE).toContain(code);
        counts.unavailable += 1;
      }
    }
  };
  const workers = Promise.all(Array.from({ length: 8 }, (_, number) => worker(number)));
  for (let round = 0; round < 2; round += 1) {
    const { postmaster } = await processes();
    // A fast shutdown, as `pg_ctl restart` does it; the embedded server is started again by whoever watches it.
    process.kill(postmaster, 'SIGINT');
    const seen = counts.unavailable;
    await expect.poll(() => counts.unavailable, { timeout: BOUND_MS }).toBeGreaterThan(seen);
    await recovers();
  }
  loaded = false;
  await workers;
  expect(counts.well).toBeGreaterThan(0);
}, 120_000);

test('paused: each request ends in its time, and all is well when it goes on', async () => {
  await Promise.all(Array.from({ length: 8 }, read));
  const { all } = await processes();
  for (const pid of all) process.kill(pid, 'SIGSTOP');
  try {
    await expectUnavailable(...Array.from({ length: 8 }, read), write('paused'));
    expect(await ready()).toBe(503);
  } finally {
    for (const pid of all) process.kill(pid, 'SIGCONT');
  }
  await recovers();
}, 120_000);

test('no connection left on the server: coded, and the next one that is free is taken', async () => {
  await administer('ALTER ROLE tenantry_app CONNECTION LIMIT 0');
  await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tenantry_app'`);
  await expectUnavailable(...Array.from({ length: 8 }, read), write('no connection'));
  await expect.poll(ready).toBe(503);
  await administer('ALTER ROLE tenantry_app CONNECTION LIMIT -1');
  await recovers();
}, 120_000);

const holdingOrganization = (work: () => Promise<void>): Promise<void> =>
  withClient(whole.testApp.database.superuserUrl, (client) =>
    inTransaction(client, async () => {
      await client.query('SELECT FROM iam.organizations WHERE id = $1 FOR UPDATE', [whole.acme.orgUuid]);
      await work();
    }),
  );

test('no connection left in the pool: whoever waits too long is told so, and nobody for longer than the limit', async () => {
  await holdingOrganization(async () => {
    const replies = await inTime(Promise.all(Array.from({ length: 12 }, (_, number) => write(`held ${number}`))));
    for (const reply of replies) expect(codesOf(reply)).toEqual(['SERVICE_UNAVAILABLE']);
  });
  await recovers();
}, 120_000);

test('a change whose time is up while it waits is told as one that may still be made', async () => {
  const patient = { ...LIMITS, DATABASE_STATEMENT_TIMEOUT_MS: '20000' };
  const slow = await startTestApp({ database: whole.testApp.database, environment: patient });
  const change = () =>
    slow.call('mutation { updateOrganization(input: {description: "late"}) { __typename } }', {}, { as: whole.acme.keys.owner });
  await holdingOrganization(async () => {
    const { errors } = await inTime(change());
    expect(errors?.map(({ message, extensions }) => [extensions.code, message])).toEqual([
      ['OUTCOME_UNKNOWN', expect.stringMatching(/cannot tell whether the change was made.*the same idempotencyKey/)],
    ]);
  });
  await slow.close();
  await recovers();
}, 120_000);

test('taking over, it takes no writes for a while: reads are answered, writes coded, and nothing is changed', async () => {
  await recovers();
  const description = () => administer(`SELECT description FROM iam.organizations WHERE id = '${whole.acme.orgUuid}'`);
  const before = await description();
  const readOnly = async (on: boolean) => {
    await withClient(whole.testApp.database.superuserUrl, async (client) => {
      await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`);
      await client.query('SELECT pg_reload_conf()');
    });
  };
  await readOnly(true);
  try {
    await expect.poll(async () => isWell(await write('read-only')), { timeout: BOUND_MS }).toBe(false);
    await expectUnavailable(write('read-only'), write('read-only'));
    expect(isWell(await read())).toBe(true);
    expect(await ready()).toBe(200);
  } finally {
    await readOnly(false);
  }
  await recovers();
  expect(before).toEqual([{ description: 'well' }]);
}, 120_000);
