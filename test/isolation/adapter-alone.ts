import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, type AccessOptions, insertTenants, openAccess, scopeOf, type Tenant } from './world.ts';

/** Past the triggers that keep events from being changed. */
export const EMPTY = 'SET session_replication_role = replica; TRUNCATE iam.organizations, iam.users CASCADE';

// Two tenants, and clients without a wall: what holds is the adapter and row level security.
export let database: TestDatabase;
export let a: Tenant;
export let b: Tenant;
let opened: Access[] = [];

/** Gives each test of a file two fresh tenants, and closes what it opened. */
export const useAdapterAlone = (): void => {
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await withClient(database.superuserUrl, (client) => client.query(EMPTY));
    [a, b] = (await insertTenants(database.superuserUrl, 2)) as [Tenant, Tenant];
  });
  afterEach(async () => {
    await Promise.all(opened.map((access) => access.close()));
    opened = [];
  });
  afterAll(() => database.drop());
};

/** One connection unless told, so that what is left on it is met by the next statement. */
export const open = (options: AccessOptions = {}, url = database.runtimeUrl): Access => {
  const access = openAccess(url, { clientWall: false, size: 1, ...options });
  opened.push(access);
  return access;
};

export const as = <Result>(tenant: Tenant, work: () => Promise<Result>): Promise<Result> =>
  runInScope(scopeOf(tenant), work);

export const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

export const newFlow = (tenant: Tenant, slug = 'new') => ({ data: { orgId: tenant.orgId, name: 'New', slug } });

/** What the tenant's settings are on the pool's only connection, without sending a scope along. */
export const settingLeft = async ({ pool }: Access): Promise<unknown> => {
  const text = `SELECT current_setting('app.current_org_id', true), current_setting('app.current_user_id', true)`;
  return (await pool.run([{ text, values: [] }])).rows[0];
};
// A setting that was never there reads as null, one that ended with its transaction as the empty string.
export const nothingLeft = [expect.toBeOneOf(['', null]), expect.toBeOneOf(['', null])];
