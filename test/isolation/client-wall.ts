import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { TenantViolationError } from '../../src/kernel/errors.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import type { TenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { EMPTY } from './adapter-alone.ts';
import { type Access, insertTenants, openAccess, scopeOf, type Tenant, watch } from './world.ts';

// Two tenants and a client for which row level security is off: the client's wall stands alone.
export let database: TestDatabase;
export let a: Tenant;
export let b: Tenant;
export let access: Access;
export let db: TenantClient;

// Whether anything was sent since the tenants were made that may have changed them.
let touched = true;

/** Says that a test changes the tenants past the client that is watched. */
export const touch = (): void => {
  touched = true;
};

const makeTenants = async (): Promise<void> => {
  await withClient(database.superuserUrl, (client) => client.query(EMPTY));
  [a, b] = (await insertTenants(database.superuserUrl, 2)) as [Tenant, Tenant];
  touched = false;
};

/** Gives each test of a file two fresh tenants. */
export const useClientWall = (): void => {
  beforeAll(async () => {
    database = await createTestDatabase();
    // It is empty, whatever a file before this one has left behind in this process.
    touched = true;
    access = openAccess(database.bypassUrl);
    db = access.db;
    access.pool.observe(({ text }) => {
      if (!text.toLowerCase().startsWith('select')) touched = true;
    });
  });
  beforeEach(async () => {
    if (touched) await makeTenants();
  });
  afterAll(async () => {
    await access.close();
    await database.drop();
  });
};

export const asA = <Result>(work: () => Promise<Result>): Promise<Result> => runInScope(scopeOf(a), work);
export const flow = (tenant: Tenant, index = 0): string => tenant.workflowIds[index] as string;
export const key = (tenant: Tenant, id: string) => ({ orgId_id: { orgId: tenant.orgId, id } });

/** What lies in the database, past all walls. */
export const stored = <Row>(sql: string, ...values: unknown[]): Promise<Row[]> => {
  touched ||= sql.startsWith('INSERT');
  return withClient(database.superuserUrl, async (client) => (await client.query(sql, values)).rows as Row[]);
};

/** The call fails with a violation, and no statement leaves the process. */
export const expectRefused = async (work: () => Promise<unknown>): Promise<void> => {
  const { result, texts } = await watch(access.pool, () => asA(() => work().catch((failure: unknown) => failure)));
  expect(result).toBeInstanceOf(TenantViolationError);
  expect(texts).toEqual([]);
};
