import { counters } from './operators/counters.ts';
import { guards } from './operators/guards.ts';
import { logic } from './operators/logic.ts';
import { statements } from './operators/statements.ts';
import type { Operators } from './operators/syntax.ts';
import { filters, tenant } from './operators/tenant.ts';
import { walls } from './operators/walls.ts';
import { killers } from './killers.ts';
import * as sql from './sql/operators.ts';
import type { SqlOperators } from './sql/statements.ts';

/** A part of the walls: its sources, the ways of breaking them, and the tests that must notice. */
export interface Area {
  readonly name: string;
  /** Patterns of files, from the root of the project; tests among them are left out. */
  readonly files: readonly string[];
  readonly operators?: Operators;
  readonly sqlOperators?: SqlOperators;
  readonly killers: readonly string[];
  /** The mutants change what a cluster is made of, so each needs one of its own. */
  readonly ownCluster?: true;
}

const everything: Operators = { ...guards, ...logic, ...filters, ...tenant, ...walls, ...statements };

/** Of code that does much besides: only what says whose something is, and the calls that ask. */
const ids: Operators = { ...tenant, ...walls, ...statements };

const dropCalls = (meant: RegExp): Operators => ({
  'drop call': (place) => (meant.test(place.textOf(place.node)) ? guards['drop call']!(place) : []),
});

/** The calls of a use case that ask whether something may be, and that write down what was done. */
const asks = dropCalls(/^(await )?(require|check|lock|record|cx\.accessChanged|revoke)/);

