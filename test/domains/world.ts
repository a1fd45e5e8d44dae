import type { ApiKeyService } from '../../src/domains/api-keys/index.ts';
import { createApiKeyService } from '../../src/domains/api-keys/index.ts';
import { type AuthService, createAttemptSubjects, createAuthService } from '../../src/domains/auth/index.ts';
import { createEventStore, type EventStore } from '../../src/domains/events/index.ts';
import { createMemberService, type MemberService } from '../../src/domains/identity/index.ts';
import { createOnboardingService, type OnboardingService, provisioningOn } from '../../src/domains/onboarding/index.ts';
import {
  createLifecycleService,
  createOrganizationService,
  type LifecycleService,
  type OrganizationService,
  type ProvisioningEngine,
} from '../../src/domains/organizations/index.ts';
import { createSecondFactorKeys, createSecondFactorProver } from '../../src/domains/second-factor/index.ts';
import type { ServiceContext } from '../../src/domains/service-context.ts';
import {
  createScheduleService,
  createWorkflowService,
  type ScheduleService,
  type WorkflowService,
} from '../../src/domains/workflows/index.ts';
import { createEmbeddedProvisioning } from '../../src/engines/embedded/provisioning.ts';
import { AppError } from '../../src/kernel/errors.ts';
import type { OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { createHashing, type Hashing, hashSecret } from '../../src/platform/crypto/passwords.ts';
import { type AccessFeed, createAccessFeed } from '../../src/platform/postgres/access-changes.ts';
import { createPool, createTenantAdapter, type DatabasePool } from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createEventSignals } from '../../src/platform/postgres/event-signals.ts';
import { createPreTenantDatabase, type PreTenantDatabase } from '../../src/platform/postgres/pre-tenant.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createTenantClient, type TenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { createTestDatabase } from '../harness/database.ts';
import { openSessionBy } from '../harness/sessions.ts';

export const PASSWORD = 'correct horse battery staple';
const POOL_SIZE = 8;
const SECRET_KEY = 'a secret of the tests that is long enough';

/** An organization and its owner, as the platform's operator creates them. */
export interface Tenant {
  readonly orgId: string;
  readonly owner: Principal;
  readonly ownerKey: string;
  readonly ownerEmail: string;
}

/** The domains on a real database, with a clock that the test sets. */
export interface World {
  readonly db: TenantClient;
  readonly pool: DatabasePool;
  readonly preTenant: PreTenantDatabase;
  readonly feed: AccessFeed;
  readonly events: EventStore;
  readonly auth: AuthService;
  readonly apiKeys: ApiKeyService;
  readonly members: MemberService;
  readonly onboarding: OnboardingService;
  readonly organizations: OrganizationService;
  readonly lifecycle: LifecycleService;
  readonly schedules: ScheduleService;
  readonly workflows: WorkflowService;
  /** A super administrator without an organization. */
  readonly operator: Principal;
  /** Another process on the same database: its own caches and its own feed. */
  openAuth(feed?: { isListening(): boolean }, hashing?: Hashing): AuthService;
  readonly hashing: Hashing;
  /** Moves the clock on. */
  pass(ms: number): void;
  now(): Date;
  /** Does something as somebody, in the organization that they work in. */
  as<Result>(principal: Principal, work: (cx: ServiceContext) => Promise<Result>): Promise<Result>;
  /** Makes an organization with an owner who can sign in. */
  found(name: string): Promise<Tenant>;
  /** Adds somebody of a role, and signs them in there. */
  join(tenant: Tenant, role: OrganizationRole, email?: string): Promise<Principal>;
  /** Gives an identity the password of the tests and signs it in. */
  signIn(email: string, organization: string | null): Promise<Principal>;
  /** Past all walls, as the superuser. */
  sql(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]>;
  /**
   * Starts all attempts while somebody else holds rows that they need (`lock` selects them FOR UPDATE), and lets them
   * go when every one is waiting: so they meet where it matters, on any machine.
   */
  contend<Result>(lock: string, values: unknown[], attempts: readonly (() => Promise<Result>)[]): Promise<Result[]>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** False takes the client's and the database's walls away, to show what the use cases hold alone. */
  readonly walls?: boolean;
  /** What organizations are provisioned on. Waits between tries take no time. */
  readonly engine?: ProvisioningEngine;
}

