import path from 'node:path';
import type { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { type Variable, type VariableName, variables } from './variables.ts';

/** The environment as given to `readConfig`; an empty value counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

type Output<Name extends VariableName> = z.output<(typeof variables)[Name]['schema']>;
type HasDefault<Name extends VariableName> = (typeof variables)[Name] extends { default: string } ? true : false;
type Values = { [Name in VariableName]: HasDefault<Name> extends true ? Output<Name> : Output<Name> | undefined };

/** Everything configurable, checked and grouped; times in milliseconds unless the name says otherwise. */
export type Config = ReturnType<typeof readConfig>;

const mend = (name: string, raw: string, variable: Variable): string => {
  const shown = raw.length > 80 ? `${raw.slice(0, 80)}...` : raw;
  const cause = variable.secret ? `${name} has a wrong value` : `${name} is "${shown}"`;
  return `${cause}: it must be ${variable.expects}.`;
};

const readVariable = (name: string, variable: Variable, environment: Environment): unknown => {
  const raw = environment[name] || variable.default;
  if (raw === undefined) return undefined;
  const result = variable.schema.safeParse(raw);
  if (!result.success) throw new ConfigError(mend(name, raw, variable));
  return result.data;
};

const readValues = (environment: Environment): Values => {
  const entries = Object.entries(variables).map(([name, variable]) => [name, readVariable(name, variable, environment)]);
  return Object.fromEntries(entries) as Values;
};

/** The limit of one operation, and what a caller has to spend on it. */
const FITTING = [
  ['ROOT_FIELD_LIMIT', 'RATE_BURST'],
  ['ROOT_FIELD_LIMIT', 'USER_RATE_LIMIT_PER_HOUR'],
  ['ROOT_FIELD_LIMIT', 'ANONYMOUS_RATE_LIMIT_PER_HOUR'],
  ['COST_LIMIT', 'COST_BUCKET'],
] as const;

const checkTogether = (values: Values): void => {
  for (const name of ['MIGRATION_DATABASE_URL', 'LISTEN_DATABASE_URL'] as const) {
    if (values[name] !== undefined && values.DATABASE_URL === undefined) {
      throw new ConfigError(`${name} is set but DATABASE_URL is not: set both, or neither for the embedded database.`);
    }
  }
  for (const [most, least] of FITTING) {
    if (values[most] > values[least]) {
      throw new ConfigError(`${most} is ${values[most]} but ${least} only ${values[least]}, so that the largest operation could never run: raise ${least}, or lower ${most}.`);
    }
  }
  if (values.DOCUMENTS === 'trusted' && values.TRUSTED_DOCUMENTS.length === 0) {
    throw new ConfigError(
      'DOCUMENTS is trusted but TRUSTED_DOCUMENTS is empty, so that nothing could be asked: name the manifests in it.',
    );
  }
  if (values.NODE_ENV === 'production' && values.DATABASE_URL !== undefined && values.SECRET_KEY === undefined) {
    throw new ConfigError(
      'SECRET_KEY is missing: in production with DATABASE_URL all processes share one; ' +
        `set it to ${variables.SECRET_KEY.expects}.`,
    );
  }
};

const databaseOf = (values: Values) => ({
  /** The runtime role's address; undefined means the embedded server. */
  url: values.DATABASE_URL,
  /** The owner role's address; undefined beside a `url` means that migrations are only checked. */
  migrationUrl: values.MIGRATION_DATABASE_URL,
  /** A direct address for LISTEN. */
  listenUrl: values.LISTEN_DATABASE_URL ?? values.DATABASE_URL,
  poolSize: values.DATABASE_POOL_SIZE,
  namedStatements: values.DATABASE_STATEMENTS !== 'unnamed',
  /** Whether a pooler in transaction mode stands in between. */
  throughPooler: values.DATABASE_STATEMENTS !== 'named',
  statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
  connectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
});

const operationsOf = (values: Values) => ({
  tokens: values.TOKEN_LIMIT,
  depth: values.DEPTH_LIMIT,
  introspectionDepth: values.INTROSPECTION_DEPTH_LIMIT,
  aliases: values.ALIAS_LIMIT,
  rootFields: values.ROOT_FIELD_LIMIT,
  directives: values.DIRECTIVE_LIMIT,
  pageSize: values.PAGE_SIZE_LIMIT,
  cost: values.COST_LIMIT,
  values: values.VALUE_LIMIT,
});

const rateLimitsOf = (values: Values) => ({
  enabled: values.RATE_LIMITS === 'on',
  /** Undefined means that each process counts for itself. */
  redisUrl: values.REDIS_URL,
  redisPrefix: values.REDIS_PREFIX,
  userPerHour: values.USER_RATE_LIMIT_PER_HOUR,
  anonymousPerHour: values.ANONYMOUS_RATE_LIMIT_PER_HOUR,
  burst: values.RATE_BURST,
  perSecond: values.RATE_PER_SECOND,
  costBucket: values.COST_BUCKET,
  costPerSecond: values.COST_RESTORE_RATE,
  signInsPerMinute: values.SIGN_IN_ATTEMPTS_PER_MINUTE,
  networkSignInsPerMinute: values.SIGN_IN_ATTEMPTS_PER_NETWORK,
  failuresPerMinute: values.FAILURES_PER_MINUTE,
});

/**
 * Reads and checks the whole configuration, and nothing but what it is given.
 *
 * @throws ConfigError with one line that names the variable, its value unless secret, and the mend.
 */
export const readConfig = (environment: Environment) => {
  const values = readValues(environment);
  checkTogether(values);
  const production = values.NODE_ENV === 'production';
  const demoByDefault = values.DATABASE_URL === undefined && !production;
  return {
    environment: values.NODE_ENV,
    /** Absolute. */
    dataDir: path.resolve(values.DATA_DIR),
    demoData: values.DEMO_DATA === undefined ? demoByDefault : values.DEMO_DATA === 'on',
    logLevel: values.LOG_LEVEL,
    /** Undefined means the key kept in the data directory. */
    secretKey: values.SECRET_KEY,
    audit: {
      /** 32 bytes in base64; undefined means one derived from the secret key. */
      signingKey: values.AUDIT_SIGNING_KEY,
      /** Public keys, each 32 bytes in base64. */
      formerKeys: values.AUDIT_FORMER_KEYS,
    },
    database: databaseOf(values),
    mail: {
      /** Without a slash at its end. */
      publicUrl: values.PUBLIC_URL ?? `http://localhost:${values.PORT}`,
      /** Undefined means that mails become files in the data directory. */
      smtpUrl: values.SMTP_URL,
      from: values.MAIL_FROM,
    },
    /** 32 bytes in base64 each; empty means one derived from the secret key. */
    secondFactorKeys: values.SECOND_FACTOR_KEYS ?? [],
    hashing: { atOnce: values.HASHES_AT_ONCE, waitingPerNetwork: values.HASHES_WAITING },
    http: {
      port: values.PORT,
      host: values.HOST,
      graphiql: values.GRAPHIQL === undefined ? !production : values.GRAPHIQL === 'on',
      corsOrigins: values.CORS_ORIGINS,
      /** Whether pages of the caller's own machine may call, without cookies. */
      corsLocal: values.NODE_ENV === 'development',
      /** Absolute paths of manifests. */
      trustedDocuments: values.TRUSTED_DOCUMENTS.map((file) => path.resolve(file)),
      /** Whether documents may be sent as text. */
      freeText: values.DOCUMENTS === 'any',
      introspection: values.INTROSPECTION ?? (production ? 'signed-in' : 'on'),
      /** Addresses and networks in CIDR form. */
      trustedProxies: values.TRUSTED_PROXIES,
      bodyLimitBytes: values.BODY_LIMIT_BYTES,
      requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
      shutdownGraceMs: values.SHUTDOWN_GRACE_MS,
    },
    operations: operationsOf(values),
    subscriptions: {
      perCaller: values.SUBSCRIPTION_LIMIT,
      perConnection: values.CONNECTION_SUBSCRIPTION_LIMIT,
      perOrganization: values.ORGANIZATION_SUBSCRIPTION_LIMIT,
      perProcess: values.PROCESS_SUBSCRIPTION_LIMIT,
    },
    rateLimits: rateLimitsOf(values),
    session: {
      accessMinutes: values.SESSION_ACCESS_MINUTES,
      refreshDays: values.SESSION_REFRESH_DAYS,
      stepUpMs: values.STEP_UP_MINUTES * 60_000,
      cookieSecure: values.COOKIE_SECURE,
    },
  };
};

/** Puts what the file `.env` of the working directory says into the environment, where that does not say it already. */
const readEnvironmentFile = (): void => {
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new ConfigError(`.env cannot be read (${code}): make it a readable file, or move it away.`);
  }
};

/** How many threads a process of Node has for hashes, files and names of hosts when nobody says otherwise. */
const THREADS = 4;

/**
 * Has the pool of threads carry all hashes that may be worked out at once, and one thing more: it takes what comes in turn, so
 * behind a flood of guesses neither the places that are kept for the known nor files would come to theirs. It works as long as
 * nothing has used the pool.
 */
const sizeThreadPool = (hashesAtOnce: number): void => {
  const given = Number(process.env['UV_THREADPOOL_SIZE']) || THREADS;
  process.env['UV_THREADPOOL_SIZE'] = String(Math.max(given, hashesAtOnce + 1));
};

/**
 * The configuration of this process: the one place in the product that looks at the process's environment. To be called
 * before anything else is loaded, because it sets how many threads the process has.
 */
export const readProcessConfig = (): Config => {
  readEnvironmentFile();
  const config = readConfig(process.env);
  sizeThreadPool(config.hashing.atOnce);
  return config;
};
