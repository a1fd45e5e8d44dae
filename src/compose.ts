import pino, { type Logger } from 'pino';
import { readOrCreateSecretKey, type Config } from './config/index.ts';
import { createApiKeyService, createKeyUsage, type KeyUsage } from './domains/api-keys/index.ts';
import { type AccessLog, type AttemptSubjects, createAccessLog, createAttemptSubjects, createAuthService, type CountAttempt } from './domains/auth/index.ts';
import { createEventService, createEventStore, type EventStore } from './domains/events/index.ts';
import { createMemberService } from './domains/identity/index.ts';
import { createInvitationService } from './domains/invitations/index.ts';
import type { MailSettings } from './domains/mails/index.ts';
import { createOnboardingService, type ProvisionDependencies, provisioningOn, type ProvisioningSweep, startProvisioningSweep } from './domains/onboarding/index.ts';
import { createLifecycleService, createOrganizationService, type ProvisioningEngine } from './domains/organizations/index.ts';
import { createSecondFactorKeys, createSecondFactorProver, createSecondFactorService, type SecondFactorKeys } from './domains/second-factor/index.ts';
import { type Clearing, createPeopleService, startCredentialClearing } from './domains/people/index.ts';
import type { AccessChange, ServiceContext } from './domains/service-context.ts';
import { createPlatformService } from './domains/platform/index.ts';
import { createScheduleService, createWorkflowService } from './domains/workflows/index.ts';
import { createEmbeddedProvisioning } from './engines/embedded/provisioning.ts';
import { createCursorCodec } from './graphql/connections/cursor.ts';
import type { Services } from './graphql/context.ts';
import { describeForLog } from './http/error-log.ts';
import { createLogDoors, type LogDoors } from './http/log-doors.ts';
import { readTrustedDocuments } from './http/trusted-documents.ts';
import { createAccessWatches } from './http/subscriptions/access-watch.ts';
import { createSubscriptions, type Subscriptions } from './http/subscriptions/subscriptions.ts';
import { createSocketDoor, type SocketDoor } from './http/subscriptions/web-sockets.ts';
import { createApi, createIdentify, type Api } from './http/yoga.ts';
import { systemClock, type Clock } from './kernel/clock.ts';
import type { Principal } from './kernel/principal.ts';
import { mailSettingsOf, openMailer } from './mails.ts';
import { deriveKey } from './platform/crypto/keys.ts';
import { createHashing, type HashCost, type Hashing } from './platform/crypto/passwords.ts';
import type { Mailer } from './platform/mail/index.ts';
import { createAccessFeed, type AccessFeed } from './platform/postgres/access-changes.ts';
import { createPool, createTenantAdapter, type DatabasePool } from './platform/postgres/adapter/index.ts';
import { createEventSignals } from './platform/postgres/event-signals.ts';
import type { OpenDatabase } from './platform/postgres/open-database.ts';
import { createPlatformDatabase, type PlatformDatabase } from './platform/postgres/platform-database.ts';
import { createPreTenantDatabase, type PreTenantDatabase } from './platform/postgres/pre-tenant.ts';
import { createTenantClient, type TenantClient } from './platform/postgres/tenant-client.ts';
import { openRateLimits } from './rate-limits.ts';
import { openSignedLog, type SignedLog } from './signed-log.ts';

/** Which walls between tenants stand. Tests take one or two away to prove the rest alone; production refuses to. */
export interface Walls {
  readonly schema: boolean;
  readonly client: boolean;
}

export interface AppOptions {
  readonly config: Config;
  readonly database: Pick<OpenDatabase, 'runtimeUrl' | 'listenUrl'>;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly hashCost?: HashCost;
  readonly walls?: Walls;
  /** What organizations are provisioned on; the one inside the server when nothing is said. */
  readonly engine?: ProvisioningEngine;
  /** How often it is written that keys were used; every 10 seconds when nothing is said. */
  readonly keyUseFlushMs?: number;
}

/** How long the last use of a key, and the count of one without a limit, may be behind. */
const KEY_USE_FLUSH_MS = 10_000;

