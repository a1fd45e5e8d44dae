import { createPool, createTenantAdapter } from '../platform/postgres/adapter/index.ts';
import type { OpenDatabase } from '../platform/postgres/open-database.ts';
import { createScope, runInScope } from '../platform/postgres/tenancy.ts';
import { createTenantClient, type TenantClient } from '../platform/postgres/tenant-client.ts';

/** The server's own way to the rows of organizations, for a command that goes from one to the next. */
export interface Tenants {
  readonly db: TenantClient;
  asOrganization<Result>(orgId: string, work: () => Promise<Result>): Promise<Result>;
}

/** A command looks at whole logs, which no request does. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

/** Does `work` as the server's role, with all its walls, on one connection. */
export async function withTenants<Result>(
  { runtimeUrl }: Pick<OpenDatabase, 'runtimeUrl'>,
  work: (tenants: Tenants) => Promise<Result>,
): Promise<Result> {
  const timeouts = { connectTimeoutMs: 10_000, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  // Unnamed statements run through any pooler.
  const pool = createPool({ url: runtimeUrl, size: 1, namedStatements: false, ...timeouts });
  const db = createTenantClient({ adapter: createTenantAdapter(pool), ...timeouts });
  try {
    return await work({ db, asOrganization: (orgId, each) => runInScope(createScope({ orgId, userId: null }), each) });
  } finally {
    await db.$disconnect();
    await pool.end();
  }
}
