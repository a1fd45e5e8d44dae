import { randomBytes, randomUUID } from 'node:crypto';
import {
  createPool,
  createTenantAdapter,
  type DatabasePool,
  type PoolOptions,
} from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, type TenantScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient, type TenantClient } from '../../src/platform/postgres/tenant-client.ts';

/** One organization with its owner, an API key, and workflows with tasks, as they lie in the database. */
export interface Tenant {
  readonly orgId: string;
  readonly userId: string;
  readonly membershipId: string;
  readonly apiKeyId: string;
  readonly sessionId: string;
  readonly workflowIds: readonly string[];
}

/** A fresh scope of a tenant, as each request has one. */
export const scopeOf = ({ orgId, userId }: Tenant): TenantScope => createScope({ orgId, userId });

const workflowsEach = 3;
const tasksEach = 2;

const insertTenant = async (superuserUrl: string, number: number): Promise<Tenant> => {
  const tenant: Tenant = {
    orgId: randomUUID(),
    userId: randomUUID(),
    membershipId: randomUUID(),
    apiKeyId: randomUUID(),
    sessionId: randomUUID(),
    workflowIds: Array.from({ length: workflowsEach }, () => randomUUID()),
  };
  const { orgId, userId, membershipId, apiKeyId, sessionId, workflowIds } = tenant;
  const slug = `tenant-${number}`;
  await withClient(superuserUrl, async (client) => {
    const insert = (text: string, ...values: unknown[]) => client.query(text, values);
    await insert(
      `INSERT INTO iam.organizations (id, name, slug, engine_namespace, status) VALUES ($1, $2, $2, $2, 'active')`,
      orgId,
      slug,
    );
    await insert(
      `INSERT INTO iam.users (id, email, name, password_hash) VALUES ($1, $2, 'Olga', '$argon2id$secret')`,
      userId,
      `owner@${slug}.test`,
    );
    await insert(
      `INSERT INTO iam.memberships (org_id, id, user_id, email, name, role) VALUES ($1, $2, $3, $4, 'Olga', 'owner')`,
      orgId,
      membershipId,
      userId,
      `owner@${slug}.test`,
    );
    await insert(
      `INSERT INTO iam.api_keys (org_id, id, user_id, name, prefix, fingerprint, secret_hash)
       VALUES ($1, $2, $3, 'First', 'tk_abcdef', $4, '$argon2id$secret')`,
      orgId,
      apiKeyId,
      userId,
      randomBytes(32),
    );
    await insert(
      `INSERT INTO iam.sessions (id, user_id, access_hash, refresh_hash, refresh_family_hash, access_expires_at, refresh_expires_at, proved_at, refreshed_at)
       VALUES ($1, $2, $3, $4, $5, now() + interval '1 hour', now() + interval '30 days', now(), now())`,
      sessionId,
      userId,
      randomBytes(32),
      randomBytes(32),
      randomBytes(32),
    );
    await insert(
      `INSERT INTO workflow.workflows (org_id, id, name, slug, created_by_id)
       SELECT $1, id, 'Flow ' || n, 'flow-' || n, $3 FROM unnest($2::uuid[]) WITH ORDINALITY AS given (id, n)`,
      orgId,
      workflowIds,
      membershipId,
    );
    await insert(
      `INSERT INTO workflow.tasks (org_id, workflow_id, key, type, position)
       SELECT $1, id, 'task-' || n, 'http', n FROM unnest($2::uuid[]) AS given (id), generate_series(1, $3::int) AS n`,
      orgId,
      workflowIds,
      tasksEach,
    );
  });
  return tenant;
};

/** Puts so many tenants into the database, past all walls. */
export const insertTenants = async (superuserUrl: string, count: number): Promise<Tenant[]> => {
  const tenants: Tenant[] = [];
  for (let number = 1; number <= count; number += 1) tenants.push(await insertTenant(superuserUrl, number));
  return tenants;
};

export interface Access {
  readonly pool: DatabasePool;
  readonly db: TenantClient;
  close(): Promise<void>;
}

export interface AccessOptions extends Partial<PoolOptions> {
  readonly clientWall?: boolean;
}

/** A client of its own for a test; everything that it opened ends with `close`. */
export const openAccess = (url: string, { clientWall = true, ...options }: AccessOptions = {}): Access => {
  const timeouts = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000, ...options };
  const pool = createPool({ url, size: 4, namedStatements: true, ...timeouts });
  const db = createTenantClient({ adapter: createTenantAdapter(pool), clientWall, ...timeouts });
  return {
    pool,
    db,
    close: async () => {
      await db.$disconnect();
      await pool.end();
    },
  };
};

/** Which statements `work` sent, and in how many round trips. */
export const watch = async <Result>(pool: DatabasePool, work: () => Promise<Result>) => {
  const texts: string[] = [];
  const trips = new Set<number>();
  const stop = pool.observe(({ text, roundTrip }) => {
    texts.push(text);
    trips.add(roundTrip);
  });
  try {
    const result = await work();
    return { result, texts: texts.filter((text) => !text.startsWith('select set_config')), roundTrips: trips.size };
  } finally {
    stop();
  }
};