/** Everything that answers requests, put together, without a socket. */
export interface App {
  readonly api: Api;
  /** Subscriptions by WebSocket, for a server that has sockets. */
  readonly sockets: SocketDoor;
  readonly subscriptions: Subscriptions;
  readonly services: Services;
  readonly db: TenantClient;
  readonly pool: DatabasePool;
  readonly preTenant: PreTenantDatabase;
  readonly accessFeed: AccessFeed;
  readonly events: EventStore;
  readonly accessLog: AccessLog;
  readonly keyUsage: KeyUsage;
  readonly mailer: Mailer;
  readonly signedLog: SignedLog;
  readonly logDoors: LogDoors;
  /** What a use case is given when it is called by something else than a request. */
  serviceContext(principal: Principal): ServiceContext;
  /** When what it can do without is there, or known not to be. */
  settled(): Promise<void>;
  /** Warns of second factors that nobody can show here, because the key that they are sealed with is not configured. */
  warnOfMissingSeals(): Promise<void>;
  /** Takes away tokens and counted attempts that are over, from now on. */
  startCredentialClearing(): Clearing;
  /** Carries on with organizations that were left half-way, from now on. */
  startProvisioningSweep(): ProvisioningSweep;
  close(): Promise<void>;
}

/** Puts the parts together. The database is open and migrated; nothing is asked of it yet. */
export function composeApp(options: AppOptions): App {
  const { config, database, logger, clock = systemClock, hashCost = 'standard', walls = { schema: true, client: true }, keyUseFlushMs = KEY_USE_FLUSH_MS } = options;
  const production = config.environment === 'production';
  if (production && !(walls.schema && walls.client)) throw new Error('The walls between tenants cannot be taken away in production.');
  // First: a wrong manifest ends the start before anything has to be closed.
  const trustedDocuments = readTrustedDocuments(config.http.trustedDocuments);
  const { poolSize: size, connectTimeoutMs, statementTimeoutMs, namedStatements, throughPooler } = config.database;
  const pool = createPool({ url: database.runtimeUrl, size, connectTimeoutMs, statementTimeoutMs, namedStatements, throughPooler });
  const db = createTenantClient({ adapter: createTenantAdapter(pool), clientWall: walls.client, production, connectTimeoutMs, statementTimeoutMs });
  const preTenant = createPreTenantDatabase(pool);
  const accessFeed = createAccessFeed({ url: database.listenUrl, connectTimeoutMs });
  // On a connection of its own: who waits for one to answer a request does not wait for signals as well.
  const signalPool = createPool({ url: database.listenUrl, size: 1, connectTimeoutMs, statementTimeoutMs, namedStatements });
  const eventSignals = createEventSignals(signalPool, { url: database.listenUrl, connectTimeoutMs });
  const events = createEventStore(eventSignals, pool);
  const onLost = (error: unknown) => logger.error({ code: 'AUDIT_EVENT_LOST', error: describeForLog(error) }, 'an event of the audit could not be written');
  const accessLog = createAccessLog({ events, db, clock, onLost });
  const onUseLost = (error: unknown) => logger.error({ code: 'KEY_USE_LOST', error: describeForLog(error) }, 'the use of API keys could not be written down');
  const keyUsage = createKeyUsage({ db, events, clock, flushMs: keyUseFlushMs, onLost: onUseLost });
  const secretKey = readOrCreateSecretKey(config);
  const rateLimiting = openRateLimits(config, secretKey, logger, clock);
  const { meter, failures, countAttempt } = rateLimiting;
  const mailer = openMailer(config, logger, clock);
  const mails = mailSettingsOf(config);
  const hashing = createHashing({ cost: hashCost, ...config.hashing });
  const attemptSubjects = createAttemptSubjects(secretKey);
  const secondFactorKeys = createSecondFactorKeys(secretKey, config.secondFactorKeys);
  const provisioning = provisioningOn(options.engine ?? createEmbeddedProvisioning(), (error) =>
    logger.error({ code: 'ENGINE_FAILED', error: describeForLog(error) }, 'the engine did not do what an organization needs: it is asked again'),
  );
  const services = composeServices({ platformDb: createPlatformDatabase(pool), db, preTenant, accessFeed, events, secretKey, hashing, clock, session: config.session, countAttempt, attemptSubjects, mailer, mails, secondFactorKeys, provisioning });
  const unsubscribe = accessFeed.subscribe({
    onChange: (change) => services.auth.forget(change),
    onGap: () => services.auth.forgetAll(),
  });
  const accessChanged = (change: AccessChange) => services.auth.forget(change);
  const cursors = createCursorCodec(deriveKey(secretKey, 'cursors'));
  const { corsOrigins, corsLocal, introspection, bodyLimitBytes, requestTimeoutMs } = config.http;
  const subscriptions = createSubscriptions(config.subscriptions);
  // After the one above: what is asked again is not to be answered from memory.
  const watches = createAccessWatches(accessFeed, clock);
  const api = createApi(
    { services, db, events, clock, accessChanged, cursors, subscriptions, watches, meter, failures, accessLog, keyUsage, logger },
    {
      corsOrigins,
      corsLocal,
      introspection,
      trustedDocuments,
      freeText: config.http.freeText,
      bodyLimitBytes,
      requestTimeoutMs,
      operations: config.operations,
      secureCookies: config.session.cookieSecure,
      schemaWall: walls.schema,
    },
  );
  const signedLog = openSignedLog({ config, db, findUnsigned: (count, ageMs) => preTenant.findUnsignedLogs(count, ageMs), logger, clock });
  const { keyRing, exporter } = signedLog;
  const logDoors = createLogDoors({
    ...{ auth: services.auth, accessLog, exporter, keyRing, meter, keyUsage, failures, logger, requestTimeoutMs, corsOrigins },
    ...{ db, events, clock, accessChanged, watches, secureCookies: config.session.cookieSecure },
  });
  const sockets = createSocketDoor({
    api,
    identify: createIdentify({ services, failures, accessLog }, { corsOrigins, secureCookies: config.session.cookieSecure }),
    subscriptions,
    watches,
    limits: config.subscriptions,
    bodyLimitBytes,
    logger,
  });
  return {
    api,
    sockets,
    subscriptions,
    services,
    db,
    pool,
    preTenant,
    accessFeed,
    events,
    accessLog,
    keyUsage,
    mailer,
    signedLog,
    logDoors,
    serviceContext: (principal) => ({ principal, origin: { source: 'system' }, db, events, clock, accessChanged }),
    settled: () => rateLimiting.settled(),
    async warnOfMissingSeals() {
      const keyIds = await preTenant.findOtherSeals(secondFactorKeys.sealing.keyIds);
      const message = 'second factors are sealed with keys that are not there, and who has one cannot sign in: put the keys back into SECOND_FACTOR_KEYS, behind the first';
      if (keyIds.length > 0) logger.warn({ code: 'SECOND_FACTOR_KEY_MISSING', keyIds }, message);
    },
    startCredentialClearing: () =>
      startCredentialClearing({
        ...{ preTenant, clock },
        onFailure: (error) => logger.error({ code: 'CLEARING_FAILED', error: describeForLog(error) }, 'credentials that are over could not be cleared away: it is tried again'),
      }),
    startProvisioningSweep: () =>
      startProvisioningSweep({
        ...{ preTenant, db, events, clock, provisioning, accessChanged },
        onFailure: (error) => logger.error({ code: 'SWEEP_FAILED', error: describeForLog(error) }, 'an organization could not be carried on with: it is tried again'),
      }),
    async close() {
      watches.close();
      unsubscribe();
      rateLimiting.close();
      await accessLog.close();
      await keyUsage.close();
      await events.close();
      await eventSignals.close();
      await signalPool.end();
      await accessFeed.close();
      await db.$disconnect();
      await pool.end();
      // Last: what has to be written does not wait for a mail server.
      await mailer.close();
    },
  };
}

