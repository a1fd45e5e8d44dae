/**
 * The tests that notice a broken wall, from the quickest to the slowest. Every mutant meets all tests of its area until
 * one fails, so the order is a matter of time only.
 */

/** Every field of the schema attacked, with all walls and with each of them alone. */
const EACH_WALL_ALONE = ['test/isolation/prove.test.ts'];

const SCHEMA_WALL = ['src/graphql/plugins', 'test/isolation/tenant-scope-plugin.test.ts'];
const CLIENT_WALL = [
  'src/platform/postgres/wall',
  'src/platform/postgres/models.test.ts',
  'test/isolation/tenant-client-refusals.test.ts',
  'test/isolation/tenant-client-nested.test.ts',
  'test/isolation/tenant-client.test.ts',
  'test/isolation/prisma-loader.test.ts',
  'test/isolation/one-tick-transactions.test.ts',
];
const ADAPTER = [
  'src/platform/postgres/adapter',
  'test/isolation/adapter.test.ts',
  'test/isolation/adapter-types.test.ts',
  'test/isolation/prepared-statements.test.ts',
  'test/isolation/one-tick-transactions.test.ts',
  'test/isolation/transient-failures.test.ts',
  'test/faults/garbage.test.ts',
  'test/isolation/lost-database.test.ts',
  'test/isolation/pgbouncer.test.ts',
  'test/isolation/soak.test.ts',
];
const AUTHENTICATION = [
  'src/domains/auth',
  'test/isolation/lookups.test.ts',
  'test/domains/remembered.test.ts',
  'test/domains/each-names-its-organization.test.ts',
  'test/domains/authentication.test.ts',
  'test/domains/sessions.test.ts',
  'test/domains/choosing-an-organization.test.ts',
  'test/isolation/access-changes.test.ts',
  'test/http/authentication.test.ts',
  'test/http/sessions.test.ts',
];
const USE_CASES = [
  'test/domains/each-names-its-organization.test.ts',
  'test/domains/told-at-once.test.ts',
  'test/domains/api-keys.test.ts',
  'test/domains/members.test.ts',
  'test/domains/workflows.test.ts',
  'test/domains/schedules.test.ts',
  'test/domains/organizations.test.ts',
  'test/domains/onboarding.test.ts',
  'test/domains/keys-of-those-who-leave.test.ts',
];
const API = [
  'test/api/schema.test.ts',
  'test/api/workflows.test.ts',
  'test/api/members-and-keys.test.ts',
  'test/api/changes.test.ts',
  'test/api/access.test.ts',
  'test/api/statement-counts.test.ts',
];
const REQUESTS = ['test/http/authentication.test.ts', 'test/http/sessions.test.ts', 'test/http/log.test.ts', 'test/http/schema-visibility.test.ts'];
const CATALOGUE = ['test/isolation/catalogue.test.ts', 'test/sql/constraints.test.ts', 'test/sql/roles.test.ts'];
const EVENTS = [
  'src/domains/events/announcer.test.ts',
  'test/events/isolation.test.ts',
  'test/events/tails.test.ts',
  'test/events/store.test.ts',
  'test/events/subscribe.test.ts',
  'test/events/immutability.test.ts',
  'test/events/interleaving.test.ts',
  'test/events/marks.test.ts',
  'test/events/property.test.ts',
  'test/events/reach.test.ts',
];
const EVENTS_API = ['test/audit/archived-positions.test.ts', 'test/api/events.test.ts', 'test/audit/changes.test.ts', 'test/api/access.test.ts', 'test/http/subscriptions-sse.test.ts'];
const SIGNED_LOGS = ['test/audit/verify.test.ts', 'test/audit/checkpoints.test.ts', 'test/audit/export.test.ts', 'test/audit/export-files.test.ts', 'test/audit/export-under-way.test.ts', 'test/audit/archive.test.ts'];
const SUBSCRIPTIONS = [
  'src/http/subscriptions',
  'test/http/subscriptions-sse.test.ts',
  'test/http/subscriptions-access.test.ts',
  'test/http/subscriptions-limits.test.ts',
  'test/http/subscriptions-websocket.test.ts',
];
const AUDIT = [
  'test/audit/transaction.test.ts',
  'test/audit/changes.test.ts',
  'test/audit/denials.test.ts',
  'test/audit/every-denial.test.ts',
  'test/audit/keys.test.ts',
  'test/audit/secrets.test.ts',
];
const ROLES = ['test/sql/roles.test.ts', 'test/ops/startup-checks.test.ts', 'test/sql/migrations.test.ts'];

