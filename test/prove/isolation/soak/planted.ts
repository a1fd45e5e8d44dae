import { createPool, createTenantAdapter, type DatabasePool } from '../../../../src/platform/postgres/adapter/index.ts';
import { createScope, runInScope } from '../../../../src/platform/postgres/tenancy.ts';
import { createTenantClient } from '../../../../src/platform/postgres/tenant-client.ts';
import { lookAtPool } from './around.ts';

/** The pool with a bug planted: the tenant is set for the session of a connection instead of for the transaction. */
const forgetful = (pool: DatabasePool): DatabasePool => ({
  ...pool,
  scopeStep(scope) {
    const { text, values } = pool.scopeStep(scope);
    return { text: text.replaceAll(', true)', ', false)'), values };
  },
});

export interface PlantedOptions {
  readonly url: string;
  readonly namedStatements: boolean;
  readonly throughPooler: boolean;
}

/** Whether the look at a connection that was given back sees a tenant that stayed on it. */
export async function seesWhatStays({ url, ...statements }: PlantedOptions): Promise<boolean> {
  const timeouts = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 };
  const pool = createPool({ url, size: 1, ...statements, ...timeouts });
  const db = createTenantClient({ adapter: createTenantAdapter(forgetful(pool)), ...timeouts });
  try {
    const scope = createScope({ orgId: crypto.randomUUID(), userId: null });
    await runInScope(scope, () => db.workflow.count({ where: { orgId: scope.orgId ?? '' } }));
    return (await lookAtPool(pool)).length > 0;
  } finally {
    await db.$disconnect();
    await pool.end();
  }
}