export async function openWorld({ walls = true, engine = createEmbeddedProvisioning() }: WorldOptions = {}): Promise<World> {
  const database = await createTestDatabase();
  const timeouts = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 };
  const pool = createPool({ url: walls ? database.runtimeUrl : database.bypassUrl, size: POOL_SIZE, namedStatements: true, ...timeouts });
  const db = createTenantClient({ adapter: createTenantAdapter(pool), clientWall: walls, ...timeouts });
  const preTenant = createPreTenantDatabase(pool);
  // Opens every connection now: what a test starts at once must really run at once.
  await Promise.all(Array.from({ length: POOL_SIZE * 2 }, () => preTenant.findSession(Buffer.alloc(32))));
  const feed = createAccessFeed({ url: database.runtimeUrl });
  const signals = createEventSignals(pool, { url: database.runtimeUrl });
  const events = createEventStore(signals, pool);
  await Promise.all([feed.whenListening(), signals.whenListening()]);

  let offsetMs = 0;
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  const hashing = createHashing({ cost: 'test', atOnce: 3, waitingPerNetwork: 1_000 });
  const settings = { secretKey: SECRET_KEY, hashing };
  const mailer = { send: () => undefined, settled: () => Promise.resolve(), close: () => Promise.resolve() };
  const mails = { publicUrl: 'http://localhost', product: 'Tests' };
  const openAuth = (accessFeed: { isListening(): boolean } = feed, hashedBy = hashing): AuthService =>
    createAuthService({
      preTenant,
      db,
      clock,
      accessFeed,
      session: { accessMinutes: 15, refreshDays: 7, stepUpMs: 600_000 },
      countAttempt: () => Promise.resolve(null),
      attemptSubjects: createAttemptSubjects(SECRET_KEY),
      mailer,
      mails,
      secondFactors: createSecondFactorProver({ db, ...createSecondFactorKeys(SECRET_KEY, []) }),
      ...settings,
      hashing: hashedBy,
    });
  const auth = openAuth();
  feed.subscribe({ onChange: auth.forget, onGap: auth.forgetAll });

  const sql = (text: string, ...values: unknown[]) =>
    withClient(
      database.superuserUrl,
      async (client) => (await client.query(text, values)).rows as Record<string, unknown>[],
    );
  const signIn = async (email: string, organization: string | null): Promise<Principal> => {
    await sql('UPDATE iam.users SET password_hash = $2 WHERE email = $1', email, await hashSecret(PASSWORD, 'test'));
    const { accessToken } = await openSessionBy(auth, { email, password: PASSWORD });
    return auth.authenticate(accessToken, organization);
  };
  const as: World['as'] = (principal, work) =>
    runInScope(createScope({ orgId: principal.tenant?.orgId ?? null, userId: principal.userId }), () =>
      work({ principal, origin: { source: 'system' }, db, events, clock, accessChanged: auth.forget }),
    );

  await sql(`INSERT INTO iam.users (email, system_role) VALUES ('operator@platform.test', 'super_admin')`);
  const operator = await signIn('operator@platform.test', null);
  const provisioning = { ...provisioningOn(engine, () => undefined), wait: () => Promise.resolve() };
  const onboarding = createOnboardingService({ preTenant, provisioning, mailer, mails, ...settings });
  const members = createMemberService({ preTenant, mailer, mails });

  return {
    db,
    pool,
    preTenant,
    feed,
    events,
    auth,
    onboarding,
    members,
    operator,
    openAuth,
    hashing,
    as,
    signIn,
    sql,
    apiKeys: createApiKeyService({ preTenant, mailer, mails, countAttempt: () => Promise.resolve(null), ...settings }),
    organizations: createOrganizationService(),
    lifecycle: createLifecycleService({ mailer, mails, ...provisioning }),
    schedules: createScheduleService(),
    workflows: createWorkflowService(),
    pass: (ms) => {
      offsetMs += ms;
    },
    now: clock.now,
    async found(name) {
      const ownerEmail = `owner@${name.toLowerCase().replaceAll(' ', '-')}.test`;
      const created = await as(operator, (cx) => onboarding.createOrganization(cx, { name, adminEmail: ownerEmail }));
      const orgId = created.organizationId;
      return { orgId, ownerEmail, ownerKey: created.secret ?? '', owner: await signIn(ownerEmail, orgId) };
    },
    async join(tenant, role, email = `${role}@${tenant.orgId}.test`) {
      await as(tenant.owner, (cx) => members.add(cx, { email, role }));
      return signIn(email, tenant.orgId);
    },
    contend: (lock, values, attempts) =>
      withClient(database.superuserUrl, async (client) => {
        await client.query('BEGIN');
        await client.query(lock, values);
        let over = false;
        const results = Promise.all(attempts.map((attempt) => attempt())).finally(() => {
          over = true;
        });
        await untilWaiting(sql, attempts.length, () => over);
        await client.query('COMMIT');
        return results;
      }),
    async close() {
      await events.close();
      await signals.close();
      await feed.close();
      await db.$disconnect();
      await pool.end();
      await database.drop();
    },
  };
}

/** Returns once so many connections to this database wait for a lock, or nobody is left who could. */
export async function untilWaiting(sql: World['sql'], count: number, isOver = () => false): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  while (!isOver() && (await sql(waiting)).length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What a failure says to a caller, or the success itself: to compare two outcomes whole. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...error, message: error.message };
  }
}

/** The code of a failure, or "ok". */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
}
