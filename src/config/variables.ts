import { z } from 'zod';
import {
  choice,
  files,
  keyText,
  listOf,
  mailbox,
  networks,
  origins,
  postgresUrl,
  redisUrl,
  smtpUrl,
  webUrl,
  wholeNumber,
} from './variable-kinds.ts';

/** One environment variable: how it is read, and how it is explained to people. */
export interface Variable<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** What is used when the variable is absent or empty; no default means that absence is allowed. */
  readonly default?: string;
  /** What a right value looks like, to end the sentence "it must be ...". */
  readonly expects: string;
  readonly description: string;
  /** A default that depends on other variables, told in words; `readConfig` works it out. */
  readonly defaultInWords?: string;
  /** A secret value is never shown in a message. */
  readonly secret?: boolean;
}

/**
 * Every environment variable that the server knows. README's table and `.env.example` are checked against this list,
 * and `readConfig` reads nothing else.
 */
export const variables = {
  NODE_ENV: {
    ...choice('development', 'production', 'test'),
    default: 'development',
    description: 'What kind of installation this is; production hides GraphiQL and asks for a shared SECRET_KEY.',
  },
  PORT: {
    ...wholeNumber(0, 65_535),
    default: '4000',
    description: 'The port to listen on; 0 takes any free one.',
  },
  HOST: {
    schema: z.string().regex(/^[\w.:-]+$/),
    expects: 'a host name or an IP address, without a port',
    default: '127.0.0.1',
    description: 'The address to listen on; 0.0.0.0 answers other machines too.',
  },
  DATA_DIR: {
    schema: z.string().refine((value) => !value.includes('\0')),
    expects: 'a directory',
    default: '.data',
    description: 'Where the embedded database, its passwords, the secret key and demo.json are kept.',
  },
  DATABASE_URL: {
    ...postgresUrl,
    defaultInWords: 'the embedded PostgreSQL in DATA_DIR',
    description: 'A PostgreSQL 18 of your own, as the runtime role (no superuser, owns nothing, no BYPASSRLS).',
  },
  MIGRATION_DATABASE_URL: {
    ...postgresUrl,
    defaultInWords: 'migrations are checked, not applied',
    description: 'The same database as its owner role (CREATEROLE), direct and not through a pooler: applies migrations.',
  },
  LISTEN_DATABASE_URL: {
    ...postgresUrl,
    defaultInWords: 'DATABASE_URL',
    description: 'A direct connection for LISTEN, when DATABASE_URL goes through a pooler.',
  },
  DATABASE_POOL_SIZE: {
    ...wholeNumber(1, 100),
    default: '16',
    description: 'Most connections that one process opens.',
  },
  DATABASE_STATEMENTS: {
    ...choice('named', 'pooled', 'unnamed'),
    default: 'named',
    description: 'Prepared statements: named on direct connections; pooled through pgBouncer from 1.21 on in transaction mode, with its max_prepared_statements above 0; unnamed through an older one.',
  },
  DATABASE_STATEMENT_TIMEOUT_MS: {
    ...wholeNumber(1, 3_600_000),
    default: '10000',
    description: 'A statement that takes longer is cancelled.',
  },
  DATABASE_CONNECT_TIMEOUT_MS: {
    ...wholeNumber(1, 600_000),
    default: '5000',
    description: 'How long a request waits for a database connection.',
  },
  SECRET_KEY: {
    schema: z.string().min(32),
    expects: 'at least 32 characters, for example from: openssl rand -base64 48',
    defaultInWords: 'made at the first start and kept in DATA_DIR/secret.key',
    description: 'Signs fingerprints of keys and sessions; all processes share it. Required in production with DATABASE_URL.',
    secret: true,
  },
  AUDIT_SIGNING_KEY: {
    schema: z.string().regex(keyText),
    expects: '32 bytes in base64, for example from: openssl rand -base64 32',
    defaultInWords: 'derived from SECRET_KEY',
    description: 'Makes the Ed25519 key that signs the checkpoints of the log; all processes share it.',
    secret: true,
  },
  AUDIT_FORMER_KEYS: {
    schema: listOf((key) => keyText.test(key)),
    expects: 'a comma-separated list of public keys, each 32 bytes in base64, as audit:verify --keys prints them',
    default: '',
    description: 'Comma-separated public keys that signed checkpoints before, so that those can still be verified.',
  },
  LOG_LEVEL: {
    ...choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    description: 'Least severe log line that is written.',
  },
  GRAPHIQL: {
    ...choice('on', 'off'),
    defaultInWords: 'on, but off in production',
    description: 'The query page in the browser.',
  },
  DEMO_DATA: {
    ...choice('on', 'off'),
    defaultInWords: 'on with the embedded database outside production, else off',
    description: 'Loads the demo organizations when the database is empty.',
  },
  CORS_ORIGINS: {
    ...origins,
    default: '',
    description: 'Comma-separated browser origins that may call with cookies; in development localhost may call without.',
  },
  INTROSPECTION: {
    ...choice('on', 'signed-in', 'off'),
    defaultInWords: 'on, but signed-in in production',
    description: 'Who may read the schema and be told what they might have meant; signed-in leaves out anonymous callers.',
  },
  TRUSTED_DOCUMENTS: {
    ...files,
    default: '',
    description: 'Comma-separated manifests of documents that may be asked for by id, like src/sdk/generated/persisted-documents.json.',
  },
  DOCUMENTS: {
    ...choice('any', 'trusted'),
    default: 'any',
    description: 'Which documents run; trusted refuses all that are not in TRUSTED_DOCUMENTS and sent by id.',
  },
  TRUSTED_PROXIES: {
    ...networks,
    default: '',
    description: 'Comma-separated addresses and networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.',
  },
  BODY_LIMIT_BYTES: {
    ...wholeNumber(1_000, 100_000_000),
    default: '100000',
    description: 'A longer request body is refused.',
  },
  TOKEN_LIMIT: {
    ...wholeNumber(100, 20_000),
    default: '2000',
    description: 'A document with more tokens is refused.',
  },
  DEPTH_LIMIT: {
    ...wholeNumber(1, 50),
    default: '10',
    description: 'An operation with more levels of fields is refused.',
  },
  INTROSPECTION_DEPTH_LIMIT: {
    ...wholeNumber(1, 50),
    default: '15',
    description: 'The same for what is read of the schema itself; the query that tools read it with has 15.',
  },
  ALIAS_LIMIT: {
    ...wholeNumber(0, 1_000),
    default: '15',
    description: 'An operation with more aliases is refused.',
  },
  ROOT_FIELD_LIMIT: {
    ...wholeNumber(1, 100),
    default: '20',
    description: 'An operation with more root fields is refused.',
  },
  DIRECTIVE_LIMIT: {
    ...wholeNumber(0, 1_000),
    default: '50',
    description: 'An operation with more directives is refused.',
  },
  PAGE_SIZE_LIMIT: {
    ...wholeNumber(1, 1_000),
    default: '100',
    description: 'Most rows on a page.',
  },
  COST_LIMIT: {
    ...wholeNumber(1, 1_000_000),
    default: '5000',
    description: 'An operation that may cost more is refused: 1 for each object, the page size for a list.',
  },
  VALUE_LIMIT: {
    ...wholeNumber(1, 10_000_000),
    default: '50000',
    description: 'An operation that may answer more scalars is refused; a value of JSON counts as 100.',
  },
  RATE_LIMITS: {
    ...choice('on', 'off'),
    default: 'on',
    description: 'Whether callers are limited in what they ask for over time; off is for tests and measurements.',
  },
  REDIS_URL: {
    ...redisUrl,
    defaultInWords: 'each process counts for itself',
    description: 'A Redis in which all processes count what callers ask for together.',
  },
  REDIS_PREFIX: {
    schema: z.string().regex(/^[\w:.-]{0,50}$/),
    expects: 'at most 50 letters, digits, or any of _ : . -',
    default: 'tenantry:',
    description: 'What the keys in Redis begin with.',
  },
  USER_RATE_LIMIT_PER_HOUR: {
    ...wholeNumber(1, 1_000_000),
    default: '10000',
    description: 'Root fields that a person may ask for within an hour; an API key has a limit of its own.',
  },
  ANONYMOUS_RATE_LIMIT_PER_HOUR: {
    ...wholeNumber(1, 1_000_000),
    default: '3600',
    description: 'The same for everybody at one network address who is not signed in.',
  },
  RATE_BURST: {
    ...wholeNumber(1, 10_000),
    default: '20',
    description: 'Root fields that one caller may ask for at once.',
  },
  RATE_PER_SECOND: {
    ...wholeNumber(1, 100_000),
    default: '100',
    description: 'Root fields that one caller may ask for each second in the long run.',
  },
  COST_BUCKET: {
    ...wholeNumber(1, 10_000_000),
    default: '20000',
    description: 'Cost that one caller may save up.',
  },
  COST_RESTORE_RATE: {
    ...wholeNumber(1, 1_000_000),
    default: '1000',
    description: 'Cost that comes back to a caller each second.',
  },
  SIGN_IN_ATTEMPTS_PER_MINUTE: {
    ...wholeNumber(1, 1_000),
    default: '5',
    description: 'Attempts a minute to sign in with one email address, or of one person to prove a password or code, good ones included.',
  },
  SIGN_IN_ATTEMPTS_PER_NETWORK: {
    ...wholeNumber(1, 100_000),
    default: '5',
    description: 'Attempts a minute from one network address (IPv6: a /64; a /48 has ten times as many), each kind for itself, good ones included.',
  },
  FAILURES_PER_MINUTE: {
    ...wholeNumber(1, 1_000_000),
    default: '60',
    description: 'Requests of one caller that may fail before they are executed; the network address counts for who is not known.',
  },
  SUBSCRIPTION_LIMIT: {
    ...wholeNumber(1, 100_000),
    default: '100',
    description: 'Subscriptions that one API key, or one person with all sessions, may have open at a process, and as many WebSockets.',
  },
  CONNECTION_SUBSCRIPTION_LIMIT: {
    ...wholeNumber(1, 10_000),
    default: '50',
    description: 'Subscriptions that one WebSocket may have open.',
  },
  ORGANIZATION_SUBSCRIPTION_LIMIT: {
    ...wholeNumber(1, 1_000_000),
    default: '2000',
    description: 'Subscriptions that all callers of one organization together may have open at a process, and as many WebSockets.',
  },
  PROCESS_SUBSCRIPTION_LIMIT: {
    ...wholeNumber(1, 1_000_000),
    default: '10000',
    description: 'Subscriptions that a process may have open, and as many WebSockets.',
  },
  REQUEST_TIMEOUT_MS: {
    ...wholeNumber(1, 600_000),
    default: '15000',
    description: 'A request that takes longer is ended.',
  },
  SHUTDOWN_GRACE_MS: {
    ...wholeNumber(0, 600_000),
    default: '10000',
    description: 'How long a stopping server waits for the requests under way.',
  },
  SESSION_ACCESS_MINUTES: {
    ...wholeNumber(1, 1_440),
    default: '15',
    description: 'Life of a session token.',
  },
  SESSION_REFRESH_DAYS: {
    ...wholeNumber(1, 365),
    default: '7',
    description: 'Life of a refresh token.',
  },
  PUBLIC_URL: {
    ...webUrl,
    defaultInWords: 'http://localhost with PORT',
    description: 'Where the pages of your application are that links in mails lead to.',
  },
  SMTP_URL: {
    ...smtpUrl,
    defaultInWords: 'mails are files in DATA_DIR/outbox',
    description: 'The server that mails are handed to. smtp:// has to offer STARTTLS, unless it is on this machine or the address ends in ?requireTLS=false.',
  },
  MAIL_FROM: {
    ...mailbox,
    default: 'Tenantry <no-reply@localhost>',
    description: 'Who mails come from.',
  },
  SECOND_FACTOR_KEYS: {
    schema: listOf((key) => keyText.test(key)),
    expects: 'a comma-separated list of keys, each 32 bytes in base64, for example from: openssl rand -base64 32',
    defaultInWords: 'derived from SECRET_KEY',
    description: 'Comma-separated keys that the secrets of second factors are encrypted with; the first encrypts, all decrypt.',
    secret: true,
  },
  STEP_UP_MINUTES: {
    ...wholeNumber(1, 1_440),
    default: '10',
    description: 'How long it is enough to have proved who one is, for what asks for it anew.',
  },
  HASHES_AT_ONCE: {
    ...wholeNumber(2, 64),
    default: '3',
    description: 'Passwords and keys that one process verifies at once; each takes 19 MiB and a thread of its own: the process has one more, or UV_THREADPOOL_SIZE if that is more.',
  },
  HASHES_WAITING: {
    ...wholeNumber(0, 1_000),
    default: '5',
    description: 'How many more of one network address may wait to be verified, and new keys of one organization to be made; whoever comes then is told to come again.',
  },
  COOKIE_SECURE: {
    ...choice('auto', 'on', 'off'),
    default: 'auto',
    description: 'Secure attribute of the session cookie; auto sets it on requests that came by HTTPS.',
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;
