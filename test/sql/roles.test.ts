import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { ensureRoles } from '../../src/platform/postgres/migrations/index.ts';
import { onDatabase } from '../harness/cluster.ts';

/** Roles belong to the cluster, so these tests have one of their own, where none of them exists yet. */
let cluster: EmbeddedDatabase;
let dataDir: string;

const administer = async (sql: string) => withClient(cluster.superuserUrl(), async (client) => (await client.query(sql)).rows);

const login = (url: string, user: string, password: string): string => {
  const changed = new URL(url);
  changed.username = encodeURIComponent(user);
  changed.password = encodeURIComponent(password);
  return changed.href;
};

const roles = () =>
  administer(`SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles
               WHERE rolname IN ('tenantry_runtime', 'tenantry_definer', 'tenantry_platform') ORDER BY 1`);

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), `tenantry-test-${process.pid}-`));
  const settings = { fsync: 'off', log_statement: 'all' };
  cluster = await startEmbedded({ dataDir, log: () => undefined, settings, initdbFlags: ['--no-sync'] });
});
afterAll(async () => {
  await cluster.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test('an owner without CREATEROLE is told the SQL that a superuser has to run, and that SQL mends it', async () => {
  await administer(`CREATE ROLE poor_owner LOGIN PASSWORD 'x'`);
  const runtimeUrl = login(cluster.runtimeUrl, 'poor_app', 'p4ss-w0rd');
  const ensure = () => ensureRoles(login(cluster.ownerUrl, 'poor_owner', 'x'), runtimeUrl);
  const { message } = await ensure().then(() => new Error('accepted'), (error: Error) => error);
  expect(message).toMatch(/^The role poor_owner of MIGRATION_DATABASE_URL may not set up the other roles: /);
  expect(message).not.toContain('p4ss-w0rd');
  expect(await roles()).toEqual([]);
  const sql = /run as a superuser "(.*)"\.$/.exec(message)?.[1] ?? '';
  await administer(sql.replace(`PASSWORD '...'`, `PASSWORD 'p4ss-w0rd'`));
  await ensure();
  await administer('DROP ROLE tenantry_runtime, tenantry_definer, tenantry_platform, poor_owner, poor_app');
});

test('several runners at once, on two databases of the cluster, all find the roles afterwards', async () => {
  await administer('CREATE DATABASE other OWNER tenantry_owner');
  const urls = [cluster.ownerUrl, onDatabase(cluster.ownerUrl, 'other')];
  await Promise.all([...urls, ...urls, ...urls].map((url) => ensureRoles(url, cluster.runtimeUrl)));
  const plain = { rolcanlogin: false, rolsuper: false, rolbypassrls: false, rolcreaterole: false };
  expect(await roles()).toEqual([
    { rolname: 'tenantry_definer', ...plain },
    { rolname: 'tenantry_platform', ...plain },
    { rolname: 'tenantry_runtime', ...plain },
  ]);
});

test('a missing runtime login is made with the password of its address, which no server log sees', async () => {
  const runtimeUrl = login(cluster.runtimeUrl, 'odd "name', 'p@ss:w0rd/1');
  await ensureRoles(cluster.ownerUrl, runtimeUrl);
  await ensureRoles(cluster.ownerUrl, runtimeUrl);
  const who = await withClient(runtimeUrl, async (client) => (await client.query(`
    SELECT current_user AS me, pg_has_role('tenantry_runtime', 'USAGE') AS runtime, pg_has_role('tenantry_definer', 'MEMBER') AS definer`)).rows);
  expect(who).toEqual([{ me: 'odd "name', runtime: true, definer: false }]);
  const log = await readFile(path.join(dataDir, 'postgres.log'), 'utf8');
  expect(log).toContain(`CREATE ROLE ${pg.escapeIdentifier('odd "name')}`);
  expect(log).not.toContain('p@ss:w0rd/1');
});

test.each(['tenantry_definer', 'tenantry_platform'])('the owner may become %s, and does not have its rights otherwise', async (role) => {
  const rows = await withClient(cluster.ownerUrl, async (client) => (await client.query(`
    SELECT pg_has_role($1, 'SET') AS become, pg_has_role($1, 'USAGE') AS inherit`, [role])).rows);
  expect(rows).toEqual([{ become: true, inherit: false }]);
});

test('one role for both addresses is refused', async () => {
  await expect(ensureRoles(cluster.ownerUrl, cluster.ownerUrl)).rejects.toThrow('name the same role tenantry_owner');
});

test.each(['LOGIN', 'BYPASSRLS', 'SUPERUSER'])('a group that somebody made %s is refused, not used', async (attribute) => {
  for (const role of ['tenantry_runtime', 'tenantry_definer', 'tenantry_platform']) {
    await administer(`ALTER ROLE ${role} ${attribute}`);
    await expect(ensureRoles(cluster.ownerUrl, cluster.runtimeUrl)).rejects.toThrow('bypasses row level security: as a superuser');
    await administer(`ALTER ROLE ${role} NO${attribute}`);
  }
  await ensureRoles(cluster.ownerUrl, cluster.runtimeUrl);
});