export const killers = {
  schemaWall: [...SCHEMA_WALL, 'test/api/schema.test.ts', 'test/api/members-and-keys.test.ts', ...EACH_WALL_ALONE],
  access: ['src/graphql/context.test.ts', 'src/graphql/plugins', 'test/api/access.test.ts', 'test/isolation/tenant-scope-plugin.test.ts', ...USE_CASES, ...API, 'test/http/authentication.test.ts'],
  nodes: ['src/graphql/loaders.test.ts', ...API, ...SCHEMA_WALL, ...EACH_WALL_ALONE, 'test/http/authentication.test.ts'],
  requests: ['src/http/plugins.test.ts', ...REQUESTS, 'src/graphql/loaders.test.ts', ...API, ...SCHEMA_WALL, ...EACH_WALL_ALONE, 'test/http/lost-database.test.ts'],
  rateLimits: ['src/platform/rate-limits', 'src/http/rate-limits.test.ts', 'test/http/rate-limits.test.ts', 'test/http/failures.test.ts', 'test/ops/shared-rate-limits.test.ts'],
  cursors: ['src/graphql/connections', ...API, ...EACH_WALL_ALONE],
  clientWall: [...CLIENT_WALL, ...EACH_WALL_ALONE, ...ADAPTER],
  adapter: [...ADAPTER, ...CLIENT_WALL, ...AUTHENTICATION, 'test/api/statement-counts.test.ts'],
  idempotency: ['test/isolation/idempotency.test.ts', ...USE_CASES],
  lookups: [...AUTHENTICATION, ...ADAPTER],
  events: EVENTS,
  eventsApi: EVENTS_API,
  signedLogs: SIGNED_LOGS,
  subscriptions: SUBSCRIPTIONS,
  audit: ['src/platform/rate-limits/allowance.test.ts', 'src/domains/events/changes.test.ts', ...AUDIT, 'test/api/events.test.ts'],
  authentication: AUTHENTICATION,
  keyRules: ['src/domains/auth/key-use.rules.test.ts', 'src/domains/api-keys', 'test/api-keys', 'test/domains/api-keys.test.ts', 'test/domains/told-at-once.test.ts', 'test/platform/queries.test.ts'],
  people: ['src/domains/auth', 'src/domains/people', 'src/domains/mails', 'src/platform/crypto/passwords.test.ts', 'src/platform/crypto/hashing-lanes.test.ts', 'src/platform/mail', 'test/people/registration.test.ts', 'test/people/lock-out.test.ts', 'test/people/enumeration.test.ts', 'test/people/kept-out.test.ts', 'test/people/clearing.test.ts', 'test/people/passwords.test.ts', 'src/platform/rate-limits/network.test.ts', 'test/people/sessions.test.ts', 'test/http/rate-limits.test.ts'],
  secondFactor: [
    ...['src/platform/crypto/sealing.test.ts', 'src/domains/second-factor', 'src/graphql/plugins/access'],
    ...['test/people/second-factor.test.ts', 'test/people/complete-sign-in.test.ts', 'test/people/step-up.test.ts', 'test/ops/second-factor.test.ts'],
  ],
  organizations: ['src/domains/invitations', 'src/domains/onboarding', 'test/domains/each-names-its-organization.test.ts', 'test/organizations', 'test/domains/onboarding.test.ts', 'test/domains/members.test.ts', 'test/domains/keys-of-those-who-leave.test.ts', ...AUDIT],
  services: [...USE_CASES, ...AUDIT, ...API, ...EACH_WALL_ALONE],
  roles: ROLES,
  database: [...CATALOGUE, 'test/people/second-factor.test.ts', 'test/events/isolation.test.ts', 'test/events/immutability.test.ts', 'test/isolation/lookups.test.ts', 'test/isolation/access-changes.test.ts', ...AUTHENTICATION, ...USE_CASES, 'test/sql/drift.test.ts', ...EACH_WALL_ALONE],
};
