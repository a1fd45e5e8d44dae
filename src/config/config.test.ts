import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, describeVariables, type Environment, exampleEnvironment, readConfig } from './index.ts';
import { readOrCreateSecretKey } from './secret-key.ts';

const url = 'postgresql://app:p4ssw0rd@db.example:5432/tenantry';
const secret = 'k'.repeat(32);

const refusal = (environment: Environment): string => {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error(`accepted ${JSON.stringify(environment)}`);
};

describe('defaults', () => {
  test('an empty environment runs: embedded database, demo data, GraphiQL, this machine alone', () => {
    const config = readConfig({});
    expect(config.database.url).toBeUndefined();
    expect(config).toMatchObject({
      environment: 'development',
      dataDir: path.resolve('.data'),
      demoData: true,
      http: { port: 4000, host: '127.0.0.1', graphiql: true, corsOrigins: [], bodyLimitBytes: 100_000 },
      database: { poolSize: 16, namedStatements: true, throughPooler: false, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000 },
    });
  });

  test('an empty value counts as absent', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', DEMO_DATA: '' })).toEqual(readConfig({}));
  });

  test('production hides GraphiQL and brings no demo data, unless asked', () => {
    const production = { NODE_ENV: 'production' };
    expect(readConfig(production)).toMatchObject({ demoData: false, http: { graphiql: false } });
    const asked = readConfig({ ...production, GRAPHIQL: 'on', DEMO_DATA: 'on' });
    expect(asked).toMatchObject({ demoData: true, http: { graphiql: true } });
  });

  test('a database of your own gets demo data only when asked, and listens where it queries', () => {
    const config = readConfig({ DATABASE_URL: url });
    expect(config).toMatchObject({ demoData: false, database: { url, listenUrl: url, migrationUrl: undefined } });
    expect(readConfig({ DATABASE_URL: url, DEMO_DATA: 'on' }).demoData).toBe(true);
  });
});

describe('wrong values end with one line', () => {
  test.each([
    ['PORT', '65536', 'PORT is "65536": it must be a whole number from 0 to 65535.'],
    ['PORT', 'http', 'PORT is "http": it must be a whole number from 0 to 65535.'],
    ['PORT', '-1', 'PORT is "-1": it must be a whole number from 0 to 65535.'],
    ['PORT', '4e3', 'PORT is "4e3": it must be a whole number from 0 to 65535.'],
    ['HOST', 'http://x', 'HOST is "http://x": it must be a host name or an IP address, without a port.'],
    ['NODE_ENV', 'prod', 'NODE_ENV is "prod": it must be one of development, production, test.'],
    ['GRAPHIQL', 'yes', 'GRAPHIQL is "yes": it must be on or off.'],
    ['DATABASE_POOL_SIZE', '0', 'DATABASE_POOL_SIZE is "0": it must be a whole number from 1 to 100.'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud": it must be one of fatal, error, warn, info, debug, trace, silent.'],
  ])('%s=%s', (name, value, message) => {
    expect(refusal({ [name]: value })).toBe(message);
  });

  test.each(['https://a.example/', 'a.example', 'https://a.example, *'])('CORS_ORIGINS=%s', (value) => {
    expect(refusal({ CORS_ORIGINS: value })).toMatch(/^CORS_ORIGINS is ".*": it must be a comma-separated list of origins/);
  });

  test('a value with line breaks or of great length still makes one short line', () => {
    expect(refusal({ LOG_LEVEL: `a\n${'b'.repeat(5_000)}` }).length).toBeLessThan(300);
  });

  test.each(['postgresql://app:p4ssw0rd@/x', 'p4ssw0rd', 'mysql://app:p4ssw0rd@h/d', 'postgresql://app:p4ssw0rd@h:5432'])(
    'a wrong database address (%s) is not shown, because it holds the password',
    (value) => {
      for (const name of ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'LISTEN_DATABASE_URL']) {
        const message = refusal({ DATABASE_URL: url, [name]: value });
        expect(message).toBe(
          `${name} has a wrong value: it must be an address like postgresql://user:password@host:5432/database.`,
        );
      }
    },
  );

  test('a short SECRET_KEY is refused and not shown', () => {
    const message = refusal({ SECRET_KEY: 'short-secret' });
    expect(message).toContain('SECRET_KEY has a wrong value: it must be at least 32 characters');
    expect(message).not.toContain('short-secret');
  });

  test('production with a database of its own asks for a SECRET_KEY, because several processes share it', () => {
    const environment = { NODE_ENV: 'production', DATABASE_URL: url };
    expect(refusal(environment)).toMatch(/^SECRET_KEY is missing: /);
    expect(readConfig({ ...environment, SECRET_KEY: secret }).secretKey).toBe(secret);
    expect(readConfig({ NODE_ENV: 'production' }).secretKey).toBeUndefined();
  });

  test.each(['MIGRATION_DATABASE_URL', 'LISTEN_DATABASE_URL'])('%s without DATABASE_URL is a mistake', (name) => {
    expect(refusal({ [name]: url })).toBe(
      `${name} is set but DATABASE_URL is not: set both, or neither for the embedded database.`,
    );
  });
});