interface ServiceParts {
  readonly platformDb: PlatformDatabase;
  readonly db: TenantClient;
  readonly preTenant: PreTenantDatabase;
  readonly accessFeed: AccessFeed;
  readonly events: EventStore;
  readonly secretKey: string;
  readonly hashing: Hashing;
  readonly clock: Clock;
  readonly session: Config['session'];
  readonly countAttempt: CountAttempt;
  readonly attemptSubjects: AttemptSubjects;
  readonly mailer: Mailer;
  readonly mails: MailSettings;
  readonly secondFactorKeys: SecondFactorKeys;
  readonly provisioning: ProvisionDependencies;
}

function composeServices(parts: ServiceParts): Services {
  const { db, secondFactorKeys } = parts;
  const auth = createAuthService({ ...parts, secondFactors: createSecondFactorProver({ db, ...secondFactorKeys }) });
  return {
    auth,
    people: createPeopleService({ ...parts, auth }),
    secondFactors: createSecondFactorService({ ...parts, ...secondFactorKeys }),
    organizations: createOrganizationService(),
    lifecycle: createLifecycleService({ ...parts, ...parts.provisioning }),
    members: createMemberService(parts),
    invitations: createInvitationService({ ...parts, auth }),
    apiKeys: createApiKeyService(parts),
    onboarding: createOnboardingService(parts),
    platform: createPlatformService(parts),
    workflows: createWorkflowService(),
    schedules: createScheduleService(),
    events: createEventService(parts.events),
  };
}

/** The log of this process: JSON lines on standard output, never with a secret in them. */
export function createLogger(config: Pick<Config, 'logLevel'>): Logger {
  return pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ['*.authorization', '*.cookie', '*.password', '*.secret'] });
}
