import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inTransaction, withClient } from '../../src/platform/postgres/client.ts';
import { once } from '../../src/platform/postgres/idempotency.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant } from './world.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';

const NOW = new Date('2026-03-10T12:00:00Z');
const OLD = '2026-03-09T11:59:59Z';
const YOUNG = '2026-03-09T12:00:01Z';

let database: TestDatabase;
let access: Access;
let a: Tenant;
let b: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  [a, b] = (await insertTenants(database.superuserUrl, 2)) as [Tenant, Tenant];
  access = openAccess(database.runtimeUrl);
});
beforeEach(() => query('TRUNCATE iam.idempotency_keys'));
afterAll(async () => {
  await access.close();
  await database.drop();
});

const query = (text: string, ...values: unknown[]) =>
  withClient(database.superuserUrl, async (client) => (await client.query(text, values)).rows);
const insert = (tenant: Tenant, prefix: string, count: number, createdAt: string) =>
  query(
    `INSERT INTO iam.idempotency_keys (org_id, user_id, operation, key, request_hash, result, created_at)
     SELECT $1, $2, 'earlier', $3 || n, sha256('x'), '{}', $5 FROM generate_series(1, $4::int) AS n`,
    tenant.orgId,
    tenant.userId,
    prefix,
    count,
    createdAt,
  );
const countOf = async (prefix: string): Promise<number> =>
  (await query(`SELECT count(*)::int AS count FROM iam.idempotency_keys WHERE key ~ ('^' || $1 || '\\d')`, prefix))[0].count;
const remember = (key: string) =>
  runInScope(scopeOf(a), () =>
    access.db.$transaction((tx) =>
      once(tx, { orgId: a.orgId, userId: a.userId, operation: 'test', key, input: {}, now: NOW }, async () => ({ done: key })),
    ),
  );

test('what is recorded takes the place of up to 100 answers of the same organization that are older than a day', async () => {
  await insert(a, 'old', 150, OLD);
  await insert(a, 'young', 5, YOUNG);
  await insert(b, 'foreign', 5, OLD);
  await remember('new1');
  expect([await countOf('old'), await countOf('young'), await countOf('foreign'), await countOf('new')]).toEqual([50, 5, 5, 1]);
  await remember('new2');
  expect([await countOf('old'), await countOf('young'), await countOf('foreign'), await countOf('new')]).toEqual([0, 5, 5, 2]);
});

test('old answers are gone before the work begins, which may hold others back', async () => {
  await insert(a, 'old', 5, OLD);
  const request = { orgId: a.orgId, userId: a.userId, operation: 'test', key: 'new', input: {}, now: NOW };
  const { result } = await runInScope(scopeOf(a), () =>
    access.db.$transaction((tx) => once(tx, request, async () => ({ left: await tx.idempotencyKey.count({ where: { orgId: a.orgId } }) }))),
  );
  expect(result).toEqual({ left: 0 });
});

test('a repeated request deletes nothing', async () => {
  await remember('new1');
  await insert(a, 'old', 5, OLD);
  expect(await remember('new1')).toEqual({ result: { done: 'new1' }, replayed: true });
  expect(await countOf('old')).toBe(5);
});

test('rows that somebody else holds are left to them, and nobody waits', async () => {
  await insert(a, 'old', 5, OLD);
  await withClient(database.superuserUrl, (client) =>
    inTransaction(client, async () => {
      await client.query(`SELECT FROM iam.idempotency_keys WHERE key IN ('old1', 'old2') FOR UPDATE`);
      // Whoever waited would wait for this transaction, and it ends only afterwards.
      expect(await remember('new1')).toMatchObject({ replayed: false });
    }),
  );
  expect(await countOf('old')).toBe(2);
});

describe('without any other wall', () => {
  let open: Access;
  beforeAll(() => {
    open = openAccess(database.bypassUrl, { clientWall: false });
  });
  afterAll(() => open.close());

  /** The same person, who is in both organizations, with the same words. */
  const repeat = (tenant: Tenant, done: string, now = NOW) =>
    runInScope(scopeOf(tenant), () =>
      open.db.$transaction((tx) =>
        once(tx, { orgId: tenant.orgId, userId: a.userId, operation: 'test', key: 'same1', input: {}, now }, async () => ({ done })),
      ),
    );

  test('the same words in another organization are another request', async () => {
    expect(await repeat(a, 'here')).toEqual({ result: { done: 'here' }, replayed: false });
    expect(await repeat(b, 'there')).toEqual({ result: { done: 'there' }, replayed: false });
    expect(await repeat(a, 'again')).toEqual({ result: { done: 'here' }, replayed: true });
  });

  test('a request that is made anew after a day takes the place of its own answer and of no other', async () => {
    await repeat(b, 'there', new Date(OLD));
    await repeat(a, 'here', new Date(OLD));
    await insert(a, 'young', 2, YOUNG);
    await insert(b, 'foreign', 2, OLD);
    expect(await repeat(a, 'anew')).toEqual({ result: { done: 'anew' }, replayed: false });
    expect([await countOf('young'), await countOf('foreign'), await countOf('same')]).toEqual([2, 2, 2]);
  });
});