/** The calls that keep what is known of a prepared statement right. Without the others nothing would be sent at all. */
const keeps = dropCalls(/^(doubt|makeRoom|close|statements\.|wire\.close|this\.#(sentHere|statements|cache))/);

const postgres = 'src/platform/postgres';
const migrations = ['prisma/migrations/*.up.sql'];

export const areas: readonly Area[] = [
  { name: 'schema wall', files: ['src/graphql/plugins/tenant-scope/*.ts'], operators: everything, killers: killers.schemaWall },
  { name: 'declared access', files: ['src/graphql/plugins/access/*.ts', 'src/graphql/context.ts', 'src/domains/require-*.ts', 'src/domains/service-context.ts'], operators: everything, killers: killers.access },
  { name: 'nodes and loaders', files: ['src/graphql/{node,own-row,loaders}.ts', 'src/graphql/workflows/count-children.ts'], operators: everything, killers: killers.nodes },
  { name: 'request context', files: ['src/http/{yoga,plugins,caller}.ts', 'src/graphql/builder.ts'], operators: ids, killers: killers.requests },
  { name: 'who calls', files: ['src/http/authenticate.ts'], operators: everything, killers: killers.requests },
  { name: 'rate limits', files: ['src/http/{rate-limits,failures}.ts', 'src/platform/rate-limits/{index,windows,buckets}.ts'], operators: { ...guards, ...logic, ...ids, ...counters }, killers: killers.rateLimits },
  { name: 'types of the API', files: ['src/graphql/{api-keys,invitations,members,organizations,platform,second-factor,sessions,viewer,workflows}/*.ts'], operators: { ...ids, ...filters }, killers: killers.nodes },
  { name: 'cursors and lists', files: ['src/graphql/connections/{cursor,fields,page}.ts'], operators: everything, killers: killers.cursors },
  { name: 'client wall', files: [`${postgres}/{tenant-client,models,tenancy}.ts`, `${postgres}/wall/*.ts`], operators: everything, killers: killers.clientWall },
  { name: 'adapter', files: [`${postgres}/adapter/{index,pool,transaction,queryable,records}.ts`], operators: everything, killers: killers.adapter },
  { name: 'prepared statements', files: [`${postgres}/adapter/{batch,statement-cache}.ts`], operators: { ...everything, ...keeps }, killers: killers.adapter },
  { name: 'idempotency', files: [`${postgres}/idempotency.ts`], operators: everything, killers: killers.idempotency },
  { name: 'events', files: ['src/domains/events/{context,append,batcher,read,subscribe,tails,matches,announcer,event-store,event-row,marks,consume}.ts', `${postgres}/{event-signals,event-appends}.ts`], operators: { ...guards, ...ids }, killers: killers.events },
  { name: 'signed logs', files: ['src/platform/chain/{log,sign,walk}.ts', 'src/ops/{audit,archive}/*.ts', 'src/ops/tenants.ts', 'src/signed-log.ts', 'src/domains/events/{checkpoints,export-log}.ts', 'src/http/log-doors.ts', 'src/http/exports/*.ts'], operators: { ...guards, ...ids }, killers: killers.signedLogs },
  { name: 'subscriptions', files: ['src/http/subscriptions/{access-watch,counter,deliver,plugin,subscriptions,connection,outbox,intake,places,heartbeat}.ts'], operators: { ...guards, ...ids }, killers: killers.subscriptions },
  { name: 'events of the API', files: ['src/graphql/events/*.ts', 'src/domains/events/{event.service,visibility.rules,append-events.input,history}.ts'], operators: { ...guards, ...ids, ...filters }, killers: killers.eventsApi },
  { name: 'audit', files: ['src/domains/auth/access-log.ts', 'src/platform/rate-limits/allowance.ts', 'src/domains/events/{record,changes}.ts', 'src/http/access-log.ts'], operators: { ...guards, ...ids }, killers: killers.audit },
  { name: 'look-ups', files: [`${postgres}/{pre-tenant,people-credentials}.ts`, `${postgres}/{access-changes,listener}.ts`], operators: everything, killers: killers.lookups },
  { name: 'authentication', files: ['src/domains/auth/{credential-cache,tag-index,lookups,auth.service,access.rules,sessions,refresh-token,verify}.ts'], operators: everything, killers: killers.authentication },
  { name: 'people', files: ['src/domains/people/*.ts', 'src/domains/auth/{sign-in,way-in,session-list,attempts,attempt-subjects,tokens}.ts', 'src/platform/crypto/{passwords,hashing-lanes}.ts', 'src/platform/mail/{mailer,file-outbox,message}.ts', 'src/platform/rate-limits/network.ts', 'src/rate-limits.ts'], operators: { ...guards, ...logic, ...ids }, killers: killers.people },
  { name: 'second factor', files: ['src/domains/second-factor/*.ts', 'src/domains/auth/{complete-sign-in,step-up,proof.input}.ts', 'src/platform/crypto/sealing.ts', 'src/kernel/step-up.ts', 'src/ops/second-factor/*.ts', 'src/ops/definer.ts'], operators: { ...guards, ...logic, ...ids }, killers: killers.secondFactor },
  { name: 'key rules', files: ['src/domains/auth/key-use.rules.ts', 'src/domains/api-keys/{api-key.rules,key-bounds.rules,places,month,usage,use-notes,leaked,leaked-line,keys,room,create,update,rotate,revoke}.ts', 'src/domains/platform/platform.service.ts', 'src/platform/postgres/platform-database.ts'], operators: { ...guards, ...logic, ...ids }, killers: killers.keyRules },
  { name: 'invitations and ownership', files: ['src/domains/invitations/*.ts', 'src/domains/endings/{keys,invitations}.ts', 'src/domains/identity/{ownership,bulk,lock-members,change-role,end-membership,join,new-admins}.ts', 'src/domains/organizations/{lifecycle,delete,owner,lock,retire}.ts', 'src/domains/onboarding/{settle,sweep,provision,organization-id}.ts'], operators: { ...guards, ...logic, ...ids }, killers: killers.organizations },
  { name: 'use cases', files: ['src/domains/*/*.service.ts', 'src/domains/{identity/membership,api-keys/issue}.ts'], operators: { ...ids, ...asks }, killers: killers.services },
  { name: 'roles', files: [`${postgres}/migrations/roles.ts`, `${postgres}/startup-checks.ts`], operators: { ...guards, ...statements }, killers: killers.roles, ownCluster: true },
  { name: 'policies', files: migrations, sqlOperators: sql.policies, killers: killers.database },
  { name: 'keys', files: migrations, sqlOperators: sql.keys, killers: killers.database },
  { name: 'tenant of a statement', files: migrations, sqlOperators: sql.context, killers: killers.database },
  { name: 'definer functions', files: migrations, sqlOperators: sql.lookups, killers: killers.database },
  { name: 'rights', files: migrations, sqlOperators: sql.rights, killers: killers.database },
  { name: 'announcements', files: migrations, sqlOperators: sql.announcements, killers: killers.database },
];

/** Files that speak of a tenant and are in no area, with the reason; a name that ends in a slash is a folder. */
export const notBroken: Readonly<Record<string, string>> = {
  'src/platform/postgres/generated/': 'Written by generators from the schema, and compared with what they write.',
  'src/kernel/principal.ts': 'Types only.',
  'src/domains/events/event.types.ts': 'Types only.',
  'src/domains/organizations/engine.ts': 'Types only.',
  'src/domains/organizations/organization.rules.ts': 'Says what may become of an organization, whichever it is: whose it is was decided before.',
  'src/graphql/connections/types.ts': 'Types of lists; whose rows they hold was decided before.',
  'src/http/request-log.ts': 'Writes down for the operator whose request it was, and decides nothing.',
  'src/ops/seed/': 'A command that fills a database with made-up organizations; it serves nobody, and its rows are read through the walls.',
};
