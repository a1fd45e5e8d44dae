import { createEventStore, type EventContext, type EventStore } from '../../src/domains/events/index.ts';
import { OPERATOR_PERMISSIONS } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createEventSignals, type EventSignals } from '../../src/platform/postgres/event-signals.ts';
import { runInScope } from '../../src/platform/postgres/tenancy.ts';
import type { TenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { type Access, type AccessOptions, insertTenants, openAccess, scopeOf, type Tenant } from '../isolation/world.ts';

/** Somebody who works in a tenant. */
export const principalOf = ({ orgId, userId, membershipId, sessionId }: Tenant): Principal => ({
  kind: 'user',
  userId,
  systemRole: 'user',
  credentialId: sessionId,
  tenant: { orgId, membershipId, role: 'owner' },
  permissions: new Set(OPERATOR_PERMISSIONS),
  rateLimitPerHour: null,
  memberships: [],
});

/** The event store as one process has it. */
export interface Opened {
  readonly access: Access;
  readonly signals: EventSignals;
  readonly store: EventStore;
  /** Does something in a tenant, as its owner. */
  as<Result>(tenant: Tenant, work: (cx: EventContext<TenantClient>) => Result): Result;
  close(): Promise<void>;
}

export async function openEvents(url: string, options: AccessOptions & { readonly listenUrl?: string } = {}): Promise<Opened> {
  const { listenUrl = url, ...accessOptions } = options;
  const access = openAccess(url, accessOptions);
  const signals = createEventSignals(access.pool, { url: listenUrl, retryMinMs: 20, retryMaxMs: 50 });
  const store = createEventStore(signals, access.pool);
  await signals.whenListening();
  return {
    access,
    signals,
    store,
    as: (tenant, work) => runInScope(scopeOf(tenant), () => work({ db: access.db, principal: principalOf(tenant) })),
    async close() {
      await store.close();
      await signals.close();
      await access.close();
    },
  };
}

/** A database of the test's own with two tenants, and one process on it. */
export interface EventWorld extends Opened {
  readonly database: TestDatabase;
  readonly a: Tenant;
  readonly b: Tenant;
  /** Past all walls, as the superuser. */
  sql(text: string, ...values: unknown[]): Promise<Record<string, any>[]>;
}

export async function openEventWorld(options: AccessOptions = {}): Promise<EventWorld> {
  const database = await createTestDatabase();
  const [a, b] = (await insertTenants(database.superuserUrl, 2)) as [Tenant, Tenant];
  const opened = await openEvents(database.runtimeUrl, options);
  return {
    ...opened,
    database,
    a,
    b,
    sql: (text, ...values) => withClient(database.superuserUrl, async (client) => (await client.query(text, values)).rows),
    async close() {
      await opened.close();
      await database.drop();
    },
  };
}

const LOCK = /SELECT position, hash, last_at INTO v_base, v_hash, v_now FROM events\.heads[^;]*FOR UPDATE;\s*IF NOT FOUND THEN.*?END IF;/s;
const HEAD = /UPDATE events\.heads SET position[^;]*;/;

/**
 * Puts a copy of the append function into the database that differs in one thing: it takes its positions from a sequence
 * and holds no lock. What is said of the real one must not hold of this one, or the test would prove nothing.
 */
export async function takeLockAway({ sql }: EventWorld): Promise<void> {
  const [row] = await sql(`SELECT pg_get_functiondef('events.append_each'::regproc) AS text`);
  const text = String(row?.['text']);
  const unlocked = text.replace(
    LOCK,
    `INSERT INTO events.heads (org_id, position) VALUES (v_org_id, 1) ON CONFLICT DO NOTHING;
     v_base := nextval('public.positions') * 100;
     v_hash := '';`,
  ).replace(HEAD, '');
  if (!LOCK.test(text) || !HEAD.test(text)) throw new Error('The lock was not found in the function.');
  await sql('CREATE SEQUENCE public.positions');
  await sql('GRANT USAGE ON SEQUENCE public.positions TO tenantry_definer');
  await sql(unlocked);
  // Made beforehand: whoever makes it holds it until the commit.
  await sql('INSERT INTO events.heads (org_id, position) SELECT id, 1 FROM iam.organizations ON CONFLICT DO NOTHING');
}

/** The last position that can be seen. */
export async function lastPosition({ sql }: Pick<EventWorld, 'sql'>, { orgId }: Tenant): Promise<number> {
  const [row] = await sql('SELECT coalesce(max(position), 0)::int AS last FROM events.events WHERE org_id = $1', orgId);
  return row?.['last'] as number;
}

/** A promise and the function that fulfils it. */
export const createGate = (): { readonly opened: Promise<void>; open(): void } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
};
