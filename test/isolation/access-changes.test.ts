import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type AccessChange, type AccessFeed, createAccessFeed } from '../../src/platform/postgres/access-changes.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant } from './world.ts';

let database: TestDatabase;
let a: Tenant;
let access: Access;
let proxy: Proxy;
let feeds: AccessFeed[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  [a] = (await insertTenants(database.superuserUrl, 1)) as [Tenant];
  access = openAccess(database.runtimeUrl);
  proxy = await startProxy(database.runtimeUrl);
});

afterEach(async () => {
  await Promise.all(feeds.map((feed) => feed.close()));
  feeds = [];
});

afterAll(async () => {
  await proxy.close();
  await access.close();
  await database.drop();
});

const listen = async (options = {}) => {
  const feed = createAccessFeed({ url: proxy.url, retryMinMs: 20, retryMaxMs: 50, ...options });
  feeds.push(feed);
  const heard: (AccessChange | 'gap')[] = [];
  const unsubscribe = feed.subscribe({ onChange: (change) => heard.push(change), onGap: () => heard.push('gap') });
  await feed.whenListening();
  return { feed, heard, unsubscribe };
};
const asSuperuser = (sql: string, ...values: unknown[]) =>
  withClient(database.superuserUrl, (client) => client.query(sql, values));

test('a change of a key, a session, a person, a membership and an organization is heard by its id', async () => {
  const { heard } = await listen();
  heard.length = 0;
  await runInScope(scopeOf(a), () => access.db.apiKey.updateMany({ data: { status: 'revoked', revokedAt: new Date() } }));
  await runInScope(scopeOf(a), () => access.db.session.updateMany({ data: { endedAt: new Date() } }));
  await runInScope(scopeOf(a), () => access.db.membership.updateMany({ data: { status: 'suspended' } }));
  await runInScope(scopeOf(a), () => access.db.organization.updateMany({ data: { status: 'suspended' } }));
  await runInScope(scopeOf(a), () => access.db.organization.updateMany({ data: { name: 'Renamed' } }));
  await asSuperuser(`UPDATE iam.users SET status = 'suspended' WHERE id = $1`, a.userId);
  const user = { kind: 'user', id: a.userId };
  await expect
    .poll(() => heard)
    .toEqual([
      { kind: 'key', id: a.apiKeyId },
      { kind: 'session', id: a.sessionId },
      user,
      { kind: 'org', id: a.orgId },
      { kind: 'org', id: a.orgId },
      user,
    ]);
});

test('a change that was rolled back is not heard', async () => {
  const { heard } = await listen();
  heard.length = 0;
  const undone = runInScope(scopeOf(a), () =>
    access.db.$transaction(async (tx) => {
      await tx.apiKey.updateMany({ data: { status: 'active' } });
      throw new Error('undone');
    }),
  );
  await expect(undone).rejects.toThrow('undone');
  await asSuperuser(`NOTIFY tenantry_access, 'key:last'`);
  await expect.poll(() => heard).toEqual([{ kind: 'key', id: 'last' }]);
});

test('after a lost connection subscribers are told to forget everything, and hear again', async () => {
  const { feed, heard } = await listen();
  expect(heard).toEqual(['gap']);
  await proxy.cut();
  await expect.poll(() => feed.isListening()).toBe(false);
  await asSuperuser(`NOTIFY tenantry_access, 'key:missed'`);
  await proxy.restore();
  await feed.whenListening();
  await asSuperuser(`NOTIFY tenantry_access, 'key:heard'`);
  await expect.poll(() => heard).toEqual(['gap', 'gap', { kind: 'key', id: 'heard' }]);
});

test('a connection that the server ends is replaced', async () => {
  const { feed, heard } = await listen();
  await asSuperuser(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tenantry-listen' AND datname = current_database()`,
  );
  await expect.poll(() => heard.length).toBe(2);
  expect(heard).toEqual(['gap', 'gap']);
  await feed.whenListening();
  expect(feed.isListening()).toBe(true);
});

test('a feed that starts before its database begins to listen when it is there', async () => {
  await proxy.cut();
  const feed = createAccessFeed({ url: proxy.url, retryMinMs: 20, retryMaxMs: 50 });
  feeds.push(feed);
  expect(feed.isListening()).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await proxy.restore();
  await feed.whenListening();
  expect(feed.isListening()).toBe(true);
});

test('a connection on which LISTEN is never answered is given up for another', async () => {
  proxy.swallow('LISTEN');
  const feed = createAccessFeed({ url: proxy.url, connectTimeoutMs: 200, retryMinMs: 20, retryMaxMs: 50 });
  feeds.push(feed);
  await expect.poll(() => proxy.swallowed()).toBeGreaterThan(0);
  proxy.swallow(null);
  await feed.whenListening();
});

test('a silent connection is noticed', async () => {
  const { feed, heard } = await listen({ connectTimeoutMs: 1_000, heartbeatMs: 50 });
  await asSuperuser(`SELECT 1`);
  proxy.silence(true);
  await expect.poll(() => feed.isListening(), { timeout: 10_000 }).toBe(false);
  proxy.silence(false);
  await feed.whenListening();
  expect(heard.at(-1)).toBe('gap');
  expect(heard.length).toBeGreaterThan(1);
});

test('a feed that is closed leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const feed = createAccessFeed({ url: database.runtimeUrl, heartbeatMs: 3_600_000 });
  await feed.whenListening();
  expect(timers()).toBeGreaterThan(before);
  await feed.close();
  await expect.poll(timers).toBeLessThanOrEqual(before);
});

test('a message that is not understood makes subscribers forget everything', async () => {
  const { heard } = await listen();
  heard.length = 0;
  await asSuperuser(`NOTIFY tenantry_access, 'starship:1'`);
  await asSuperuser(`NOTIFY tenantry_access, 'nothing'`);
  await asSuperuser(`NOTIFY tenantry_access`);
  await expect.poll(() => heard).toEqual(['gap', 'gap', 'gap']);
});

test('who has unsubscribed hears nothing more', async () => {
  const { heard, unsubscribe } = await listen();
  const other: unknown[] = [];
  feeds[0]?.subscribe({ onChange: (change) => other.push(change), onGap: () => undefined });
  unsubscribe();
  heard.length = 0;
  await asSuperuser(`NOTIFY tenantry_access, 'key:1'`);
  await expect.poll(() => other).toEqual([{ kind: 'key', id: '1' }]);
  expect(heard).toEqual([]);
});

test('a closed feed leaves no connection behind', async () => {
  const { feed } = await listen();
  await feed.close();
  expect(feed.isListening()).toBe(false);
  const count = () =>
    withClient(database.superuserUrl, async (client) => {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE application_name = 'tenantry-listen' AND datname = current_database()`,
      );
      return (rows[0] as { n: number }).n;
    });
  await expect.poll(count).toBe(0);
});