describe('limits', () => {
  test.each([
    ['ROOT_FIELD_LIMIT', '21', 'RATE_BURST', 20],
    ['COST_LIMIT', '20001', 'COST_BUCKET', 20_000],
  ])('%s beyond what is ever there is a mistake', (name, value, bucket, holds) => {
    expect(refusal({ [name]: value })).toBe(
      `${name} is ${value} but ${bucket} only ${holds}, so that the largest operation could never run: raise ${bucket}, or lower ${name}.`,
    );
    expect(readConfig({ [name]: String(holds) })).toBeTruthy();
  });

  test.each(['USER_RATE_LIMIT_PER_HOUR', 'ANONYMOUS_RATE_LIMIT_PER_HOUR'])('%s below what one operation may ask for is a mistake', (name) => {
    expect(refusal({ [name]: '19' })).toBe(
      `ROOT_FIELD_LIMIT is 20 but ${name} only 19, so that the largest operation could never run: raise ${name}, or lower ROOT_FIELD_LIMIT.`,
    );
    expect(readConfig({ [name]: '20' })).toBeTruthy();
  });

  test('over time are on, also in production, unless they are switched off by name', () => {
    expect(readConfig({ NODE_ENV: 'production' }).rateLimits.enabled).toBe(true);
    expect(readConfig({ NODE_ENV: 'production', RATE_LIMITS: 'off' }).rateLimits.enabled).toBe(false);
  });

  test('in a Redis whose address is wrong are refused without showing it', () => {
    const line = refusal({ REDIS_URL: 'http://user:secret@host' });
    expect(line).toBe('REDIS_URL has a wrong value: it must be an address like redis://user:password@host:6379/0.');
  });
});

describe('what people read', () => {
  test('.env.example is written from the list of variables', async () => {
    expect(await readFile(new URL('../../.env.example', import.meta.url), 'utf8')).toBe(exampleEnvironment());
  });

  test('every variable has a description of one sentence or two, and every default in the list is a right value', () => {
    const listed = describeVariables();
    expect(new Set(listed.map(({ name }) => name)).size).toBe(listed.length);
    for (const { description } of listed) expect(description).toMatch(/^[A-Z].*\.$/);
    const example = exampleEnvironment().matchAll(/^#([A-Z_]+)=(.*)$/gm);
    expect(readConfig(Object.fromEntries([...example].map(([, name, value]) => [name, value])))).toEqual(readConfig({}));
  });
});

describe('the kept secret key', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'secret-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  test('is made once, for its owner alone, and differs from the next installation’s', async () => {
    const first = readOrCreateSecretKey({ secretKey: undefined, dataDir });
    expect(first.length).toBeGreaterThanOrEqual(32);
    expect(readOrCreateSecretKey({ secretKey: undefined, dataDir })).toBe(first);
    expect((await stat(path.join(dataDir, 'secret.key'))).mode & 0o777).toBe(0o600);
    expect(readOrCreateSecretKey({ secretKey: undefined, dataDir: path.join(dataDir, 'other') })).not.toBe(first);
  });

  test('yields to SECRET_KEY', () => {
    expect(readOrCreateSecretKey({ secretKey: secret, dataDir })).toBe(secret);
  });

  test('is refused, and not replaced, when its file was cut short', async () => {
    await writeFile(path.join(dataDir, 'secret.key'), 'short');
    expect(() => readOrCreateSecretKey({ secretKey: undefined, dataDir })).toThrow('holds fewer than 32 characters');
  });
});
